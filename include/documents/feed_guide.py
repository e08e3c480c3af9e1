"""What a department needs to know to fill in and send a feed, in words: made from its contract and the site."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.config import Words
from include.documents.book import printed
from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import Between, OneOf

_TYPES = {
    "string": ("文字", "text"),
    "integer": ("整数", "whole number"),
    "number": ("数字", "number"),
    "date": ("日期", "date"),
    "timestamp": ("日期和时刻", "date and time"),
    "boolean": ("是或否", "yes or no"),
}
_UNITS = {
    "元": ("单位:元", "in yuan"),
    "万元": ("单位:万元", "in units of 10,000 yuan"),
    "百分比": ("百分数:85 表示 85%,不要输入 %", "per cent: 85 means 85 %, without the sign"),
}
_EXAMPLES = {"integer": "12", "number": "12.5", "date": "2026-07-01", "timestamp": "2026-07-01 08:30"}
_CADENCE = {
    "month": ("每月", "every month"),
    "quarter": ("每季度", "every quarter"),
    "year": ("每年(随第四季度)", "every year, with the fourth quarter"),
    "on_event": ("有事项才报,无事项不必报送", "when something happened; no file means nothing happened"),
}
_CORRECTION = {
    "replace": (
        "发现差错,改正后整份重新报送,以最新一份为准。",
        "Send the whole file again; the newest of a quarter stands.",
    ),
    "upsert": (
        "只报新增或更正的行即可,同一主键以最新一行为准。",
        "Send new or corrected rows; the newest row of each key stands.",
    ),
    "append": (
        "只报新增的行,不要重复以前报过的行。",
        "Send new rows only, never those that were sent before.",
    ),
}
_SAVED = {
    False: ("保存后", "Save it"),
    True: ("填好后把填报的工作表另存为 CSV(UTF-8),", "Save the sheet that you filled in as CSV (UTF-8)"),
}
_COLOURS = (
    "表头深色的列每行必填,浅色的可以留空;鼠标停在表头上可看填法。",
    "Dark headers need a value in every row, light ones may stay empty; point at a header to see what to enter.",
)
_PRIVACY = {
    "personal": (
        "个人信息:只用于校验,不入库,不外传。",
        "Personal: checked, never stored past landing.",
    ),
    "pseudonym": (
        "个人信息:不入库,只可化为加密代号。",
        "Personal: never stored; a keyed pseudonym at most.",
    ),
}
_NAMES = (
    "{title}2026Q3",
    "{title}2026年第3季度",
    "{title}2026年3季度",
    "{title}_2026-07-01",
    "{title}20260701",
)


@dataclass(frozen=True)
class ColumnGuide:
    """One column as the department fills it in."""

    column: Column
    header: str
    kind: Words
    choices: tuple[str, ...]
    example: str
    note: Words | None

    @property
    def required(self) -> bool:
        """Whether every row needs a value."""
        return self.column.required or self.column.key


@dataclass(frozen=True)
class FeedGuide:
    """A feed's guide: `facts` are (label, text) pairs, `rules` the rules of its rows, in the contract's order."""

    contract: Contract
    facts: tuple[tuple[Words, Words], ...]
    columns: tuple[ColumnGuide, ...]
    rules: tuple[Words, ...]


def feed_guide(
    contract: Contract, *, suppliers: Mapping[str, str], deadline_days: int, folders: Sequence[str]
) -> FeedGuide:
    """Put a contract into words.

    Args:
        contract: the feed's.
        suppliers: code → name of those who send it.
        deadline_days: the site's, after the end of the quarter.
        folders: where they put their files, relative to the inbox.
    """
    return FeedGuide(
        contract,
        tuple(_facts(contract, suppliers, deadline_days, folders)),
        tuple(_column(contract, column) for column in contract.columns if _is_asked(column)),
        tuple(_words(rule.title.zh, rule.title.en) for rule in contract.rules),
    )


def header_of(column: Column) -> str:
    """The header as the department knows it: the first that stands in one row, else the title."""
    return next((header for header in column.headers if "|" not in header), column.title)


def _words(zh: str, en: str) -> Words:
    return Words(zh=printed(zh), en=en)


def _is_asked(column: Column) -> bool:
    """Nobody is asked for what is thrown away: personal columns only where a file must have them."""
    return not (column.may_be_absent and column.is_hidden)


def _column(contract: Contract, column: Column) -> ColumnGuide:
    choices = choices_of(contract, column)
    zh, en = ("从列表选择", "one of the list") if choices else _TYPES[column.type]
    if column.unit:
        zh, en = f"{zh},{_UNITS[column.unit][0]}", f"{en}, {_UNITS[column.unit][1]}"
    quarter = contract.time.quarter_from
    if quarter is not None and quarter.column == column.name and column.type == "string":
        zh, en = "季度,如 2026Q3", "a quarter such as 2026Q3"
    if column.name == contract.unit.column and not contract.unit.register_from_feed:
        zh, en = "单位名称或代码,须与单位名录一致", "name or code of a unit, as in the register"
    return ColumnGuide(
        column,
        header_of(column),
        _words(zh, en),
        choices,
        _example(contract, column, choices),
        _note(column),
    )


def choices_of(contract: Contract, column: Column) -> tuple[str, ...]:
    """What may be chosen: the values of a rule that refuses all others, or the words for yes and no."""
    if column.type == "boolean":
        return (column.true_values[0], column.false_values[0])
    lists = [
        rule.values
        for rule in contract.rules
        if isinstance(rule, OneOf) and rule.column == column.name and rule.severity != "warn"
    ]
    return tuple(value for value in lists[0] if all(value in other for other in lists)) if lists else ()


def bounds_of(contract: Contract, column: Column) -> tuple[float | None, float | None]:
    """The least and the greatest number that the rules let through, as it is written in the file."""
    scale = {"万元": 1e-4, "百分比": 100.0}.get(column.unit, 1.0)
    low: float | None = None
    high: float | None = None
    for rule in contract.rules:
        if isinstance(rule, Between) and rule.column == column.name and rule.severity != "warn":
            low = rule.min if low is None or (rule.min is not None and rule.min > low) else low
            high = rule.max if high is None or (rule.max is not None and rule.max < high) else high
    return tuple(None if bound is None else float(f"{bound * scale:.12g}") for bound in (low, high))  # type: ignore[return-value]


def _example(contract: Contract, column: Column, choices: tuple[str, ...]) -> str:
    if column.examples:
        return column.examples[0]
    if choices:
        return choices[0]
    quarter = contract.time.quarter_from
    if quarter is not None and quarter.column == column.name and column.type == "string":
        return "2026Q3"
    low, _ = bounds_of(contract, column)
    example = _EXAMPLES.get(column.type, "")
    return f"{low:g}" if low is not None and example and low > float(example) else example


def _note(column: Column) -> Words | None:
    parts = [part for part in (column.description, *_PRIVACY.get(column.privacy, ())) if part]
    return _words(" ".join(parts), "") if parts else None


def _facts(
    contract: Contract, suppliers: Mapping[str, str], deadline_days: int, folders: Sequence[str]
) -> list[tuple[Words, Words]]:
    time, as_csv = contract.time, "xlsx" not in contract.files
    names = "、".join(suppliers.values())
    facts = [
        (("用途", "Purpose"), (contract.purpose, "")),
        (("每行是什么", "One row is"), (contract.grain, "")),
        (("报送单位", "Sent by"), (names, "")),
        (
            ("报送频率", "How often"),
            _CADENCE[time.cadence] if time.kind != "register" else ("名录变动时", "when it changes"),
        ),
    ]
    if time.kind != "register" and time.cadence != "on_event":
        deadline = (
            f"季度终了后 {deadline_days} 日内(含当日,至 23:59:59)",
            f"within {deadline_days} days after the end of the quarter, the last day included",
        )
        facts.append((("报送期限", "Deadline"), deadline))
    sending = (
        f"{_SAVED[as_csv][0]}放入收件目录 {'、'.join(folders)};可用格式 {'、'.join(contract.files)}。不要改动表头。",
        f"{_SAVED[as_csv][1]} and put it into the inbox folder {', '.join(folders)}; formats "
        f"{', '.join(contract.files)}. Leave the header as it is.",
    )
    facts.append((("怎样报送", "How to send"), sending))
    if example := _file_name(contract):
        named = (
            f"须写明所属季度或日期,如 {example}.{contract.files[0]}",
            f"must tell the quarter or the day, such as {example}.{contract.files[0]}",
        )
        facts.append((("文件名", "File name"), named))
    facts += [
        (("必填与可不填", "Required or not"), _COLOURS),
        (("本季无事项", "Nothing to report"), _nil(contract)),
        (("更正", "Corrections"), _CORRECTION[time.delivery]),
        (
            ("个人信息", "Personal data"),
            (
                "不要增加姓名、身份证号、电话、住址等列;未列出的列不会入库。",
                "Add no columns of names, identity numbers, telephones or addresses; columns not listed are dropped.",
            ),
        ),
    ]
    return [
        (Words(zh=label_zh, en=label_en), Words(zh=zh, en=en))
        for (label_zh, label_en), (zh, en) in facts
        if zh
    ]


def _nil(contract: Contract) -> tuple[str, str]:
    """How to say that there is nothing to report; nothing for a register, or a feed that is sent on events only."""
    if (
        contract.time.kind == "register"
        or contract.time.cadence == "on_event"
        or not contract.layout.nil_marks
    ):
        return "", ""
    mark = contract.layout.nil_marks[0]
    return (
        f"保留表头,在第 2 行第一格写“2026Q3 {mark}”(写所属季度),不填数据行。",
        f"Keep the header, write [2026Q3 {mark}], with the quarter, into the first cell of row 2, and enter no rows.",
    )


def _file_name(contract: Contract) -> str:
    """A name that the contract's patterns read, where they read any of the usual ones."""
    source = contract.time.quarter_from
    patterns = [
        pattern for pattern in (source.filename if source else "", contract.time.as_of_filename) if pattern
    ]
    for form in _NAMES if patterns else ():
        name = form.format(title=contract.title.zh)
        if all(re.search(pattern, name) for pattern in patterns):
            return name
    return ""
