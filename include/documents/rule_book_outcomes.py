"""The parts of a rule book on what follows from the points, each as HTML; empty where there is nothing to say."""

from __future__ import annotations

from collections.abc import Mapping

from include.documents.book import Book
from include.documents.markup import Markup, element, joined, labelled, settings, table
from include.documents.words import COLOUR_WORDS, adjustment_words, condition_words, missing_words, share_text

_KINDS = {"bonus": ("加分", "Bonus"), "deduction": ("扣分", "Deduction"), "veto": ("否决", "Veto")}
_RULES = {
    "minmax": ("同类最小最大值法", "min–max among peers"),
    "zscore": ("同类标准分", "z-scores among peers"),
    "rank": ("同类名次", "ranks among peers"),
}
_MEANS = {
    "mean": ("加权平均", "weighted mean"),
    "geometric": ("加权几何平均", "weighted geometric mean"),
    "harmonic": ("加权调和平均", "weighted harmonic mean"),
}
_PLACES = {
    "index": ("指数", "the index"),
    "groups": ("各维度", "each group"),
    "indicators": ("各指标", "each indicator"),
}


def adjustments_part(book: Book) -> Markup:
    """Bonuses, deductions and vetoes."""
    rows = [
        [
            book.pick(*_KINDS[one.kind]),
            joined(element("p", book.text(one.label)), element("span", one.code, class_="code")),
            joined(
                element("p", book.text(adjustment_words(one))),
                labelled(book.pick("适用", "Applies to:"), book.listed(one.applies_to or ())),
                labelled(book.pick("说明", "Note:"), book.text(one.note) if one.note else ""),
            ),
            joined(element("p", one.source or ""), element("span", one.measure, class_="code")),
        ]
        for one in book.framework.adjustments
    ]
    heads = [
        book.pick("种类", "Kind"),
        book.pick("名称", "Name"),
        book.pick("规则", "Rule"),
        book.pick("依据", "Basis"),
    ]
    return table(heads, rows, widths=(10, 24, 40, 26))


def warnings_part(book: Book) -> Markup:
    """What raises a warning, and what is advised then."""
    rows = [
        [
            joined(element("p", book.text(one.label)), element("span", one.code, class_="code")),
            _target(book, one.on),
            book.text(condition_words(one.when)),
            _colour(book, one.colour),
            joined(
                element("p", book.text(one.advice) if one.advice else ""),
                labelled(book.pick("来源", "Source:"), one.source or ""),
                labelled(book.pick("说明", "Note:"), book.text(one.note) if one.note else ""),
            ),
        ]
        for one in book.framework.warnings
    ]
    heads = [
        book.pick("预警", "Warning"),
        book.pick("对象", "On"),
        book.pick("条件", "Where"),
        book.pick("颜色", "Colour"),
        book.pick("建议", "Advice"),
    ]
    lead = element(
        "p",
        book.pick("预警是线索,不是结论。", "A warning is a lead, not a finding."),
        class_="note",
    )
    return joined(lead, table(heads, rows, widths=(20, 20, 22, 10, 28))) if rows else Markup()


def _target(book: Book, on: str) -> str:
    place, _, code = on.partition(".")
    nodes = {node.code: node for node in (*book.framework.groups, *book.framework.indicators)}
    if code in nodes:
        return book.text(nodes[code].label)
    if code.startswith("depth"):
        depth = code.removeprefix("depth")
        return book.pick(f"第 {depth} 层各维度", f"each group at depth {depth}")
    words = {
        "index": ("指数", "the index"),
        "groups": ("各维度", "each group"),
        "indicators": ("各指标", "each indicator"),
    }
    return book.pick(*words[place])


def _colour(book: Book, colour: str) -> Markup:
    return element("span", book.pick(*COLOUR_WORDS[colour]), class_=f"colour {colour}")


