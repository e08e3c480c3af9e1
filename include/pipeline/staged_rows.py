"""The accepted rows of one feed as its measures see them, for what is not a measure: tasks, problems found."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection

from include.engine.duckdb_engine import open_engine
from include.measures.views import create_feed_views, create_shared_views
from include.pipeline.catalogue import contract_of
from include.pipeline.inputs import effective_parts
from include.pipeline.registers import StandingRegister
from include.quarters import Quarter
from include.site import Site
from include.warehouse import ledger
from include.warehouse.releases import ReleaseInput

_NO_DAYS = pd.DataFrame({"day": pd.Series(dtype="datetime64[s]"), "is_working": pd.Series(dtype=bool)})


@dataclass(frozen=True)
class StagedRows:
    """Rows of a feed, and the deliveries that they came in."""

    rows: pd.DataFrame
    """The contract's staged columns and the row address; `_unit` is the unit that stands at the quarter's end."""
    inputs: tuple[ReleaseInput, ...]


def staged_rows(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    feed: str,
    quarter: Quarter,
    register: StandingRegister,
    *,
    lookback_quarters: int = 0,
) -> StagedRows:
    """Read the rows of a feed that count for `quarter` and for as many quarters before it.

    Raises:
        include.config.ConfigError: the site has no contract of the feed, or a wrong one.
    """
    contract = contract_of(site, feed)
    time = contract.time.model_copy(update={"lookback_quarters": lookback_quarters})
    contract = contract.model_copy(update={"time": time})
    verdicts = ledger.effective_verdicts(connection, jurisdiction, feed)
    parts = effective_parts(site, contract, verdicts, quarter)
    with open_engine() as engine, closing(engine.cursor()) as cursor:
        create_shared_views(
            cursor,
            units=register.register.on(quarter.end).reset_index()[["unit_code"]],
            working_days=_NO_DAYS,
            successors=register.successors(quarter.end),
        )
        create_feed_views(cursor, contract=contract, parts=[part for part, _ in parts], quarter=quarter)
        rows = cursor.sql(f'SELECT * FROM "{feed}_history"').df()  # ruff: ignore[hardcoded-sql-expression]  a feed's code
    inputs = tuple(
        ReleaseInput("delivery", f"{feed}/{part.supplier}/{part.quarter}", part.sha256, verdict_id)
        for part, verdict_id in parts
    )
    return StagedRows(rows, inputs)
