"""A contract as a page for the department: HTML that needs nothing but itself, or Markdown."""

from __future__ import annotations

import re

from include.documents.feed_guide import ColumnGuide, FeedGuide, bounds_of
from include.documents.markup import Markup, element, joined, settings, table

_STYLE = """
body { font-family: "Noto Serif CJK SC", "Source Han Serif SC", SimSun, serif; max-width: 60em; margin: 2em auto;
  padding: 0 1em; color: #222; line-height: 1.6; }
h1 { color: #1f4e79; margin-bottom: 0; }
h2 { color: #1f4e79; border-bottom: 2px solid #1f4e79; margin-top: 2em; }
.en { color: #666; }
table { border-collapse: collapse; width: 100%; margin: .8em 0; }
th, td { border: 1px solid #bfbfbf; padding: .35em .6em; text-align: left; vertical-align: top; }
thead th { background: #1f4e79; color: #fff; }
.settings th { background: #ddebf7; width: 9em; }
@media print { body { margin: 0; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
_HEADS = (
    "列名 Column",
    "填写内容 What to enter",
    "必填 Required",
    "可选值或范围 Allowed",
    "示例 Example",
    "说明 Notes",
)
_WIDTHS = (15, 22, 8, 20, 11, 24)


def contract_html(guide: FeedGuide) -> str:
    """The page as one HTML document."""
    contract = guide.contract
    facts = [(f"{label.zh} {label.en}", _both(text.zh, text.en)) for label, text in guide.facts]
    rules = [element("li", *_two(rule.zh, rule.en)) for rule in guide.rules]
    body = [
        element("h1", contract.title.zh),
        element("p", f"{contract.title.en} · {contract.feed} · 版本 version {contract.version}", class_="en"),
        settings(facts),
        element("h2", "各列怎样填 Columns"),
        table(_HEADS, [_row(guide, column) for column in guide.columns], widths=_WIDTHS),
        *([element("h2", "校验规则 Rules"), element("ol", *rules)] if rules else []),
        element("h2", "也认的表头 Headers that are read too"),
        settings([(column.header, "、".join(_other_headers(column))) for column in guide.columns]),
    ]
    head = joined(
        Markup('<meta charset="utf-8">'),
        element("title", f"{contract.title.zh} 数据契约"),
        element("style", Markup(_STYLE)),
    )
    return (
        "<!DOCTYPE html>\n"
        + element("html", element("head", head), element("body", *body), lang="zh-CN")
        + "\n"
    )


def contract_markdown(guide: FeedGuide) -> str:
    """The page as Markdown."""
    contract = guide.contract
    lines = [
        f"# {contract.title.zh} {contract.title.en}".rstrip(),
        "",
        f"`{contract.feed}` · 版本 version {contract.version}",
        "",
        "| | |",
        "|---|---|",
        *(f"| **{label.zh}** {label.en} | {_cell(_both(text.zh, text.en))} |" for label, text in guide.facts),
        "",
        "## 各列怎样填 Columns",
        "",
        f"| {' | '.join(_HEADS)} |",
        "|" + "---|" * len(_HEADS),
        *("| " + " | ".join(map(_cell, _row(guide, column))) + " |" for column in guide.columns),
    ]
    if guide.rules:
        lines += ["", "## 校验规则 Rules", ""]
        lines += [f"{number}. {_both(rule.zh, rule.en)}" for number, rule in enumerate(guide.rules, start=1)]
    lines += ["", "## 也认的表头 Headers that are read too", "", "| 列名 Column | |", "|---|---|"]
    lines += [
        f"| {_cell(column.header)} | {_cell('、'.join(others))} |"
        for column in guide.columns
        if (others := _other_headers(column))
    ]
    return "\n".join(lines) + "\n"


def _row(guide: FeedGuide, column: ColumnGuide) -> tuple[str, ...]:
    low, high = bounds_of(guide.contract, column.column)
    bounds = (
        ""
        if low is None and high is None
        else f"{'不限' if low is None else f'{low:.12g}'} … {'不限' if high is None else f'{high:.12g}'}"
    )
    return (
        column.header,
        _both(column.kind.zh, column.kind.en),
        "是 yes" if column.required else "",
        bounds or "、".join(column.choices),
        column.example,
        column.note.zh if column.note else "",
    )


def _other_headers(column: ColumnGuide) -> tuple[str, ...]:
    accepted = (*column.column.headers, column.column.title)
    return tuple(dict.fromkeys(header for header in accepted if header != column.header))


def _both(zh: str, en: str) -> str:
    return f"{zh} {en}".strip()


def _two(zh: str, en: str) -> tuple[str, ...]:
    return (zh, element("div", en, class_="en")) if en else (zh,)


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).replace("|", "\\|")
