"""Storing and reading why scores moved, and the rules of a framework. Append-only, written once."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sqlalchemy import Connection, Table, cast, exists, select

from include.warehouse import bulk
from include.warehouse.releases import Release
from include.warehouse.tables import (
    AS_FLOAT,
    Figure,
    dim_rating_rule,
    dim_rule,
    dim_rule_condition,
    fct_score_move,
    fct_score_move_item,
)

RULES = {table.name: table for table in (dim_rule, dim_rule_condition, dim_rating_rule)}
"""The rules of a framework: in words, as conditions, and when a figure is rated."""
_TABLES = {"factors": fct_score_move, "items": fct_score_move_item}


def has_moves(connection: Connection, release_id: int, from_release_id: int) -> bool:
    """Whether the split between two releases is stored."""
    found = exists().where(
        fct_score_move.c.release_id == release_id, fct_score_move.c.from_release_id == from_release_id
    )
    return bool(connection.scalar(select(found)))


def write_moves(
    connection: Connection, release: Release, earlier: Release, *, factors: pd.DataFrame, items: pd.DataFrame
) -> None:
    """Store a split inside the caller's transaction, unless it is stored.

    Args:
        release, earlier: the later and the earlier release.
        factors: unit_code, factor, points, published_points, state.
        items: unit_code, factor, kind, item, points.

    Raises:
        BadFacts: a frame does not fit its table.
    """
    if has_moves(connection, release.release_id, earlier.release_id):
        return
    constants = {
        "release_id": release.release_id,
        "from_release_id": earlier.release_id,
        "jurisdiction": release.jurisdiction,
    }
    for name, frame in (("factors", factors), ("items", items)):
        bulk.insert(connection, _TABLES[name], bulk.prepare(_TABLES[name], frame, constants))


def read_moves(
    connection: Connection, release_id: int, from_release_id: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Factors and items as `write_moves` takes them, in key order; empty where they are not stored."""
    return (
        _read(connection, fct_score_move, release_id, from_release_id),
        _read(connection, fct_score_move_item, release_id, from_release_id),
    )


def _read(connection: Connection, table: Table, release_id: int, from_release_id: int) -> pd.DataFrame:
    shown = [
        column
        for column in table.columns
        if column.name not in ("release_id", "from_release_id", "jurisdiction")
    ]
    query = select(
        *(cast(one, AS_FLOAT).label(one.name) if isinstance(one.type, Figure) else one for one in shown)
    ).where(table.c.release_id == release_id, table.c.from_release_id == from_release_id)
    rows = [tuple(row) for row in connection.execute(query)]
    frame = pd.DataFrame(rows, columns=[column.name for column in shown])
    keys = [column.name for column in table.primary_key if column.name in frame.columns]
    return frame.sort_values(keys, ignore_index=True)


def write_rules(connection: Connection, framework_key: int, rules: Mapping[str, pd.DataFrame]) -> None:
    """Store a framework's rules, by table name of `RULES`, unless they are stored; columns as the table's."""
    for name, frame in rules.items():
        table = RULES[name]
        known = exists().where(table.c.framework_key == framework_key)
        if not connection.scalar(select(known)):
            bulk.insert(connection, table, bulk.prepare(table, frame, {"framework_key": framework_key}))
