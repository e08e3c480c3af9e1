"""What tables, views and columns mean, Chinese and English: comments beside the SQL, and `descriptions.csv`.

The Chinese of a column is its own comment, unless the file has a longer one; the English and the unit are the file's,
by table or view and column, else by column (`*`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect

from include.warehouse.tables import data_dictionary, metadata
from include.warehouse.views import View, views

_FILE = Path(__file__).with_name("descriptions.csv")


@dataclass(frozen=True)
class Description:
    """What one table, view or column means."""

    zh: str
    en: str
    unit: str = ""

    @property
    def both(self) -> str:
        """Chinese, English and the unit in one line."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"{self.zh} {self.en}{unit}"


def of_column(name: str, column: str) -> Description:
    """What a column of a table or view means; KeyError where nothing says so."""
    row = _rows().get((name, column)) or _rows()["*", column]
    zh = row["zh"] or _comments(name).get(column) or _anywhere()[column]
    return Description(zh, row["en"], row["unit"])


def of_relation(comment: str) -> Description:
    """Split the comment of a table or view, one sentence or more in Chinese and then in English."""
    cut = max(comment.rfind("。"), 0) + 1
    return Description(comment[:cut].strip(), comment[cut:].strip())


def write(connection: Connection) -> None:
    """Fill `data_dictionary` anew, from the tables declared and the views that are there."""
    connection.execute(data_dictionary.delete())
    connection.execute(data_dictionary.insert(), list(_dictionary(connection)))


def _dictionary(connection: Connection) -> Iterator[dict[str, object]]:
    inspector = inspect(connection)
    relations = [
        (table.name, "table", table.comment or "", [column.name for column in table.columns])
        for table in metadata.sorted_tables
    ]
    relations += [
        (view.name, "view", view.comment, [str(one["name"]) for one in inspector.get_columns(view.name)])
        for view in views()
    ]
    for name, kind, comment, columns in relations:
        whole = of_relation(comment)
        yield _entry(name, kind, "", 0, whole)
        for position, column in enumerate(columns, start=1):
            yield _entry(name, kind, column, position, of_column(name, column))


def _entry(name: str, kind: str, column: str, position: int, said: Description) -> dict[str, object]:
    return {
        "name": name,
        "column_name": column,
        "position": position,
        "kind": kind,
        "zh": said.zh,
        "en": said.en,
        "unit": said.unit,
    }


@cache
def _rows() -> dict[tuple[str, str], dict[str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {(row["name"], row["column"]): row for row in csv.DictReader(file)}


def own() -> set[tuple[str, str]]:
    """What the file describes: table or view (`*`: any) and column."""
    return set(_rows())


def digest_text() -> str:
    """All that the dictionary is made of, for telling whether it is current."""
    comments = [f"{table.name} {table.comment} {_comments(table.name)}" for table in metadata.sorted_tables]
    own = [f"{view.name} {view.columns}" for view in views()]
    return "\n".join([_FILE.read_text(encoding="utf-8"), *comments, *own])


@cache
def _comments(name: str) -> dict[str, str]:
    view: View | None = next((one for one in views() if one.name == name), None)
    if view is not None:
        return view.columns
    return {column.name: column.comment or "" for column in metadata.tables[name].columns}


@cache
def _anywhere() -> dict[str, str]:
    """The comment of the first table that has a column of the name."""
    found: dict[str, str] = {}
    for table in metadata.sorted_tables:
        for column in table.columns:
            found.setdefault(column.name, column.comment or "")
    return found
