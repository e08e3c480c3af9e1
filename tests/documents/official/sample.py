"""Facts of a made-up county, for every kind of document."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from include.documents.official.distribution import Kind, addressed, read_distribution
from include.documents.official.facts import (
    AdjustmentScore,
    Ask,
    Changes,
    ColourCount,
    CommonProblem,
    ConfirmedWarning,
    FeedbackFacts,
    GradeCount,
    GroupScore,
    IndicatorScore,
    NoticeFacts,
    Paper,
    RankBand,
    RankedUnit,
    RectificationFacts,
    RectificationItem,
    ReportFacts,
    Shortfall,
    Term,
    TransferFacts,
    TrendPoint,
    UnitChange,
    UnitFacts,
    WarningCount,
    YearDimension,
)
from include.documents.official.feedback import render_feedback
from include.documents.official.figures import period_words
from include.documents.official.notice import render_notice
from include.documents.official.phrases import Phrases, read_phrases
from include.documents.official.rectify import render_rectification, render_transfer
from include.documents.official.report import render_report
from include.documents.official.small_cells import Counted
from include.documents.official.templates import find_template

RENDER: dict[Kind, Any] = {
    "warning_notice": render_notice,
    "feedback_form": render_feedback,
    "quarter_report": render_report,
    "year_report": render_report,
    "rectification_notice": render_rectification,
    "transfer_sheet": render_transfer,
}
COUNTED = Counted(18, 30, 30)
MEANS = (("2025Q4", 90.1, 86.2), ("2026Q1", 90.6, 86.9), ("2026Q2", 91.2, 85.3), ("2026Q3", 91.5, 86.0))
ANSWER_BY = Term(date(2026, 12, 4))


def paper(kind: Kind, *, period: str = "2026Q3", **changes: Any) -> Paper:
    said = addressed(
        read_distribution(),
        kind,
        area="明镜县",
        unit="明镜县石口乡人民政府",
        department="县信访局",
        period=period_words(period),
        framework="清廉指数",
    )
    made = Paper(
        title=said.title,
        area="明镜县",
        issuer=said.issuer,
        framework="清廉指数",
        framework_version="2026.1",
        period=period,
        revision=1,
        status="final",
        number="明研预〔2026〕7号",
        issued_on=date(2026, 11, 20),
        released_at=datetime(2026, 10, 23, 12, tzinfo=UTC),
        to=said.to,
        copies=said.copies,
        purpose=said.purpose,
        ask=Ask("明镜县政治生态研判办公室", "评价工作联络岗", "内线 8002"),
        result_digest="3f" * 32,
        audit_head="a1" * 32,
    )
    return replace(made, **changes)


def unit(**changes: Any) -> UnitFacts:
    classes = [
        GroupScore("common", "共性评价", 1, 29.92, 40, 0.748, 0.872),
        GroupScore("power", "权力运行约束度", 2, 3.5, 5, 0.70, 0.86),
        GroupScore("duty", "政治责任落实度", 2, 3.69, 5, 0.738, 0.88),
        GroupScore("discipline", "纪律规矩严明度", 2, 3.695, 5, 0.739, 0.9),
        GroupScore("conduct", "作风建设优良度", 2, 4.4, 5, 0.88, 0.87),
        GroupScore("data", "数据量化", 1, 22.6, 30, 22.6 / 30, 0.861),
        GroupScore("survey", "社会民调", 1, 27.5, 30, 27.5 / 30, 0.9),
    ]
    rank = RankBand(6, 8, 3, 3, 8, "乡镇")
    made = UnitFacts(
        "MJ093", "明镜县石口乡人民政府", 80.02, 100, "一般", "yellow", -5.31, rank, tuple(classes), 0.93
    )
    return replace(made, **changes)


def indicators(counted: Counted = COUNTED) -> tuple[IndicatorScore, ...]:
    return (
        IndicatorScore(
            "petition_reply_on_time",
            "信访按期答复率",
            "数据量化",
            0.75,
            3,
            3,
            2.25,
            "value",
            counted,
            "县信访局",
        ),
        IndicatorScore(
            "power_01",
            "“三重一大”集体研究",
            "权力运行约束度",
            0.3,
            0.5,
            0.5,
            0.2,
            "value",
            Counted(6, 10),
            "县委办公室",
        ),
        IndicatorScore(
            "audit_01",
            "审计整改完成率",
            "数据量化",
            None,
            2,
            None,
            0.0,
            "not_rated",
            Counted(None),
            "县审计局",
        ),
    )


def notice(counted: Counted = COUNTED, **changes: Any) -> NoticeFacts:
    warnings = (
        ConfirmedWarning(
            "low_total",
            "总体偏低",
            "指数",
            "yellow",
            0.8002,
            "对照三张清单逐项查找原因，先改得分率最低的维度。",
        ),
        ConfirmedWarning(
            "low_class", "大类得分率偏低", "共性评价", "yellow", 0.748, "核对该类失分最多的指标及其原始明细。"
        ),
        ConfirmedWarning("falling", "环比下降", "指数", "yellow", None, "比较上季逐项得分，说明下降原因。"),
    )
    made = NoticeFacts(
        paper("warning_notice"),
        unit(),
        warnings,
        indicators(counted)[:2],
        ANSWER_BY,
        Term(date(2027, 1, 8), True),
    )
    return replace(made, **changes)


def feedback(counted: Counted = COUNTED, **changes: Any) -> FeedbackFacts:
    extras = (
        AdjustmentScore("award", "先进典型加分", "bonus", 1.0),
        AdjustmentScore("safety", "安全生产", "deduction", -2.0),
    )
    made = FeedbackFacts(paper("feedback_form", number=""), unit(), indicators(counted), extras, ANSWER_BY)
    return replace(made, **changes)


def problem(**changes: Any) -> CommonProblem:
    made = CommonProblem(
        "petition_reply_on_time",
        "信访按期答复率",
        "数据量化",
        "乡镇",
        5,
        8,
        "作风方面—落实不力—办理超期",
        "县信访局",
    )
    return replace(made, **changes)


def report(*, year: bool = False, **changes: Any) -> ReportFacts:
    kind: Kind = "year_report" if year else "quarter_report"
    ranked = [
        RankedUnit(
            f"明镜县第{number}号单位",
            "县直单位",
            96.0 - number / 5,
            "好" if number < 30 else "较好",
            "green" if number < 55 else "yellow",
            RankBand(number, min(60, number + 7), 1 + number // 8, 8, 60, "县直单位"),
            0.97,
        )
        for number in range(1, 61)
    ]
    dimensions = (
        YearDimension(
            "组织作用发挥", 0.913, 0.012, (Shortfall("政治责任落实度", 0.83, "把责任清单与任务节点挂钩。"),)
        ),
        YearDimension("重点任务完成", 0.88, -0.02, (Shortfall("数据量化", 0.84),)),
        YearDimension("职责履行", None, None, ()),
    )
    made = ReportFacts(
        paper=paper(kind, period="2026" if year else "2026Q3", number="明研报〔2026〕3号"),
        full=100,
        colours=(ColourCount("县直单位", 60, 54, 5, 1, 0), ColourCount("乡镇", 8, 5, 1, 1, 1)),
        grades=(GradeCount("好", 30), GradeCount("较好", 31), GradeCount("一般", 6)),
        groups=(
            GroupScore("common", "共性评价", 1, 36.1, 40, 0.9025, 0.89),
            GroupScore("data", "数据量化", 1, 26.1, 30, 0.87, 0.87),
        ),
        trend=tuple(
            TrendPoint(period, group, mean)
            for period, county, town in (
                ("2025Q4", 90.1, 86.2),
                ("2026Q1", 90.6, 86.9),
                ("2026Q2", 91.2, 85.3),
                ("2026Q3", 91.5, 86.0),
            )
            for group, mean in (("县直单位", county), ("乡镇", town))
        ),
        changes=Changes(
            "2026Q2",
            (UnitChange("明镜县水利局", 79.1, 88.4, "yellow", "green", "本期表现"),),
            (UnitChange("明镜县石口乡人民政府", 85.33, 80.02, "green", "yellow", "本期表现"),),
            "2025.1",
        ),
        problems=(problem(), problem(title="审计整改完成率", lead="县审计局", low_units=4)),
        warnings=(WarningCount("总体偏低", 6, 5), WarningCount("大类得分率偏低", 9, 7)),
        units=tuple(ranked),
        missing_feeds=("环境监管",),
        draws=500,
        dimensions=dimensions if year else (),
        taken_from="2026Q4" if year else "",
    )
    return replace(made, **changes)


def rectification(**changes: Any) -> RectificationFacts:
    items = (
        RectificationItem(
            "共性评价得分率偏低（74.8%）",
            "得分率提高到76%以上",
            ANSWER_BY,
            "党委书记",
            "逐项对照扣分理由整改。",
        ),
        RectificationItem(
            "信访按期答复率失分2.25分",
            "按期答复率达到100%",
            Term(date(2027, 1, 8), True),
            "乡长",
            "建立到期提醒，逐件销号。",
        ),
    )
    made = RectificationFacts(
        paper("rectification_notice", number="明研改〔2026〕2号"), "明镜县石口乡人民政府", items, ANSWER_BY
    )
    return replace(made, **changes)


def transfer(**changes: Any) -> TransferFacts:
    made = TransferFacts(
        paper("transfer_sheet", number="明研移〔2026〕1号"),
        "县信访局",
        (problem(), problem(peer_group="县直单位", low_units=20, rated_units=60)),
        ANSWER_BY,
        ("明镜县石口乡人民政府", "明镜县水利局"),
    )
    return replace(made, **changes)


def facts_of(kind: Kind) -> Any:
    return {
        "warning_notice": notice,
        "feedback_form": feedback,
        "quarter_report": report,
        "year_report": lambda: report(year=True),
        "rectification_notice": rectification,
        "transfer_sheet": transfer,
    }[kind]()


def rendered(kind: Kind, facts: Any = None, phrases: Phrases | None = None) -> bytes:
    return RENDER[kind](facts or facts_of(kind), find_template(kind), phrases or read_phrases())
