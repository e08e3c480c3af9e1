"""What is worked out beside a release: how sure it is, who stands out, and what of its data asks for a second look.

A step of its own right after publishing: it reads nothing that publishing did not read, is written once per release,
and no fault in it touches what was published.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from include.pipeline.inputs import QuarterInputs
from include.pipeline.leads import quality_leads
from include.pipeline.registers import StandingRegister
from include.scoring.certainty import CertaintyResult, certainty
from include.scoring.moves import ScoreInputs
from include.site import Site
from include.warehouse import releases
from include.warehouse.errors import UnknownRelease
from include.warehouse.register import read_units
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import open_warehouse, reading, writing

log = logging.getLogger(__name__)


def analyse_release(
    engine: Engine,
    site: Site,
    inputs: QuarterInputs,
    register: StandingRegister,
    scored: ScoreInputs,
    release_id: int,
    *,
    now: datetime,
) -> str:
    """Work out and write the analyses of a release unless they are there.

    Returns:
        written, known (they were there), or failed; a failure is logged and the release stands without them.
    """
    try:
        with reading(engine) as connection:
            if releases.is_analysed(connection, release_id):
                return "known"
            leads, checks = quality_leads(connection, site, inputs, register, scored.units)
        run, frames = worked_out(scored)
        with writing(engine) as connection:
            written = releases.add_analyses(
                connection,
                release_id,
                inputs.jurisdiction,
                {**frames, "quality_lead": leads, "lead_check": checks},
                made_at=now,
                **run,
            )
    except Exception:
        # Whatever goes wrong here, the release has been published and is right.
        log.exception("The analyses of release %s were not written; score the quarter again", release_id)
        return "failed"
    return "written" if written else "known"


def worked_out(scored: ScoreInputs) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """The certainty of what was scored, as `add_analyses` wants it: the run, and the frames by table."""
    if scored.framework.certainty is None:
        nothing = {"draws": 0, "seed": 0, "rank_shift": None, "index_shift": None, "result_digest": ""}
        return {"state": "not_declared", **nothing}, {}
    found = certainty(
        scored.values,
        scored.framework,
        quarter=scored.quarter,
        units=scored.units,
        states=scored.states,
        counts=scored.counts,
        history=scored.history,
    )
    run = {
        "state": "value",
        "draws": found.draws,
        "seed": found.seed,
        "rank_shift": found.rank_shift,
        "index_shift": found.index_shift,
        "result_digest": found.digest,
    }
    return run, _frames(found)


def _frames(found: CertaintyResult) -> dict[str, pd.DataFrame]:
    units = found.units.rename_axis("unit_code").reset_index()
    rated = units["band"] > 0
    ranks = {name: units[name].astype("Int64") for name in ("rank_low", "rank_high")}
    nodes = found.nodes
    states = {
        f"{state}_state": np.where(nodes[column].notna(), "value", "none")
        for state, column in (
            ("effective", "effective"),
            ("alpha", "alpha"),
            ("dropped", "dropped_rank_shift"),
        )
    }
    funnel = found.funnel.rename(columns={"unit": "unit_code", "indicator": "indicator_code"})
    return {
        "certainty_unit": units.assign(state=np.where(rated, "value", "not_rated"), **ranks),
        "certainty_choice": found.choices,
        "certainty_node": nodes.assign(**states),
        "fairness_indicator": funnel.assign(n=funnel["n"].astype("int64")),
    }


@dataclass(frozen=True)
class Certainty:
    """The analyses of a current release; `run` is None where they have not been worked out."""

    run: dict[str, object] | None
    units: pd.DataFrame
    """unit_code, name, peer_group, published, rank, colour and the columns of certainty_unit; least sure first."""
    choices: pd.DataFrame
    nodes: pd.DataFrame
    fairness: pd.DataFrame
    leads: pd.DataFrame
    checks: pd.DataFrame
    """Which signals were looked for, over how many units; no row where the release is older than such a record."""


def read_certainty(site: Site, jurisdiction: str, framework_code: str, period: str) -> Certainty:
    """Read the analyses of the current release of a period; UnknownRelease where there is none."""
    key = ReleaseKey(jurisdiction, framework_code, period)
    with reading(open_warehouse(site.warehouse_url)) as connection:
        release = releases.current(connection, key)
        if release is None:
            raise UnknownRelease(f"[{key}] 尚未发布。", f"[{key}] has no release yet.")
        tables = {
            name: releases.read_analyses(connection, release.release_id, name)
            for name in (
                "certainty_run",
                "certainty_unit",
                "certainty_choice",
                "certainty_node",
                "fairness_indicator",
                "quality_lead",
                "lead_check",
            )
        }
        scores = releases.read_facts(connection, release.release_id, "fct_unit_score")
        names = read_units(connection, jurisdiction, import_id=release.register_import_id)
    name = names.drop_duplicates("unit_code", keep="last").set_index("unit_code")["name"]
    shown = scores[["unit_code", "peer_group", "published", "rank", "peers", "colour"]]
    units = shown.merge(tables["certainty_unit"], on="unit_code")
    units.insert(1, "name", units["unit_code"].map(name).fillna(units["unit_code"]))
    order = ["p_red", "p_yellow", "unit_code"]
    units = units.sort_values(order, ascending=[False, False, True], ignore_index=True)
    leads = tables["quality_lead"]
    leads.insert(1, "name", leads["unit_code"].map(name).fillna(leads["unit_code"]))
    runs = [
        {str(key): value for key, value in row.items()} for row in tables["certainty_run"].to_dict("records")
    ]
    return Certainty(
        run=runs[0] if runs else None,
        units=units,
        choices=tables["certainty_choice"],
        nodes=tables["certainty_node"],
        fairness=tables["fairness_indicator"],
        leads=leads,
        checks=tables["lead_check"],
    )
