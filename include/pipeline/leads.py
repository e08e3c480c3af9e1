"""Leads on the quality of a quarter's data: the shipped signals over the staged rows that its release rests on."""

from __future__ import annotations

import logging

import pandas as pd
from sqlalchemy import Connection

from include.clocks import working_days
from include.engine.duckdb_engine import open_engine
from include.measures.errors import MeasureError
from include.measures.signals import LEAD_COLUMNS, find_leads, signals
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
    found = []
    with open_engine() as engine:
        for signal in signals():
            feed = inputs.feeds.get(signal.feed)
            if feed is None or not feed.arrived:
                continue
            contract = feed.contract
            if signal.lookback_quarters > contract.time.lookback_quarters:
                time = contract.time.model_copy(update={"lookback_quarters": signal.lookback_quarters})
                contract = contract.model_copy(update={"time": time})
            verdicts = ledger.effective_verdicts(connection, inputs.jurisdiction, signal.feed)
            parts = [part for part, _ in effective_parts(site, contract, verdicts, quarter)]
            try:
                leads = find_leads(
                    engine,
                    signal,
                    contract=contract,
                    parts=parts,
                    quarter=quarter,
                    units=units.reset_index(),
                    working_days=days,
                    successors=register.successors(quarter.end),
                )
            except MeasureError as error:
                # A county's own contract may lack a column that a shipped signal reads.
                log.warning("%s", error)
                continue
            found.append(leads)
    filled = [frame for frame in found if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(LEAD_COLUMNS))
