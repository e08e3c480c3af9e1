"""What is written beside a release, once: its certainty, its funnels, leads on its data. No part of its digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, cast, select

from include.warehouse import bulk
from include.warehouse.store import lock
from include.warehouse.tables import ANALYSES, AS_FLOAT, Figure, certainty_run


def is_analysed(connection: Connection, release_id: int) -> bool:
    """Tell whether the analyses of a release have been written."""
    query = select(certainty_run.c.release_id).where(certainty_run.c.release_id == release_id)
    return connection.scalar(query) is not None


def add_analyses(
    connection: Connection,
    release_id: int,
    jurisdiction: str,
    frames: Mapping[str, pd.DataFrame],
    *,
    made_at: datetime,
    **run: Any,
) -> bool:
    """Write the analyses of a release unless they are there; return whether they were written.

    Args:
        connection: a transaction that writes.
        release_id: the release.
        jurisdiction: its jurisdiction.
        frames: by table name of `ANALYSES`, columns named as the table's.
        made_at: the moment, with a zone.
        run: state, draws, seed, rank_shift, index_shift, result_digest.

    Raises:
        BadFacts: a frame does not fit its table.
    """
    lock(connection, f"analyses {release_id}")
    if is_analysed(connection, release_id):
        return False
    constants = {"release_id": release_id, "jurisdiction": jurisdiction}
    leads = len(frames.get("quality_lead", ()))
    connection.execute(certainty_run.insert().values(**constants, **run, leads=leads, made_at=made_at))
    for name, frame in frames.items():
        table = ANALYSES[name]
        bulk.insert(connection, table, bulk.prepare(table, frame, constants))
    return True


def read_analyses(connection: Connection, release_id: int, name: str) -> pd.DataFrame:
    """One table of a release's analyses (or certainty_run), in key order; figures as float64, NaN for no value."""
    table = certainty_run if name == certainty_run.name else ANALYSES[name]
    shown = [column for column in table.columns if column.name not in ("release_id", "jurisdiction")]
    figures = [column.name for column in shown if isinstance(column.type, Figure)]
    columns = [
        cast(column, AS_FLOAT).label(column.name) if column.name in figures else column for column in shown
    ]
    rows = connection.execute(select(*columns).where(table.c.release_id == release_id)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=[column.name for column in shown])
    frame = frame.astype(dict.fromkeys(figures, "float64"))
    keys = [column.name for column in table.primary_key if column.name != "release_id"]
    return frame.sort_values(keys, ignore_index=True) if keys else frame
