"""Leads on the quality of a quarter's data: the shipped signals over the staged rows that its release rests on."""

from __future__ import annotations

import logging
from collections import defaultdict

import pandas as pd
from sqlalchemy import Connection

from include.clocks import working_days
from include.engine.duckdb_engine import open_engine
from include.measures.errors import MeasureError
from include.measures.signals import LEAD_COLUMNS, Signal, find_leads, rows_read, signals
from include.pipeline.inputs import QuarterInputs, calendar_span, effective_parts
from include.pipeline.registers import StandingRegister
from include.site import Site
from include.warehouse import ledger

log = logging.getLogger(__name__)


def quality_leads(
    connection: Connection, site: Site, inputs: QuarterInputs, register: StandingRegister, units: pd.DataFrame
) -> pd.DataFrame:
    """Run every signal whose feed arrived for the quarter.

    Args:
        connection: reads the ledger.
        site: the site.
        inputs: what the quarter rests on.
        register: the register in force.
        units: the scored units, index unit_code.

    Returns:
        One row per lead, columns of `include.measures.signals.LEAD_COLUMNS`.
    """
    quarter = inputs.quarter
    days = working_days(inputs.calendar, *calendar_span(quarter)).rename(columns={"date": "day"})
    every_unit = units.reset_index()
    alike: dict[tuple[str, int], list[Signal]] = defaultdict(list)
    for signal in signals():
        alike[signal.feed, signal.lookback_quarters].append(signal)
    found = []
    with open_engine() as engine:
        for (name, lookback), own in alike.items():
            feed = inputs.feeds.get(name)
            if feed is None or not feed.arrived:
                continue
            contract = feed.contract
            if lookback > contract.time.lookback_quarters:
                time = contract.time.model_copy(update={"lookback_quarters": lookback})
                contract = contract.model_copy(update={"time": time})
            verdicts = ledger.effective_verdicts(connection, inputs.jurisdiction, name)
            parts = [part for part, _ in effective_parts(site, contract, verdicts, quarter)]
            with rows_read(
                engine,
                own,
                contract=contract,
                parts=parts,
                quarter=quarter,
                units=every_unit,
                working_days=days,
                successors=register.successors(quarter.end),
            ) as rows:
                for signal in own:
                    try:
                        found.append(find_leads(rows, signal, quarter=quarter, units=every_unit))
                    except MeasureError as error:
                        # A county's own contract may lack a column that a shipped signal reads.
                        log.warning("%s", error)
    filled = [frame for frame in found if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(LEAD_COLUMNS))
