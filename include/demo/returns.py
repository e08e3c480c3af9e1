"""Feeds with one row per unit, or per unit and item: ratings, survey, finance, appraisals."""

from __future__ import annotations

from datetime import date

import numpy as np

from include.demo.cells import BLANK, Columns, dates, day_number, rounded, unit_names, where
from include.demo.county import FIRST, items, load_weights, units
from include.demo.quality import hits, offenders, stream, well
from include.quarters import Quarter

_DIMENSIONS = {
    "stance": "政治生态坚定度",
    "duty": "政治责任落实度",
    "power": "权力运行约束度",
    "discipline": "纪律规矩严明度",
    "appointment": "选人用人规范度",
    "conduct": "作风建设优良度",
    "integrity": "清正廉洁自律度",
    "satisfaction": "群众评价认可度",
}
_REASONS = np.array(["台账更新不及时", "佐证材料不全", "会议记录不规范", "措施未按期完成"], dtype=object)


def department_ratings(quarter: Quarter, supplier: str, *, mistaken: bool = False) -> Columns:
    """The ratings one department gives; `mistaken`: some filled in on 100, as in the held file."""
    rng = stream("department_ratings", supplier, quarter)
    own = [item for item in items() if item["supplier"] == supplier]
    size = len(units())
    owners = np.tile(np.arange(size), len(own))
    item = np.repeat(np.arange(len(own)), size)
    possible = np.array([float(one["points_possible"]) for one in own])[item]
    rates = np.concatenate([_rates(one, quarter) for one in own])
    given = np.round(possible * rates, 1)
    lost = given < possible
    if mistaken:
        given = np.where(rng.random(given.size) < 0.15, np.round(rates * 100, 1), given)
    columns = {
        "序号": np.arange(1, owners.size + 1).astype(object),
        "被评价单位": unit_names(rng, owners),
        "维度代码": np.array([one["dimension"] for one in own], dtype=object)[item],
        "维度": np.array([_DIMENSIONS[one["dimension"]] for one in own], dtype=object)[item],
        "评价项|代码": np.array([one["item"] for one in own], dtype=object)[item],
        "评价项|名称": np.array([one["title"] for one in own], dtype=object)[item],
        "分值|应得": possible.astype(object),
        "分值|实得": given.astype(object),
        "扣分理由": where(lost & (rng.random(given.size) < 0.6), _REASONS[rng.integers(0, 4, given.size)]),
    }
    return _with_stranger(columns, "被评价单位", f"明镜县{quarter.year}年临时专班")


def public_survey(quarter: Quarter) -> Columns:
    """Aggregated survey scores by unit."""
    rng = stream("public_survey", quarter)
    doing, size = well("public_survey", quarter), len(units())
    invited = rng.integers(150, 400, size)
    level = 100 * (1 - 1.5 * (1 - doing))
    columns = {
        "单位名称": unit_names(rng, np.arange(size)),
        "发放份数": invited.astype(object),
        "有效份数": np.floor(invited * rng.uniform(0.7, 0.9, size)).astype(np.int64).astype(object),
        "总体评价得分": rounded(level),
        "廉洁感受得分": rounded(np.clip(level + rng.normal(0, 0.8, size), 0, 100)),
        "作风感受得分": rounded(np.clip(level + rng.normal(0, 0.8, size), 0, 100)),
    }
    return _with_stranger(columns, "单位名称", "明镜县城投集团")


def self_evaluation(quarter: Quarter) -> Columns:
    """What units score themselves: kinder than others are."""
    rng = stream("self_evaluation", quarter)
    doing, size = well("self_evaluation", quarter), len(units())
    return {
        "单位名称": unit_names(rng, np.arange(size)),
        "自评得分": rounded(np.clip(100 * (1 - 0.6 * (1 - doing)), 0, 100), 1),
        "提交日期": dates(rng, day_number(quarter.end) + rng.integers(1, 9, size), styles=(0, 2)),
    }


def yearly_appraisal(quarter: Quarter) -> Columns:
    """Scores of the year that ends with `quarter`."""
    rng = stream("yearly_appraisal", quarter)
    score = np.round(100 * (1 - 1.2 * (1 - well("yearly_appraisal", quarter))), 2)
    grade = np.select([score >= 95, score >= 85, score >= 75], ["优秀", "良好", "一般"], "较差").astype(
        object
    )
    return {
        "单位名称": unit_names(rng, np.arange(score.size)),
        "考核截止日": dates(rng, np.full(score.size, day_number(date(quarter.year, 12, 31)))),
        "考核得分": score.astype(object),
        "考核等次": grade,
    }


