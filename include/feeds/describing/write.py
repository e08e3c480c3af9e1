"""A description as YAML for a contract and as figures for a program; rows are counted from 1, as in Excel."""

from __future__ import annotations

from typing import Any

import yaml

from include.feeds.describing.describe import Description
from include.feeds.persons import masked_title

_OF_STANDARD = {"name", "title", "type", "required", "privacy"}


def as_yaml(found: Description) -> str:
    """The `properties`, `files` and `layout` of a contract."""
    custom: list[dict[str, Any]] = [{"property": "files", "value": [found.kind]}]
    if found.layout:
        custom.append({"property": "layout", "value": _plain(found.layout)})
    document = {
        "schema": [{"properties": [_property(column) for column in found.declared()]}],
        "customProperties": custom,
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)


def _property(column: dict[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "name": column["name"], "businessName": column["title"], "logicalType": column["type"],
    }  # fmt: skip
    if column.get("required"):
        written["required"] = True
    if column.get("privacy"):
        written["classification"] = column["privacy"]
    custom = [
        {"property": key, "value": _plain(value)} for key, value in column.items() if key not in _OF_STANDARD
    ]
    return written | ({"customProperties": custom} if custom else {})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple | list) else value


def as_figures(found: Description) -> dict[str, Any]:
    """What was found; no cell but of the header, of totals' words and of the corner unit."""
    about: dict[str, Any] = {
        "kind": found.kind, "encoding": found.encoding, "sheets": list(found.sheets), "sheet": found.sheet,
        "table": None,
    }  # fmt: skip
    table = found.table
    if table is None:
        return about
    top, data = 1 + found.grid.part.top, table.data(found.grid)
    about["table"] = {
        "header_first_row": table.header[0] + top,
        "header_last_row": table.header[1] + top,
        "first_row": table.first + top,
        "first_data_row": data[0] + top if data else None,
        "last_data_row": data[-1] + top if data else None,
        "data_rows": len(data),
        **{
            key: [row + top for row in getattr(table, key)]
            for key in ("totals", "notes", "banners", "repeats", "titles")
        },
        "numbering_rows": table.numbering,
        "other_table_from_row": table.other + top if table.other else None,
        "tables_side_by_side": found.blocks,
        "corner_unit": {"unit": found.corner.units[0], "cell": found.corner.cell} if found.corner else None,
        "shared_headers": [masked_title(header) for header in found.shared],
    }
    about["columns"] = found.declared()
    about["layout"] = _plain(found.layout)
    about["reads_the_same"] = found.reads_the_same
    about["difference"] = found.difference
    return about