def colours_part(book: Book) -> Markup:
    """Which index gives which colour and which grade."""
    framework, pick = book.framework, book.pick
    bands = [
        [_colour(book, band.colour), book.text(condition_words(band.when))]
        for band in framework.colours.bands
    ]
    bands.append([_colour(book, framework.colours.otherwise), pick("其余", "otherwise")])
    grades = [
        [
            joined(
                book.text(grade.title) if grade.title else grade.code,
                " ",
                element("span", grade.code, class_="code"),
            ),
            book.text(condition_words(grade.when)) if grade.when else pick("其余", "otherwise"),
        ]
        for grade in framework.grades
    ]
    lead = pick(
        "单位颜色取成立的界限、触发的预警和否决中最重的一种。",
        "A unit's colour is the worst of the bands that hold, its warnings and its vetoes.",
    )
    return joined(
        element("p", lead, class_="note"),
        table([pick("颜色", "Colour"), pick("条件", "Where")], bands, widths=(25, 75)),
        table(
            [pick("等次", "Grade"), pick("条件(取第一个成立的)", "Where (the first that holds)")],
            grades,
            widths=(25, 75),
        ),
    )


def certainty_part(book: Book) -> Markup:
    """Which choices and which counts are drawn again to say how sure a colour is; no score depends on it."""
    spec, pick = book.framework.certainty, book.pick
    if spec is None:
        return Markup()
    titles = {one.code: book.text(one.label) for one in book.framework.indicators}
    lead = pick(
        f"另算 {spec.draws} 次,每次对下列各项各取一种,看单位的颜色和名次是否改变;不影响得分。",
        f"Worked out {spec.draws} times more, each time with one of each below, to see whether colours and ranks "
        "change; no score depends on it.",
    )
    share = share_text(spec.weights)
    other = [_MEANS[kind] for level in spec.aggregation for kind in level.combine]
    rows = [
        (pick("权重", "Weights"), f"± {share}" if spec.weights else ""),
        (pick("标准化", "Normalisation"), book.listed([pick(*_RULES[kind]) for kind in spec.normalisation])),
        (pick("合成", "Aggregation"), book.listed([pick(*words) for words in dict.fromkeys(other)])),
        (
            pick("缺失", "Missing values"),
            book.listed([book.text(missing_words(one)) for one in spec.missing]),
        ),
        (
            pick("逐项剔除", "Left out"),
            pick("每次至多一项", "one indicator or none") if spec.leave_one_out else "",
        ),
        (
            pick("件数有限的比率", "Rates of few cases"),
            book.listed([titles[code] for code in spec.sampling.rates]),
        ),
        (
            pick("问卷均值(单份标准差)", "Survey means (spread of an answer)"),
            book.listed([f"{titles[one.indicator]} ({one.sd:g})" for one in spec.sampling.means]),
        ),
        (pick("种子", "Seed"), str(spec.seed)),
    ]
    return joined(element("p", lead), settings(rows))


def problems_part(book: Book) -> Markup:
    """When a problem is a common one, and the forms of problems."""
    rules, pick = book.framework.common_problems, book.pick
    below, share = share_text(rules.below), share_text(rules.share)
    lead = pick(
        f"得分率低于 {below} 为问题;同类被评单位中占比达到 {share} 且不少于 {rules.min_units} 个单位为共性问题。",
        f"A rate below {below} is a problem; it is common where {share} of the rated peers, and at least "
        f"{rules.min_units} units, have it.",
    )
    version = f"{pick('分类版本', 'Taxonomy')} {rules.taxonomy_version}" if rules.taxonomy_version else ""
    rows = [
        [form.aspect, form.class_, book.text(form.title) if form.title else form.code] for form in rules.forms
    ]
    heads = [pick("方面", "Aspect"), pick("类", "Class"), pick("表现", "Form")]
    return joined(
        element("p", lead),
        element("p", version, class_="note") if version else Markup(),
        table(heads, rows, widths=(30, 30, 40)),
    )


def departments_part(book: Book, numbers: Mapping[str, str]) -> Markup:
    """Which department rates which indicators."""
    by_department: dict[str, list[str]] = {}
    for indicator in book.framework.indicators:
        if indicator.rated_by:
            by_department.setdefault(indicator.rated_by, []).append(numbers[indicator.code])
    rows = [
        [book.department(code), str(len(found)), book.listed(found)]
        for code, found in sorted(by_department.items())
    ]
    heads = [
        book.pick("部门", "Department"),
        book.pick("项数", "Count"),
        book.pick("指标序号", "Numbers of its indicators"),
    ]
    return table(heads, rows, widths=(30, 10, 60))
