"""The rule book of one framework version: a self-contained HTML page that prints on A4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from include.documents.book import Book, Language, MeasureWords
from include.documents.markup import Markup, element, joined, table
from include.documents.rule_book_outcomes import (
    adjustments_part,
    certainty_part,
    colours_part,
    departments_part,
    problems_part,
    warnings_part,
)
from include.documents.rule_book_parts import general_part, indicator_cells, measures_part, structure_part
from include.scoring import Framework
from include.scoring.model_nodes import Indicator
from include.scoring.model_parts import Text
from include.scoring.tree import children_of


def write_rule_book(
    framework: Framework,
    path: Path | str,
    *,
    language: Language,
    measures: Mapping[str, MeasureWords] | None = None,
    departments: Mapping[str, Text] | None = None,
) -> None:
    """Write the rule book as HTML in UTF-8; the same framework gives the same bytes.

    Args:
        framework: the version to print.
        path: the file to write.
        language: zh or en; titles without English are shown in Chinese.
        measures: `feed.measure` → its title, formula and source, for the indicators that name it.
        departments: names of the departments in `rated_by`.
    """
    book = Book(framework, language, measures or {}, departments or {})
    Path(path).write_text(rule_book(book), encoding="utf-8", newline="\n")


def rule_book(book: Book) -> str:
    """Return the page."""
    framework = book.framework
    title = book.text(framework.title) if framework.title else framework.framework
    numbers = _numbers(framework)
    parts: list[tuple[str, Markup]] = [
        (book.pick("总则", "General"), general_part(book)),
        (book.pick("结构与分值", "Structure and points"), structure_part(book)),
        (book.pick("指标与评分规则", "Indicators and rules"), _indicators(book, numbers)),
        (book.pick("加减分与否决", "Adjustments and vetoes"), adjustments_part(book)),
        (book.pick("预警", "Warnings"), warnings_part(book)),
        (book.pick("颜色与等次", "Colours and grades"), colours_part(book)),
        (book.pick("共性问题与问题分类", "Common problems"), problems_part(book)),
        (book.pick("颜色与名次的可靠程度", "Certainty of colours and ranks"), certainty_part(book)),
        (book.pick("计量值定义", "Measures"), measures_part(book)),
        (book.pick("评价部门索引", "Index of departments"), departments_part(book, numbers)),
    ]
    filled = [(heading, part) for heading, part in parts if part]
    contents = [
        element("li", element("a", f"{place}  {heading}", href=f"#part-{place}"))
        for place, (heading, _) in enumerate(filled, start=1)
    ]
    body = joined(
        _cover(book, title),
        element("ul", *contents, class_="toc"),
        *(
            joined(element("h2", f"{place}  {heading}", id=f"part-{place}"), part)
            for place, (heading, part) in enumerate(filled, start=1)
        ),
    )
    style = Path(__file__).with_name("rule_book_style.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="{book.pick("zh-CN", "en")}">\n<head>\n<meta charset="utf-8">\n'
        f"{element('title', f'{title} {framework.version}')}\n<style>\n{style}</style>\n</head>\n"
        f"{element('body', body)}\n</html>\n"
    )


def _cover(book: Book, title: str) -> Markup:
    framework = book.framework
    until = f" {book.pick('至', 'to')} {framework.effective_to}" if framework.effective_to else ""
    facts = [
        (book.pick("体系代码", "Framework"), framework.framework),
        (book.pick("版本", "Version"), framework.version),
        (book.pick("适用期", "In force from"), f"{framework.effective_from or '—'}{until}"),
        (book.pick("指标数", "Indicators"), str(len(framework.indicators))),
        (book.pick("内容摘要", "Digest"), framework.digest[:16]),
    ]
    pairs = [joined(element("dt", name), element("dd", value)) for name, value in facts]
    return element(
        "header",
        element("h1", title),
        element("p", book.pick("评分规则手册", "Rule book"), class_="kind"),
        element("dl", *pairs),
    )


def _numbers(framework: Framework) -> dict[str, str]:
    """Number every group and indicator by its place in the tree: `1`, `1.2`, `1.2.3`."""
    nodes = (*framework.indicators, *framework.groups)
    below, numbers = children_of(framework), {}

    def visit(code: str | None, prefix: str) -> None:
        for place, row in enumerate(
            sorted(below[code], key=lambda row: row < len(framework.indicators)), start=1
        ):
            node = nodes[row]
            numbers[node.code] = f"{prefix}{place}"
            if row >= len(framework.indicators):
                visit(node.code, f"{prefix}{place}.")

    visit(None, "")
    return numbers


def _indicators(book: Book, numbers: Mapping[str, str]) -> Markup:
    """A table of indicators under each group that has any, in the order of the tree."""
    by_group: dict[str | None, list[Indicator]] = {}
    for indicator in book.framework.indicators:
        by_group.setdefault(indicator.group, []).append(indicator)
    groups = {group.code: group for group in book.framework.groups}
    parts = []
    for code in sorted(by_group, key=lambda code: _sortable(numbers[code]) if code else ()):
        indicators = sorted(by_group[code], key=lambda one: _sortable(numbers[one.code]))
        if code is not None:
            group = groups[code]
            above = [groups[group.parent]] if group.parent else []
            name = " · ".join(book.text(one.label) for one in (*above, group))
            amount = book.pick(f"{len(indicators)} 项", f"{len(indicators)} indicators")
            if group.points is not None:
                amount = f"{group.points:g} {book.pick('分', 'points')} · {amount}"
            parts.append(
                element(
                    "h3",
                    element("span", f"{numbers[code]}  {name}"),
                    element("span", amount, class_="amount"),
                )
            )
        scores = any(one.points is not None for one in indicators)
        heads = [
            book.pick("序号", "No."),
            book.pick("指标", "Indicator"),
            book.pick("分值", "Points") if scores else book.pick("权重", "Weight"),
            book.pick("评分规则", "Rule"),
            book.pick("计量与依据", "Measure and basis"),
        ]
        rows = [indicator_cells(book, one, numbers[one.code]) for one in indicators]
        parts.append(table(heads, rows, widths=(8, 21, 7, 27, 37)))
    return joined(*parts)


def _sortable(number: str) -> tuple[int, ...]:
    return tuple(int(step) for step in number.split("."))
