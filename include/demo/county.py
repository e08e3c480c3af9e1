"""Units, posts and suppliers of the made-up county."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import xlsxwriter

from include.quarters import Quarter

JURISDICTION = "141100"
NAME = {"zh": "明镜县", "en": "Mingjing County (made up)"}
FIRST, LAST = Quarter(2024, 4), Quarter(2026, 3)
QUARTERS = tuple(FIRST.shift(steps) for steps in range(8))
REGISTERED_ON = date(2024, 1, 1)
_CREATED = datetime(2024, 1, 1)
_FOLDER = Path(__file__).parent

SUPPLIERS = {
    "county_committee_office": ("县委办公室", "County committee office"),
    "government_office": ("县政府办公室", "Government office"),
    "discipline_commission": ("县纪委监委", "Discipline commission"),
    "organization_department": ("县委组织部", "Organisation department"),
    "publicity_department": ("县委宣传部", "Publicity department"),
    "political_legal_committee": ("县委政法委", "Political and legal committee"),
    "inspection_office": ("县委巡察办", "Inspection office"),
    "petitions_office": ("县信访局", "Petitions office"),
    "finance_bureau": ("县财政局", "Finance bureau"),
    "audit_office": ("县审计局", "Audit office"),
    "human_resources_bureau": ("县人力资源和社会保障局", "Human resources bureau"),
    "statistics_bureau": ("县统计局", "Statistics bureau"),
    "ecology_bureau": ("县生态环境局", "Ecology bureau"),
    "emergency_bureau": ("县应急管理局", "Emergency bureau"),
    "cyberspace_office": ("县委网信办", "Cyberspace office"),
}
"""Supplier code → names in Chinese and English."""

ACCOUNTS = {
    "ops": {"roles": ["ops"]},
    "petitions_steward": {"roles": ["steward"], "suppliers": ["petitions_office"]},
    "audit_steward": {"roles": ["steward"], "suppliers": ["audit_office"]},
    "office_steward": {"roles": ["steward"], "suppliers": ["*"]},
    "reviewer_one": {"roles": ["first_reviewer"]},
    "reviewer_two": {"roles": ["second_reviewer"]},
    "clerk": {"roles": ["issuer", "objection_officer"]},
    "judge": {"roles": ["objection_decider"]},
    "supervisor": {"roles": ["rectification_officer"]},
    "verifier": {"roles": ["verifier"]},
    "leader": {"roles": ["leader"]},
    "auditor": {"roles": ["auditor"]},
}
"""Who acts in the demo: one account per role, all of them open to whoever sits at the terminal."""

FEEDS = {"yearly_tasks": {"first_quarter": str(LAST.shift(2))}}
"""What the demo's site.yaml says of single feeds: the county begins with a list of tasks in the year after its last."""

_RENAMED = {"MJ050": ("明镜县大数据局", date(2026, 1, 1))}
"""A rename: departments go on using the old name, which is an approved alias."""
_MERGED = (
    "MJ092",
    "明镜县招商局",
    "县直单位",
    "",
    REGISTERED_ON,
    date(2024, 11, 30),
    "县招商局",
    "MJ089",
    "县城",
)
_REGISTER = ("单位代码", "单位名称", "类别", "上级代码", "生效日期", "失效日期", "别名", "并入代码", "片区")
_Row = tuple[str, str, str, str, date, date | None, str, str, str]
_PEER_GROUPS = {"county_body": "县直单位", "township": "乡镇"}
_POSTS = ("岗位代码", "单位代码", "岗位名称", "职责清单")
_CHIEF = (
    ("检察院", "检察长"), ("政法委", "书记"), ("工委", "书记"), ("机关", "书记"), ("党校", "校长"),
    ("局", "局长"), ("部", "部长"), ("院", "院长"), ("学", "校长"),
    ("馆", "馆长"), ("段", "段长"), ("队", "队长"),
)  # fmt: skip
_DUTIES = {
    "township": "履行全面从严治党第一责任；主持“三重一大”集体决策；领导信访包案与接访；督办巡察、审计整改。",
    "county_body": "履行本单位党风廉政建设第一责任；主持“三重一大”集体决策；督办信访、巡察、审计整改。",
}
_SECOND = {"MJ025": "政治委员", "MJ076": "党委书记", "MJ081": "党委书记"}


@dataclass(frozen=True)
class Unit:
    """One scored unit of the demo; `load` 1–6 says how much business it has."""

    code: str
    name: str
    peer_group: str
    load: int
    short: str
    aliases: str


@dataclass(frozen=True)
class Post:
    """One leading post; a post, never a person."""

    code: str
    unit: str
    title: str
    duties: str


@cache
def units() -> tuple[Unit, ...]:
    """The 91 county bodies and 8 townships, in the order of their codes."""
    with (_FOLDER / "units.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Unit(**{**row, "load": int(row["load"])}) for row in csv.DictReader(file))  # type: ignore[arg-type]


@cache
def items() -> tuple[dict[str, str], ...]:
    """The rated items: item, dimension, supplier, title, points_possible."""
    with (_FOLDER / "items.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def posts() -> tuple[Post, ...]:
    """The leading posts: one of each county body, two of each township, three second posts."""
    found: list[Post] = []
    for unit in units():
        titles = [_chief(unit.name)]
        if unit.peer_group == "township":
            titles = ["党委书记", "镇长" if unit.short.endswith("镇") else "乡长"]
        titles += [_SECOND[unit.code]] if unit.code in _SECOND else []
        found += [
            Post(f"{unit.code}-{number:02d}", unit.code, title, _DUTIES[unit.peer_group])
            for number, title in enumerate(titles, 1)
        ]
    return tuple(found)


@cache
def load_weights() -> np.ndarray:
    """Share of the county's business that each unit has; shape (units,), sums to 1."""
    scale = np.array([0.0, 0.12, 0.4, 0.8, 1.3, 2.0, 3.2])
    weights = scale[[unit.load for unit in units()]]
    return weights / weights.sum()


def write_register(path: Path) -> Path:
    """Write the register workbook (sheets 单位 and 岗位) and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": _CREATED})
        register = sorted(
            [*(row for unit in units() for row in _dated_rows(unit)), _MERGED], key=_code_and_day
        )
        dated = [[cell.isoformat() if isinstance(cell, date) else cell for cell in row] for row in register]
        for name, header, table in (
            ("单位", _REGISTER, dated),
            ("岗位", _POSTS, [(post.code, post.unit, post.title, post.duties) for post in posts()]),
        ):
            sheet = book.add_worksheet(name)
            for number, row in enumerate([header, *table]):
                sheet.write_row(number, 0, row)
    return path


def _dated_rows(unit: Unit) -> list[_Row]:
    """The unit's rows in the register: one, or two where it was renamed."""
    group, area = _PEER_GROUPS[unit.peer_group], "乡镇" if unit.peer_group == "township" else "县城"
    if unit.code not in _RENAMED:
        return [(unit.code, unit.name, group, "", REGISTERED_ON, None, unit.aliases, "", area)]
    name, since = _RENAMED[unit.code]
    old_names = f"{unit.name};{unit.aliases}"
    return [
        (unit.code, unit.name, group, "", REGISTERED_ON, since - timedelta(days=1), unit.aliases, "", area),
        (unit.code, name, group, "", since, None, old_names, "", area),
    ]


def _code_and_day(row: _Row) -> tuple[str, date]:
    return row[0], row[4]


def _chief(name: str) -> str:
    return next((title for ending, title in _CHIEF if name.endswith(ending)), "主任")