def finance(quarter: Quarter) -> Columns:
    """Budget execution, public expenses, balances, staff, procurement and disclosure; money in 万元."""
    rng = stream("finance", quarter)
    doing, size = well("finance", quarter), len(units())
    budget = 120 + 9_000 * load_weights() * stream("budget").uniform(0.9, 1.1, size)
    spent = budget * np.clip(0.98 - 1.3 * (0.96 - doing), 0.4, 1.05)
    step = quarter.since(FIRST)
    # Expenses sink by a percent and a half each quarter; where a unit does badly they rise.
    thrift = (0.985 + 0.2 * np.maximum(0, 0.93 - doing)) ** step
    expenses = budget * 0.02 * thrift * rng.uniform(0.99, 1.01, size)
    posts = np.rint(12 + 1_800 * load_weights())
    planned = budget * 0.15
    approved = _approved(rng, quarter, size)
    published = np.where(
        approved == BLANK, BLANK, approved + np.where(hits(rng, np.arange(size), doing), 15, 26)
    )
    due = np.rint(6 + 700 * load_weights()).astype(np.int64)
    paid = np.floor(due * (1 - 1.2 * (1 - doing)) + 0.5).astype(np.int64)
    money = {
        "预算执行|本季预算数(万元)": budget,
        "预算执行|本季调整数(万元)": budget * rng.normal(0, 0.01, size),
        "预算执行|本季支出数(万元)": spent,
        "季末余额|结转结余(万元)": spent * 4 * (0.05 + 0.5 * (1 - doing)),
        "季末余额|应付(暂存)款(万元)": spent * 0.2,
        "季末余额|应收(暂付)款(万元)": spent * 0.1,
        "三公经费|因公出国(境)费(万元)": np.zeros(size),
        "三公经费|公务接待费(万元)": expenses * 0.4,
        "三公经费|公务用车购置费(万元)": np.zeros(size),
        "三公经费|公务用车运行维护费(万元)": expenses * 0.6,
    }
    columns = {
        "单位名称": unit_names(rng, np.arange(size)),
        "季度": np.full(size, str(quarter), dtype=object),
        **{header: rounded(amount) for header, amount in money.items()},
        "人员|编制数": posts.astype(np.int64).astype(object),
        "人员|在职人数": np.floor(posts * rng.uniform(0.9, 1.0, size)).astype(np.int64).astype(object),
        "政府采购|采购预算(万元)": rounded(planned),
        "政府采购|实际采购(万元)": rounded(planned * np.clip(1 - 1.2 * (1 - doing), 0, 1)),
        "预决算公开|批复日期": dates(rng, approved),
        "预决算公开|公开日期": dates(rng, published, styles=(0, 3)),
        "中小企业账款|到期应付笔数": due.astype(object),
        "中小企业账款|按期支付笔数": paid.astype(object),
    }
    return _with_stranger(columns, "单位名称", "明镜县城投集团")


def _rates(item: dict[str, str], quarter: Quarter) -> np.ndarray:
    """Share of an item's points that each unit is given."""
    rng = stream("item", item["item"], quarter)
    doing = well(f"rating {item['dimension']}", quarter)
    rates = 1 - 1.5 * (1 - doing) + stream("item", item["item"]).normal(0, 0.015, doing.size)
    rates += rng.normal(0, 0.005, doing.size)
    # The planted township is weakest where the printed one is.
    weak = {"power": 0.146, "duty": 0.114, "discipline": 0.114}.get(item["dimension"], 0.084)
    rates[offenders("low_throughout", quarter)] -= weak
    return np.clip(rates, 0.3, 1.0)


def _approved(rng: np.random.Generator, quarter: Quarter, size: int) -> np.ndarray:
    """Budgets are approved in February, final accounts in August."""
    month = {1: 2, 3: 8}.get(quarter.number)
    if month is None:
        return np.full(size, BLANK)
    return day_number(date(quarter.year, month, 1)) + rng.integers(0, 20, size)


def _with_stranger(columns: Columns, header: str, name: str) -> Columns:
    """Add one row of a body that is not in the register, at the end."""
    made = {key: np.append(cells, cells[-1:]) for key, cells in columns.items()}
    made[header][-1] = name
    return made
