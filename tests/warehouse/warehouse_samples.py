"""A made-up county of three units, small enough to check by eye."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from include.warehouse import ledger, moves, objections, rectification, register, releases, reviews, year
from include.warehouse.releases import FrameworkContent, ReleaseDraft, ReleaseInput, ReleaseKey
from include.warehouse.store import writing

COUNTY = "jiaokou"
NOON = datetime(2026, 10, 12, 4, 0, tzinfo=UTC)
KEY = ReleaseKey(COUNTY, "jiaokou", "2026Q3")

UNITS = pd.DataFrame(
    {
        "unit_code": ["T01", "T02", "T02", "B01"],
        "name": ["石口镇", "康城乡", "康城镇", "县财政局"],
        "peer_group": ["township", "township", "township", "county_body"],
        "valid_from": [date(2020, 1, 1), date(2020, 1, 1), date(2026, 4, 1), date(2020, 1, 1)],
        "valid_to": [date(9999, 12, 31), date(2026, 3, 31), date(9999, 12, 31), date(9999, 12, 31)],
    }
)
PEER_GROUPS = pd.DataFrame({"peer_group": ["township", "county_body"], "title_zh": ["乡镇", "县直单位"]})


def later(hours: float) -> datetime:
    """A moment some hours after the sample noon."""
    return NOON + timedelta(hours=hours)


def put_register(connection: Connection, units: pd.DataFrame = UNITS, hours: float = -1) -> register.Imported:
    """Import the sample register."""
    return register.import_units(
        connection,
        jurisdiction=COUNTY,
        at=later(hours),
        sha256="a" * 64,
        units=units,
        peer_groups=PEER_GROUPS,
    )


def deliver(connection: Connection, *, name: str = "2026Q3.xlsx", hours: float = 0, **changes: Any) -> int:
    """Record one arrival of the petitions feed."""
    values: dict[str, Any] = {
        "jurisdiction": COUNTY,
        "feed": "petitions",
        "supplier": "petition_office",
        "file_name": name,
        "sha256": "b" * 64,
        "bytes": 5120,
        "arrived_at": later(hours),
        "landed_at": later(hours),
        "contract_version": "1.0.0",
        "contract_digest": "c1",
    }
    return ledger.record_delivery(connection, **{**values, **changes})


def accepted(hours: float = 0, **changes: Any) -> ledger.Verdict:
    """A verdict on ten rows: six accepted, one refused for two reasons, one duplicate, two structural."""
    verdict = ledger.Verdict(
        verdict="accepted",
        judged_at=later(hours),
        register_digest="r1",
        contract_digest="c1",
        cell_digest="cells",
        balance=ledger.RowBalance(10, 6, 1, 1, 2),
        results=(
            ledger.ValidationResult("reply_after_receipt", "", "reject_row", "duckdb", 8, 1, False),
            ledger.ValidationResult("in_list", "kind", "reject_row", "gx", 8, 0, True),
        ),
        quarantined=pd.DataFrame(
            {
                "sheet": ["台账", "台账"],
                "row_number": [7, 7],
                "rule_id": ["reply_after_receipt", "unit_unknown"],
                "masked_value": ["", "康城\x00县"],
                "message_zh": ["答复早于受理", "单位不在名录"],
                "message_en": ["reply before receipt", "unknown unit"],
            }
        ),
        staged=(
            ledger.StagedFile("2026Q2", "petitions/2026Q2/b.parquet", 2, "d" * 64),
            ledger.StagedFile("2026Q3", "petitions/2026Q3/b.parquet", 4, "e" * 64),
        ),
    )
    return replace(verdict, **changes)


def framework(digest: str = "f1") -> FrameworkContent:
    """A framework of one group and two indicators."""
    return FrameworkContent(
        code="jiaokou",
        version="2026.1",
        effective_from="2026Q1",
        digest=digest,
        title_zh="清廉指数",
        groups=pd.DataFrame(
            {
                "group_code": ["root", "data"],
                "parent_code": ["", "root"],
                "depth": [0, 1],
                "points": [100.0, 30.0],
                "title_zh": ["指数", "数据量化"],
            }
        ),
        indicators=pd.DataFrame(
            {
                "indicator_code": ["reply_on_time", "money_recovered"],
                "group_code": "data",
                "title_zh": ["按期答复率", "追回资金"],
                "points": [20.0, 10.0],
                "measure": ["petitions.reply_on_time", "inspection.money_recovered"],
            }
        ),
    )


def facts(reply: float = 0.875) -> dict[str, pd.DataFrame]:
    """Figures of three units; one has no value."""
    units = ["T01", "T02", "B01"]
    return {
        "fct_measure": pd.DataFrame(
            {
                "unit_code": units,
                "measure": "petitions.reply_on_time",
                "numerator": [7.0, 65_483_945.63, None],
                "denominator": [8, 65_483_945, 0],
                "n": [8, 12, 0],
                "value": [reply, 1 / 3, None],
                "state": ["value", "value", "missing"],
            }
        ),
        "fct_indicator_score": pd.DataFrame(
            {
                "unit_code": units,
                "indicator_code": "reply_on_time",
                "measure": "petitions.reply_on_time",
                "value": [reply, 1 / 3, None],
                "normalised": [reply, 1 / 3, None],
                "points": [20 * reply, 20 / 3, None],
                "attainable": [20.0, 20.0, 0.0],
                "state": ["value", "value", "missing"],
            }
        ),
        "fct_group_score": pd.DataFrame(
            {
                "unit_code": units,
                "group_code": "data",
                "depth": 1,
                "points": [20 * reply, 20 / 3, None],
                "rate": [reply, 1 / 3, None],
                "attainable": [20.0, 20.0, 0.0],
                "state": ["value", "value", "not_rated"],
            }
        ),
        "fct_unit_score": pd.DataFrame(
            {
                "unit_code": units,
                "peer_group": ["township", "township", "county_body"],
                "index_value": [100 * reply, 100 / 3, None],
                "published": [round(100 * reply, 2), 33.33, None],
                "attainable": [100.0, 100.0, 0.0],
                "rank": [1, 2, None],
                "peers": [2, 2, 0],
                "colour": ["green", "red", ""],
                "change": [1.5, None, None],
                "state": ["value", "value", "not_rated"],
            }
        ),
        "fct_warning": pd.DataFrame(
            {
                "unit_code": ["T02"],
                "rule_code": ["low_total"],
                "target": ["index"],
                "colour": ["red"],
                "title_zh": ['总体偏低, "偏低"'],
                "evidence": [{"rate": 0.333333333, "阈值": 0.82}],
            }
        ),
    }


def reasons() -> dict[str, pd.DataFrame]:
    """Why T02 is red and B01 is not rated."""
    change = {"remedy": "points", "points_lacking": 48.666666667, "index_points_lacking": 48.666666667}
    said = {"sentence_zh": "再得 48.67 分。", "sentence_en": "48.67 more points."}
    none = {"numerator": None, "denominator": None, "numerator_needed": None, "value_needed": None}
    return {
        "fct_unit_colour": pd.DataFrame(
            [{"unit_code": "T02", "band_colour": "red", "target": "index", **change, **none, **said}]
        ),
        "fct_colour_reason": pd.DataFrame(
            [
                {
                    "unit_code": "T02", "kind": "warning", "rule_code": "low_total", "target": "index",
                    "colour": "red", "term": "rate", "figure": 0.333333333, "operator": "<", "threshold": 0.82,
                    **change, **none, **said,
                }
            ]
        ),
        "fct_state_reason": pd.DataFrame(
            [
                {
                    "unit_code": "B01", "level": "index", "state": "not_rated", "reason": "too_little_attainable",
                    "figure": 0.5, "minimum": 0.6,
                }
            ]
        ),
    }  # fmt: skip


def measures() -> pd.DataFrame:
    """What the one measure means."""
    return pd.DataFrame(
        [
            {
                "measure": "petitions.reply_on_time",
                "title_zh": "按期答复率",
                "formula_zh": "按期答复 ÷ 应答复",
                "source": "信访工作条例 art. 34",
            }
        ]
    )


def draft(engine: Engine, **changes: Any) -> ReleaseDraft:
    """A draft over one accepted delivery, which is recorded first if the ledger has none."""
    with writing(engine) as connection:
        standing = ledger.effective_verdicts(connection, COUNTY, "petitions")
        if standing:
            verdict_id = standing[-1].verdict_id
        else:
            verdict_id = ledger.record_verdict(connection, deliver(connection), accepted())
        digest = register.register_digest(connection, COUNTY)
    made = ReleaseDraft(
        key=KEY,
        framework=framework(),
        inputs=(
            ReleaseInput("register", "register", digest),
            ReleaseInput("framework", "jiaokou@2026.1", "f1"),
            ReleaseInput("delivery", "petitions/petition_office/2026Q3.xlsx", "b" * 64, verdict_id),
        ),
        code_digest="code1",
        facts=facts(),
        measures=measures(),
        reasons=reasons(),
        created_at=later(2),
        actor="score_quarter",
    )
    return replace(made, **changes)


def published(engine: Engine, **changes: Any) -> releases.Published:
    """Publish a draft."""
    return releases.publish(engine, draft(engine, **changes))


def analyses() -> dict[str, pd.DataFrame]:
    """One row for every table of analyses."""
    span = {"low_95": 0.6, "high_95": 1.0, "low_998": 0.4, "high_998": 1.0}
    lead = {
        "title_zh": "退件偏多",
        "title_en": "Bounced",
        "sentence_zh": "请核对。",
        "sentence_en": "Check.",
        "source": "ours",
    }
    shares = {"p_red": 0.1, "p_yellow": 0.7, "p_green": 0.2}
    interval = {"index_low": 78.0, "index_mid": 80.0, "index_high": 83.0, "rank_low": 1, "rank_high": 2}
    rows: dict[str, dict[str, Any]] = {
        "certainty_unit": {"unit_code": "T02", **shares, **interval, "band": 1, "band_units": 2, "state": "value"},
        "certainty_choice": {
            "figure": "rank_shift", "choice": "weights",
            "first": 0.3, "first_conf": 0.1, "total": 0.5, "total_conf": 0.1,
        },
        "certainty_node": {
            "kind": "index", "code": "index", "nominal": 1.0, "effective": 1.0, "alpha": 0.7,
            "dropped_rank_shift": None, "correlation": None,
            "effective_state": "value", "alpha_state": "value", "dropped_state": "none",
        },
        "fairness_indicator": {
            "unit_code": "T02", "indicator_code": "reply", "value": 0.8, "n": 10, "peer_mean": 0.85, **span,
            "position": "inside", "shrunk": 0.83, "own_weight": 0.4,
        },
        "lead_check": {
            "feed": "petitions", "signal": "bounced", "title_zh": "退件偏多", "title_en": "Bounced", "state": "looked",
            "units": 3, "units_tested": 2, "found": 1, "test": "binomial", "alpha": 0.0001, "min_n": 10,
            "min_excess": 0.2, "lookback_quarters": 0,
        },
        "quality_lead": {"unit_code": "T02", "feed": "petitions", "signal": "bounced", "figures": {"n": 12}, **lead},
    }  # fmt: skip
    return {name: pd.DataFrame([row]) for name, row in rows.items()}


def moved(engine: Engine) -> int:
    """Publish twice; store why the second differs from the first, and one rule of each kind; return the second."""
    ids = [
        published(engine).release_id,
        published(engine, facts=facts(0.9), approved_by="chief", code_digest="code2").release_id,
    ]
    with writing(engine) as connection:
        earlier, later = (releases.get(connection, one) for one in ids)
        own = {"unit_code": ["T01"], "factor": ["late_data"], "points": [0.5]}
        moves.write_moves(
            connection,
            later,
            earlier,
            factors=pd.DataFrame(own | {"published_points": [0.5], "state": ["value"]}),
            items=pd.DataFrame(own | {"kind": ["indicator"], "item": ["reply"]}),
        )
        rule = {
            "kind": "indicator",
            "code": "reply",
            "title_zh": "答复",
            "rule_zh": "按比例",
            "rule_en": "in proportion",
        }
        condition = {
            "kind": "warning", "code": "low_total", "position": 1, "rule_on": "index",
            "term": "rate", "argument": None, "operator": "<", "threshold": 0.82,
        }  # fmt: skip
        index = {
            "level": "index",
            "code": "",
            "full_points": 100.0,
            "sums_throughout": 1,
            "min_attainable": 0.6,
        }
        rules = {
            "dim_rule": [rule],
            "dim_rule_condition": [condition],
            "dim_rating_rule": [index | {"min_denominator": None}],
        }
        for _ in range(2):
            moves.write_rules(
                connection, later.framework_key, {name: pd.DataFrame(rows) for name, rows in rules.items()}
            )
    return ids[-1]


def reviewed(engine: Engine, release_id: int) -> None:
    """A review that its first step has passed, and an objection to the release."""
    with writing(engine) as connection:
        release = releases.get(connection, release_id)
        digest = reviews.list_digest(connection, release_id)
        made = reviews.Review(
            0, release_id, **vars(release.key), round=1, list_digest=digest, opened_at=NOON, opened_by="test",
            outcome="",
        )  # fmt: skip
        made = replace(made, review_id=reviews.add_review(connection, made, actor="test", at=NOON))
        items = reviews.items_of(connection, release_id)[reviews.ITEM_KEY]
        decisions = [reviews.Decision(*key, "confirmed") for key in items.itertuples(index=False, name=None)]
        reviews.add_answer(
            connection, made, step=1, account="first", role="first_reviewer", confirmed=True, seen_digest=digest,
            decisions=decisions, reason="", at=NOON, via="cli",
        )  # fmt: skip
        objections.add_objection(
            connection,
            {
                **vars(release.key), "release_id": release_id, "notice_id": 0, "unit_code": "T01", "target": "index",
                "claim": "不符", "evidence_sha256": "", "filed_on": "2026-10-20", "due_on": "2026-11-10",
                "due_provisional": False, "registered_at": NOON, "registered_by": "desk",
            },
            role="objection_officer",
        )  # fmt: skip


def rectified(engine: Engine, release_id: int) -> tuple[int, int]:
    """An item that is ten days late, and one that was verified three days late; the colour of their unit."""
    with writing(engine) as connection:
        release = releases.get(connection, release_id)
        item = rectification.ItemRow(
            0, **vars(release.key), release_id=release_id, review_id=0, kind="individual", unit_code="T01",
            rule_code="low", target="index", colour="yellow", problem_zh="总体偏低", goal_zh="回到八成二以上",
            required_action_zh="限期整改", post="", clock="rectification", term_days=30, term_kind="working",
            extension_days=15, opened_on="2026-10-26", due_on="2026-12-07", due_provisional=False, opened_at=NOON,
            opened_by="officer",
        )  # fmt: skip
        late, done = (rectification.add_item(connection, item) for _ in range(2))
        standing = rectification.StandingRow(
            late, COUNTY, "overdue", "2026-12-07", due_provisional=False, round=1, reported_on="", verified_on="",
            late=True, report_late_days=0, extended_days=0, asked_days=0, quality_points=None, surveyed=0, satisfied=0,
            refusals=0, false_reports=0, referred=False,
        )  # fmt: skip
        verified = replace(
            standing, item_id=done, state="verified", reported_on="2026-12-10", verified_on="2026-12-14", late=False,
            report_late_days=3, quality_points=Decimal("88.5"),
        )  # fmt: skip
        for row in (replace(standing, state="open", late=False), standing, verified):
            rectification.add_standing(connection, row, at=NOON, day=date(2026, 12, 8))
        event = rectification.EventRow(
            0, late, COUNTY, "measure_added", NOON, "2026-11-02", "officer", reason="清理积压"
        )
        rectification.add_event(connection, event)
        rectification.add_colour(
            connection, jurisdiction=COUNTY, framework_code=release.framework_code, unit_code="T01", colour="red",
            cause="escalated", period=release.period, release_id=release_id, item_id=late, since="2026-12-08", at=NOON,
            actor="follow_up",
        )  # fmt: skip
        rectification.add_follow_up(
            connection, COUNTY, day=date(2026, 12, 17), at=NOON, counts={"overdue": 1}
        )
    return late, done


def settled_year(engine: Engine) -> None:
    """A frozen plan of one task with its progress; a final settlement that confirmed one check-up and dismissed one."""
    task = {
        "unit_code": "T01",
        "task_code": "1",
        "decision": "决策",
        "task": "任务",
        "weight": 100.0,
        "target": "建成",
    }
    planned = {f"planned_q{number}_pct": 25.0 * number for number in range(1, 5)}
    stands = {"planned_pct": 50.0, "progress_pct": 60.0, "state": "value", "standing": "ahead"}
    told = {"done_on": "", "changed": ""}
    with writing(engine) as connection:
        plan = year.add_plan(
            connection,
            COUNTY,
            2026,
            pd.DataFrame([task | planned]),
            sources=[],
            account="lead",
            role="leader",
            at=NOON,
        )
        year.add_progress(
            connection, plan, KEY.framework_code, "2026H1", pd.DataFrame([task | stands | told]), account="lead",
            role="leader", at=NOON,
        )  # fmt: skip
    release_id = published(
        engine,
        key=replace(KEY, framework_code="jiaokou_year", period="2026"),
        framework=replace(framework("year"), code="jiaokou_year"),
        facts=facts() | _check_up(["T01", "T02"]),
        reasons={"fct_colour_reason": _check_up_reasons(["T01", "T02"])},
    ).release_id
    reviewed(engine, release_id)
    with writing(engine) as connection:
        (made,) = reviews.reviews_of(connection, release_id)
        decisions = [
            reviews.Decision("T01", "veto.check_up", "adjustments.check_up", "confirmed"),
            reviews.Decision("T02", "veto.check_up", "adjustments.check_up", "dismissed", "已整改"),
        ]
        reviews.add_answer(
            connection, made, step=2, account="second", role="second_reviewer", confirmed=True, seen_digest="",
            decisions=decisions, reason="", at=NOON, via="cli",
        )  # fmt: skip
        reviews.end_review(connection, made, "completed", actor="second", at=NOON)
        releases.finalise_in(connection, release_id, actor="second", at=NOON)


def _check_up(units: list[str]) -> dict[str, pd.DataFrame]:
    return {
        "fct_warning": pd.DataFrame(
            {
                "unit_code": units, "rule_code": "check_up", "target": "adjustments.check_up", "colour": "yellow",
                "title_zh": "政治体检", "evidence": [{"value": 4}] * len(units),
            }
        ),
        "fct_adjustment": pd.DataFrame(
            {"unit_code": units, "adjustment_code": "check_up", "kind": "veto", "value": 4.0, "points": None}
            | {"state": "value"}
        ),
    }  # fmt: skip


def _check_up_reasons(units: list[str]) -> pd.DataFrame:
    blank = ("figure", "threshold", "points_lacking", "index_points_lacking", "numerator", "denominator",
             "numerator_needed", "value_needed")  # fmt: skip
    told = {"kind": "veto", "rule_code": "check_up", "target": "adjustments.check_up", "colour": "yellow"}
    said = {"remedy": "none_fact", "sentence_zh": "体检。", "sentence_en": "Check-up."}
    return pd.DataFrame([{"unit_code": unit, **told, **said, **dict.fromkeys(blank)} for unit in units])
