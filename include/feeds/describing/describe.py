"""Describe a file that no contract knows: where its table lies, and the layout and columns to declare.

The file goes through the limited child like any other. Nothing here decides what is read later: a steward
takes the proposal into a contract, or does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from include.feeds.child import Parsed, Sheet, parse_in_child
from include.feeds.contract import Contract
from include.feeds.corner import Corner, find_corner
from include.feeds.describing.columns import Guess, guess_columns
from include.feeds.describing.find import Table, find_table, groups
from include.feeds.describing.grid import Grid
from include.feeds.describing.propose import BANNER, propose_layout
from include.feeds.faults import Held
from include.feeds.layout import header_labels
from include.feeds.normalise import plain
from include.feeds.parts import Part, whole
from include.feeds.read import TextTable, lay_out
from include.feeds.sniff import Limits

KINDS = ("xlsx", "xls", "ods", "csv", "tsv")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", "\t", ";", "|")
_HEAD_BYTES = 65_536


@dataclass(frozen=True)
class Description:
    """What was found in a file; `table` is None where no sheet holds a header above rows of data."""

    kind: str
    encoding: str
    delimiter: str
    sheets: tuple[str, ...]
    """Visible sheets that were looked at."""
    sheet: str
    grid: Grid
    """The part that holds the table."""
    table: Table | None
    blocks: int
    """Tables with the same columns side by side."""
    corner: Corner | None
    columns: tuple[Guess, ...]
    shared: tuple[str, ...]
    """Headers that several columns have: they cannot be told apart by name and are not proposed."""
    layout: dict[str, Any]
    read: TextTable | None
    """The file as the proposal reads it."""
    difference: str
    """In what the proposal reads other rows than were found; '' where it reads the same."""

    @property
    def reads_the_same(self) -> bool:
        """Whether the proposal reads exactly the rows that were found."""
        return self.table is not None and not self.difference

    def declared(self) -> list[dict[str, Any]]:
        """Columns for the contract model."""
        return _declared(self.columns, self.layout)


def look(
    data: bytes, *, file_name: str, sheet: str | None = None, limits: Limits | None = None
) -> Description:
    """Read the visible sheets, or the one named, and describe the first table found.

    Raises:
        Held: the file cannot be read truthfully.
        ChildProcessError: the reading server failed; try again.
    """
    delimiter = guess_delimiter(data)
    parsed = parse_in_child(
        data,
        file_name=file_name,
        kinds=KINDS,
        sheets=(sheet,) if sheet else ("*",),
        delimiter=delimiter,
        encodings=("utf-16",) if data.startswith(_UTF16) else ("utf-8-sig", "gb18030", "cp1252"),
        limits=limits,
    )
    looked = [(one, _tables(one)) for one in parsed.sheets if one.cells.num_rows]
    chosen, tables = max(looked, key=lambda item: bool(item[1]))
    if not tables:
        part = whole(chosen, transposed=False)
        return _nothing(parsed, delimiter, chosen, Grid.of(part))
    return _described(parsed, delimiter, chosen, tables)


def _nothing(parsed: Parsed, delimiter: str, sheet: Sheet, grid: Grid) -> Description:
    names = tuple(one.name for one in parsed.sheets)
    return Description(
        parsed.kind, parsed.encoding, delimiter, names, sheet.name, grid, None, 0, None, (), (), {}, None, ""
    )


def _tables(sheet: Sheet) -> list[tuple[Grid, Table]]:
    """The tables side by side on a sheet."""
    found = []
    for part in groups(whole(sheet, transposed=False)):
        grid = Grid.of(part)
        table = find_table(grid)
        if table is not None and table.data(grid):
            found.append((grid, table))
    extents = {(table.header, tuple(table.data(grid))) for grid, table in found}
    if len(found) > 1 and len(extents) == 1 and not _alike(found):
        # Header and rows side by side at one height with other columns: one table with an empty column.
        return _found(whole(sheet, transposed=False))
    return found


def _alike(tables: Sequence[tuple[Grid, Table]]) -> bool:
    """Whether tables side by side have the same headers."""
    return len({_headers(grid, table) for grid, table in tables}) == 1


def _headers(grid: Grid, table: Table) -> tuple[str, ...]:
    return tuple(plain(label) for label in header_labels(grid.part, *_span(table)) if label)


def _described(
    parsed: Parsed, delimiter: str, sheet: Sheet, tables: Sequence[tuple[Grid, Table]]
) -> Description:
    grid, table = tables[0]
    labels = header_labels(grid.part, *_span(table))
    width = _repeated(labels)
    if width:
        left, right = grid.part.cut(places=(0, width)), grid.part.cut(places=(width, grid.width))
        tables = [(one, found) for part in (left, right) for one, found in _found(part)]
        grid, table = tables[0]
        labels = header_labels(grid.part, *_span(table))
    blocks = [(one, found) for one, found in tables if _headers(one, found) == _headers(grid, table)]
    data = table.data(grid)
    corner = find_corner(grid.part, table.header[0])
    corner = corner if corner and len(corner.units) == 1 else None
    columns, shared = guess_columns(grid, labels, data, corner)
    layout = propose_layout(grid, table, columns, data, corner)
    if len(blocks) > 1:
        layout["beside"] = "same"
    elif len(tables) > 1 or grid.width < sum(name.startswith("c") for name in sheet.cells.column_names):
        layout["beside"] = "other"
    names = tuple(one.name for one in parsed.sheets)
    if sheet.name != names[0]:
        layout = {"sheets": [sheet.name]} | layout
    if parsed.encoding:
        layout |= {} if delimiter == "," else {"delimiter": delimiter}
        layout |= (
            {} if parsed.encoding in ("utf-8-sig", "utf-8", "gb18030") else {"encodings": [parsed.encoding]}
        )
    expected = {(one.part.left, row) for one, found in blocks for row in found.data(one)}
    read, difference = _read_back(replace(parsed, sheets=(sheet,)), columns, layout, expected)
    return Description(
        parsed.kind, parsed.encoding, delimiter, names, sheet.name, grid, table, len(blocks), corner,
        tuple(columns), tuple(shared), layout, read, difference,
    )  # fmt: skip


def _found(part: Part) -> list[tuple[Grid, Table]]:
    grid = Grid.of(part)
    table = find_table(grid)
    return [(grid, table)] if table is not None else []


def _span(table: Table) -> tuple[int, int]:
    return table.header[0], table.header[1] - table.header[0] + 1


def _repeated(labels: Sequence[str]) -> int:
    """Width of a block whose headers come again to the right of it, 0 where none does."""
    named = [plain(label) for label in labels]
    for width in range(2, len(named) // 2 + 1):
        parts = [named[at : at + width] for at in range(0, len(named), width)]
        if sum(map(bool, parts[0])) >= 2 and all(_same(part, parts[0]) for part in parts[1:]):
            return width
    return 0


def _same(part: Sequence[str], first: Sequence[str]) -> bool:
    return list(part) == list(first[: len(part)]) and any(part) and not any(first[len(part) :])


def _declared(columns: Sequence[Guess], layout: dict[str, Any]) -> list[dict[str, Any]]:
    found = [column.declared() for column in columns]
    if layout.get("banner"):
        found.append({"name": BANNER, "title": "类别", "type": "string", "may_be_absent": True})
    return found


def contract_of(columns: Sequence[dict[str, Any]], layout: dict[str, Any], kind: str) -> Contract:
    """The smallest contract that holds a proposal."""
    unit = next((column["name"] for column in columns if column.get("required")), columns[0]["name"])
    return Contract.model_validate(
        {
            "feed": "described", "version": "0.0.0", "title": {"zh": "待定"}, "purpose": "", "grain": "",
            "suppliers": ["nobody"], "deadline_days": 0, "files": [kind],
            "time": {"kind": "register", "delivery": "replace"}, "layout": layout,
            "unit": {"column": unit}, "columns": list(columns), "digest": "",
        }
    )  # fmt: skip


def _read_back(
    parsed: Parsed, columns: Sequence[Guess], layout: dict[str, Any], expected: set[tuple[int, int]]
) -> tuple[TextTable | None, str]:
    """Read the file by the proposal; say where the rows differ from those found."""
    if not columns:
        return None, "没有可用的表头。 No header can be used."
    declared = _declared(columns, layout)
    if not any(column.get("required") for column in declared):
        declared[0]["required"] = True
    try:
        read = lay_out(parsed, contract_of(declared, layout, parsed.kind))
    except Held as held:
        return None, f"{held.fault.code} {held.fault.zh} {held.fault.en}"
    rows = sorted(row - 1 for row in read.table["_row"].to_pylist())
    wanted = sorted(row for _, row in expected)
    if parsed.encoding:
        lines = parsed.sheets[0].cells["_row"].to_pylist()
        wanted = sorted(lines[row] - 1 for row in wanted)
    if rows == wanted:
        return read, ""
    more, fewer = sorted(set(rows) - set(wanted))[:5], sorted(set(wanted) - set(rows))[:5]
    shown = [", ".join(str(row + 1) for row in found) or "—" for found in (more, fewer)]
    return read, (
        f"按建议多读第 [{shown[0]}] 行,少读第 [{shown[1]}] 行。 "
        f"The proposal reads the rows [{shown[0]}] more and [{shown[1]}] fewer."
    )


def guess_delimiter(data: bytes) -> str:
    """The delimiter that parts most of the first lines into the same number of fields, two at least."""
    lines = data[:_HEAD_BYTES].splitlines()
    lines = [line for line in lines[:-1] or lines if line.strip()][:100]

    def fit(delimiter: str) -> tuple[int, int]:
        counts = [_outside_quotes(line).count(delimiter.encode()) for line in lines]
        usual = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
        return (counts.count(usual) if usual else 0, usual)

    best = max(_DELIMITERS, key=fit)
    return best if fit(best)[0] * 2 > len(lines) else ","


def _outside_quotes(line: bytes) -> bytes:
    return b"".join(line.split(b'"')[::2])
