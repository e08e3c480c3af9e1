"""Conditions, adjustments and the treatment of missing values in words, Chinese and English."""

from __future__ import annotations

from typing import Any

from include.documents.plain import flow, number_text
from include.scoring.model_nodes import Adjustment, Effect
from include.scoring.model_parts import Text
from include.scoring.model_rules import Missing
from include.scoring.states import STATE_NAMES
from include.scoring.when import Condition, Term

COLOUR_WORDS = {"green": ("绿", "green"), "yellow": ("黄", "yellow"), "red": ("红", "red")}
_TERMS = {
    "value": ("计量值", "value"),
    "rate": ("得分率", "rate"),
    "points": ("得分", "points"),
    "change": ("较上期变化", "change since the previous period"),
    "change_yoy": ("较上年同期变化", "change since the same period of the year before"),
    "rank_share": ("名次占比", "share of peers ranked before it or with it"),
    "state": ("状态", "state"),
}
_OPERATORS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_STATES = {
    "value": ("有值", "value"),
    "missing": ("缺失", "missing"),
    "not_applicable": ("不适用", "not applicable"),
    "suppressed": ("不公开", "suppressed"),
    "not_rated": ("不评", "not rated"),
    "imputed": ("填补", "imputed"),
}


def condition_words(condition: Condition) -> Text:
    """Say a `when` in words: `得分率 < 82%`."""
    parts = [
        (_term(one.term), _OPERATORS[one.operator], _operand(one.term, one.operand))
        for one in condition.comparisons
    ]
    return Text(
        zh=" 且 ".join(f"{term[0]} {operator} {operand[0]}" for term, operator, operand in parts),
        en=" and ".join(f"{term[1]} {operator} {operand[1]}" for term, operator, operand in parts),
    )


def state_words(state: str) -> Text:
    """Say why a cell has, or has not, a number."""
    zh, en = _STATES[state]
    return Text(zh=zh, en=en)


def missing_words(missing: Missing) -> Text:
    """Say what a missing value counts as."""
    among = within_words(missing.within)
    constant = number_text(missing.constant) if missing.constant is not None else ""
    return {
        "skip": Text(zh="不计入得分,也不计入可评分值", en="left out of points and of what is attainable"),
        "zero": Text(zh="记零分", en="counts as zero"),
        "not_rated": Text(zh="不评,分值不计入可评分值", en="not rated; its points are no longer attainable"),
        "mean": Text(zh=f"以{among[0]}的均值代替", en=f"takes the mean of {among[1]}"),
        "median": Text(zh=f"以{among[0]}的中位数代替", en=f"takes the median of {among[1]}"),
        "previous": Text(zh="沿用上期", en="takes the previous period's"),
        "constant": Text(zh=f"以 {constant} 代替", en=f"takes {constant}"),
    }[missing.kind]


def adjustment_words(adjustment: Adjustment) -> Text:
    """Say what an adjustment adds, takes or forbids."""
    verb = {"bonus": ("加", "adds"), "deduction": ("扣", "takes"), "veto": ("", "")}[adjustment.kind]
    when = condition_words(adjustment.when) if adjustment.when else None
    zh = f"当{when.zh}时," if when else ""
    en = f"where {when.en}: " if when else ""
    if adjustment.effect is not None:
        effect = _effect(adjustment.effect)
        zh, en = f"{zh}{effect[0]}", f"{en}{effect[1]}"
    elif adjustment.keys is not None:
        zh += f"按级{verb[0]}分:{keys_words(adjustment.keys)}"
        en += f"{verb[1]} points by key: {keys_words(adjustment.keys)}"
    elif adjustment.per is not None:
        zh += f"计量值每 1 {verb[0]} {number_text(adjustment.per)} 分"
        en += f"{verb[1]} {number_text(adjustment.per)} points for each 1 of the measure"
    elif adjustment.points is not None:
        zh += f"一次{verb[0]} {number_text(adjustment.points)} 分"
        en += f"{verb[1]} {number_text(adjustment.points)} points once"
    if adjustment.cap is not None:
        zh += f",最多 {number_text(adjustment.cap)} 分"
        en += f", at most {number_text(adjustment.cap)}"
    return Text(zh=f"{zh}。", en=f"{en}.")


def _effect(effect: Effect) -> tuple[str, str]:
    zh, en = [], []
    if effect.colour is not None:
        zh.append(f"定为{COLOUR_WORDS[effect.colour][0]}色")
        en.append(f"colour {effect.colour}")
    if effect.index_at_most is not None:
        zh.append(f"指数不超过 {number_text(effect.index_at_most)}")
        en.append(f"index at most {number_text(effect.index_at_most)}")
    if effect.grade is not None:
        zh.append(f"等次定为 {effect.grade}")
        en.append(f"grade {effect.grade}")
    return "、".join(zh), ", ".join(en)


def share_text(value: float) -> str:
    """Write a share between 0 and 1 as a percentage, other numbers as they are."""
    return f"{number_text(round(value * 100, 10))}%" if 0 <= value <= 1 else number_text(value)


def _term(term: Term) -> tuple[str, str]:
    if term.name == "quarters_below":
        limit = share_text(term.argument or 0.0)
        return f"得分率连续低于 {limit} 的期数", f"periods in a row with a rate below {limit}"
    return _TERMS[term.name]


def _operand(term: Term, operand: float) -> tuple[str, str]:
    if term.name == "state":
        return _STATES[STATE_NAMES[int(operand)]]
    shown = share_text(operand) if term.name in {"rate", "rank_share"} else number_text(operand)
    return shown, shown


def within_words(name: str) -> tuple[str, str]:
    """Say which units are compared with each other."""
    known = {"all": ("全部单位", "all units"), "peer_group": ("同类单位", "its peer group")}
    return known.get(name, (f"同一 {name} 的单位", f"units of the same {name}"))


def keys_words(keys: Any) -> str:
    """Write points by key."""
    return flow(keys, braces=False)
