"""Leads on the quality of a quarter's data: the shipped signals over the staged rows that its release rests on."""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from include.clocks import working_days
from include.engine.duckdb_engine import open_engine
from include.measures.errors import MeasureError
from include.measures.signals import LEAD_COLUMNS, Looked, Signal, find_leads, rows_read, signals
from include.pipeline.inputs import QuarterInputs, calendar_span, effective_parts
from include.pipeline.registers import StandingRegister
from include.site import Site
from include.warehouse import ledger

log = logging.getLogger(__name__)


def quality_leads(
    connection: Connection, site: Site, inputs: QuarterInputs, register: StandingRegister, units: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run every signal whose feed arrived for the quarter.

    Args:
        connection: reads the ledger.
        site: the site.
        inputs: what the quarter rests on.
        register: the register in force.
        units: the scored units, index unit_code.

    Returns:
        One row per lead, columns of `include.measures.signals.LEAD_COLUMNS`; one row per signal, columns of
        `lead_check`: whether it was looked at, over how many units, by which thresholds.
    """
    quarter = inputs.quarter
    days = working_days(inputs.calendar, *calendar_span(quarter)).rename(columns={"date": "day"})
    every_unit = units.reset_index()
    alike: dict[tuple[str, int], list[Signal]] = defaultdict(list)
    for signal in signals():
        alike[signal.feed, signal.lookback_quarters].append(signal)
    found, checks = [], []
    with open_engine() as engine:
        for (name, lookback), own in alike.items():
            feed = inputs.feeds.get(name)
            if feed is None or not feed.arrived:
                checks += [_check(one, "no_feed" if feed is None else "not_received") for one in own]
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
                identities=inputs.persons,
            ) as rows:
                for signal in own:
                    try:
                        looked = find_leads(rows, signal, quarter=quarter, units=every_unit)
                    except MeasureError as error:
                        # A county's own contract may lack a column that a shipped signal reads.
                        log.warning("%s", error)
                        checks.append(_check(signal, "column_missing"))
                        continue
                    found.append(looked.leads)
                    checks.append(_check(signal, "looked", looked))
    filled = [frame for frame in found if len(frame)]
    leads = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(LEAD_COLUMNS))
    return leads, pd.DataFrame(checks)


def _check(signal: Signal, state: str, looked: Looked | None = None) -> dict[str, Any]:
    return {
        "feed": signal.feed,
        "signal": signal.signal,
        "title_zh": signal.title.zh,
        "title_en": signal.title.en,
        "state": state,
        "units": looked.units if looked else 0,
        "units_tested": looked.tested if looked else 0,
        "found": len(looked.leads) if looked else 0,
        "test": signal.test.kind,
        "alpha": signal.test.alpha,
        "min_n": signal.test.min_n,
        "min_excess": signal.test.min_excess,
        "lookback_quarters": signal.lookback_quarters,
    }
