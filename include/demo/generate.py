"""The files that the demo's departments send: what, by whom, and on which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from include.demo import cases, events, ledgers, returns
from include.demo.cells import Columns
from include.demo.county import JURISDICTION, SUPPLIERS, items
from include.demo.quality import planted
from include.demo.sheets import Dressing, write_csv, write_workbook
from include.quarters import Quarter

_TITLES = {
    "petitions": "信访办理明细",
    "message_board": "领导留言板办理明细",
    "public_opinion": "舆情回应情况",
    "audit": "审计查出问题整改台账",
    "inspection": "巡察整改台账",
    "finance": "部门预算执行季报",
    "department_ratings": "部门评价得分",
    "public_survey": "社会民调结果",
    "self_evaluation": "单位自评汇总",
    "yearly_appraisal": "年度考核结果",
    "awards": "表彰奖励情况",
    "supervision_events": "四项监督认定问题",
    "statistics": "统计差错认定",
    "environment": "生态环境事件",
    "safety": "安全生产事件",
}
_SUPPLIER = {
    "petitions": "petitions_office",
    "message_board": "cyberspace_office",
    "public_opinion": "publicity_department",
    "audit": "audit_office",
    "inspection": "inspection_office",
    "finance": "finance_bureau",
    "public_survey": "statistics_bureau",
    "self_evaluation": "organization_department",
    "yearly_appraisal": "organization_department",
    "awards": "organization_department",
    "supervision_events": "discipline_commission",
    "statistics": "statistics_bureau",
    "environment": "ecology_bureau",
    "safety": "emergency_bureau",
}
RATERS = tuple(dict.fromkeys(item["supplier"] for item in items()))
"""The eleven departments that rate."""
_SENT_AFTER_DAYS, _RESENT_AFTER_DAYS, _LATE_AFTER_DAYS = 9, 12, 41


@dataclass(frozen=True)
class SentFile:
    """One file that a department sent."""

    feed: str
    supplier: str
    path: Path
    note: str
    """What is peculiar about it; empty for an ordinary file."""
    sent_on: date
    wave: int
    """1: by the deadline, 2: later in the story of the quarter (resent, late, corrected)."""


def write_quarter(inbox: Path, quarter: Quarter, *, wave: int = 1) -> list[SentFile]:
    """Write the files of one quarter and wave under `<inbox>/<jurisdiction>/<feed>/[<supplier>/]`.

    Args:
        inbox: root of the inbox.
        quarter: one of `county.QUARTERS`, or one that follows them.
        wave: 1 for what is sent in time, 2 for what is resent, late or corrected (often nothing).

    Returns:
        The files, in the order in which they were sent.
    """
    root = inbox / JURISDICTION
    accidents = {
        (one["feed"], one["supplier"]): one["effect"]
        for one in planted()["deliveries"]
        if one["quarter"] == str(quarter)
    }
    feeds = [(feed, supplier) for feed, supplier in _SUPPLIER.items() if feed != "yearly_appraisal"]
    feeds += [("yearly_appraisal", _SUPPLIER["yearly_appraisal"])] if quarter.number == 4 else []
    feeds += [("department_ratings", supplier) for supplier in RATERS]
    sent = []
    for feed, supplier in feeds:
        effect = accidents.get((feed, supplier), "")
        if wave == (2 if effect == "late" else 1) or (
            wave == 2 and effect in {"held_then_resent", "corrected"}
        ):
            sent.append(_write(root, feed, supplier, quarter, effect=effect, wave=wave))
    return sent


def _write(root: Path, feed: str, supplier: str, quarter: Quarter, *, effect: str, wave: int) -> SentFile:
    first = wave == 1
    columns = _table(feed, supplier, quarter, first=first)
    folder = root / feed / supplier if feed == "department_ratings" else root / feed
    ending = "_更正" if wave == 2 and effect != "late" else ""
    name = f"{_TITLES[feed]}_{SUPPLIERS[supplier][0]}_{quarter.year}年第{quarter.number}季度{ending}"
    office = SUPPLIERS[supplier][0]
    dressing = Dressing(
        title=f"明镜县{quarter.year}年第{quarter.number}季度{_TITLES[feed]}",
        subtitle=f"填报单位：{office}",
        totals=_TOTALS.get(feed, ()),
        notes=(f"注：本表由{office}负责解释。", "填表人：数据专管员"),
        dated=_DATED.get(feed, ()),
    )
    if feed in _CSV:
        encoding, title_row = _CSV[feed]
        path = write_csv(folder / f"{name}.csv", columns, dressing, encoding=encoding, title_row=title_row)
    else:
        path = write_workbook(folder / f"{name}.xlsx", _TITLES[feed], columns, dressing)
    late = _RESENT_AFTER_DAYS if effect == "held_then_resent" else _LATE_AFTER_DAYS
    days = _SENT_AFTER_DAYS if first else late
    return SentFile(feed, supplier, path, effect, quarter.end + timedelta(days=days), wave)


_CSV = {
    "message_board": ("gb18030", True),
    "audit": ("utf-8-sig", False),
    "public_opinion": ("gb18030", False),
    "awards": ("utf-8", False),
}
"""Feeds sent as CSV: encoding, and whether a title stands above the header."""
_TOTALS = {
    "finance": ("预算执行|本季预算数(万元)", "预算执行|本季支出数(万元)", "人员|编制数", "人员|在职人数"),
    "audit": ("违规金额(万元)",),
    "department_ratings": ("分值|应得", "分值|实得"),
    "public_survey": ("发放份数", "有效份数"),
    "inspection": ("测评人数", "满意人数"),
}
_DATED = {"petitions": ("时间节点|登记",), "inspection": ("反馈日期", "整改期限")}


def _table(feed: str, supplier: str, quarter: Quarter, *, first: bool) -> Columns:
    if feed == "department_ratings":
        return returns.department_ratings(quarter, supplier, mistaken=first and _held(supplier, quarter))
    if feed == "petitions":
        return cases.petitions(quarter, corrected=not first)
    if feed in {"supervision_events", "statistics", "environment", "safety"}:
        return events.confirmed(feed, quarter)
    makers = {
        "message_board": cases.message_board,
        "public_opinion": cases.public_opinion,
        "audit": ledgers.audit,
        "inspection": ledgers.inspection,
        "finance": returns.finance,
        "public_survey": returns.public_survey,
        "self_evaluation": returns.self_evaluation,
        "yearly_appraisal": returns.yearly_appraisal,
        "awards": events.awards,
    }
    return makers[feed](quarter)


def _held(supplier: str, quarter: Quarter) -> bool:
    return any(
        one["effect"] == "held_then_resent" and one["supplier"] == supplier and one["quarter"] == str(quarter)
        for one in planted()["deliveries"]
    )
