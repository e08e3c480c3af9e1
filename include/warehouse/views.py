"""The BI views of `include/sql/marts/`: read from files, created in order, commented.

One SQL for both backends, with two words of our own: `SECONDS(moment)`, the whole seconds since 1970 of a moment, and
`DAYS(day)`, a number of a day in ISO text, for differences.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from sqlalchemy import Connection, inspect

MARTS = Path(__file__).parents[1] / "sql" / "marts"
_COLUMN = re.compile(r"^-- @(?P<name>\w+) (?P<comment>.+)$", re.MULTILINE)
_COMMENT = re.compile(r"^-- (?!@)(?P<comment>.+)$", re.MULTILINE)
_NAME = re.compile(r"\bvw_\w+")
_SECONDS = re.compile(r"\bSECONDS\(([\w.]+)\)")
_DAYS = re.compile(r"\bDAYS\(([\w.]+)\)")
_IN_SECONDS = {
    "sqlite": r"CAST(strftime('%s', substr(\1, 1, 19)) AS INTEGER)",
    "postgresql": r"CAST(EXTRACT(EPOCH FROM date_trunc('second', \1)) AS BIGINT)",
}
_IN_DAYS = {
    "sqlite": r"CAST(julianday(\1) AS INTEGER)",
    "postgresql": r"(CAST(\1 AS DATE) - DATE '2000-01-01')",
}


@dataclass(frozen=True)
class View:
    """One view: its SELECT, its grain sentence, and comments of columns that no table explains."""

    name: str
    select: str
    comment: str
    columns: dict[str, str]


@cache
def views() -> tuple[View, ...]:
    """All views, each after those it reads."""
    found = {path.stem: _parse(path) for path in sorted(MARTS.glob("vw_*.sql"))}
    needs = {name: sorted(set(_NAME.findall(view.select)) - {name}) for name, view in found.items()}
    return tuple(found[name] for name in TopologicalSorter(needs).static_order())


def drop(connection: Connection) -> None:
    """Remove every `vw_*` view, also those of earlier versions."""
    existing = {name for name in inspect(connection).get_view_names() if name.startswith("vw_")}
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    for name in sorted(existing):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}{cascade}")


def create(connection: Connection, comment_of: Callable[[str, str], str]) -> None:
    """Create every view; on PostgreSQL with comments on views and, by `comment_of(view, column)`, on columns."""
    seconds, days = _IN_SECONDS[connection.dialect.name], _IN_DAYS[connection.dialect.name]
    for view in views():
        select = _DAYS.sub(days, _SECONDS.sub(seconds, view.select))
        connection.exec_driver_sql(f"CREATE VIEW {view.name} AS\n{select}")
    if connection.dialect.name != "postgresql":
        return
    inspector = inspect(connection)
    for view in views():
        connection.exec_driver_sql(f"COMMENT ON VIEW {view.name} IS {_quoted(view.comment)}")
        for column in inspector.get_columns(view.name):
            comment = _quoted(comment_of(view.name, column["name"]))
            connection.exec_driver_sql(f'COMMENT ON COLUMN {view.name}."{column["name"]}" IS {comment}')


def _parse(path: Path) -> View:
    source = path.read_text(encoding="utf-8")
    comment = "".join(match["comment"].strip() for match in _COMMENT.finditer(source))
    columns = {match["name"]: match["comment"] for match in _COLUMN.finditer(source)}
    lines = [line for line in source.splitlines() if not line.startswith("--")]
    return View(path.stem, "\n".join(lines).strip().rstrip(";"), comment, columns)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
