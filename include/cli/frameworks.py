"""`mingjing framework`: a framework as tables, as a workbook and back, as a difference, as a rule book."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from include.cli.options import AsJson, SiteFolder
from include.cli.sentences import WRONG, refuse, say, say_json
from include.site import FRAMEWORKS, MEASURES, Site, open_site

if TYPE_CHECKING:
    from include.documents.book import MeasureWords
    from include.scoring import Framework
    from include.scoring.model_parts import Text

frameworks = typer.Typer(
    no_args_is_help=True,
    help="指标体系:查看、导出、导入、比较、规则手册。 Frameworks: show, edit, compare, print.",
)


class Language(StrEnum):
    """Language of a document."""

    zh = "zh"
    en = "en"


_NAME_HELP = "名称、名称@版本、.yaml 或 .xlsx Name, name@version, .yaml or .xlsx"
Name = Annotated[str, typer.Argument(metavar="FRAMEWORK", help=_NAME_HELP)]
Replace = Annotated[bool, typer.Option("--replace", help="覆盖已有文件 Overwrite an existing file")]


@frameworks.command()
def show(name: Name, site: SiteFolder = None, as_json: AsJson = False) -> None:
    """查看一个指标体系。 Show a framework: groups, points, indicators and their rules in words."""
    from include.documents.plain import plain

    framework = _framework(name, _site(site))
    if as_json:
        say_json(plain(framework) | {"digest": framework.digest})
    else:
        Console().print(_overview(framework))


@frameworks.command()
def export(
    name: Name,
    workbook: Annotated[Path, typer.Argument(help="要写的 .xlsx The .xlsx to write")],
    site: SiteFolder = None,
    replace: Replace = False,
) -> None:
    """导出为可编辑的工作簿。 Write a framework as a workbook that can be edited and imported again."""
    from include.documents.workbook_write import write_workbook

    framework = _framework(name, _site(site))
    _free(workbook, ".xlsx", replace=replace)
    write_workbook(framework, workbook)
    say(f"已导出 {_named(framework)} 到 {workbook}。 {_named(framework)} written to {workbook}.")


@frameworks.command("import")
def import_workbook(
    workbook: Annotated[Path, typer.Argument(help="改好的工作簿 The edited workbook")],
    target: Annotated[Path, typer.Argument(help="要写的 framework.yaml The framework.yaml to write")],
    replace: Replace = False,
) -> None:
    """从工作簿导入。 Turn an edited workbook into a framework file; nothing is written where anything is wrong."""
    from include.documents.plain import as_yaml, plain
    from include.documents.workbook_read import read_workbook
    from include.scoring import Framework

    framework = Framework.from_dict(read_workbook(workbook), file=workbook.name)
    _free(target, ".yaml", replace=replace)
    target.write_text(as_yaml(plain(framework)), encoding="utf-8", newline="\n")
    say(
        f"已写入 {target}:{_named(framework)},{len(framework.indicators)} 个指标。下一步:mingjing check。\n"
        f"Written to {target}: {_named(framework)}, {len(framework.indicators)} indicators. Next: mingjing check."
    )


@frameworks.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_NAME_HELP)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=_NAME_HELP)],
    site: SiteFolder = None,
    as_json: AsJson = False,
) -> None:
    """比较两个指标体系。 Show what differs between two frameworks, and what it does to the points."""
    from include.documents.compare import compare, difference_text, points_totals

    opened = _site(site)
    before, after = _framework(old, opened), _framework(new, opened)
    if as_json:
        keys = ("kind", "list", "code", "field", "old", "new")
        changes = [{key: getattr(one, key) for key in keys} for one in compare(before, after)]
        totals = [
            {"code": one.code, "old_points": one.old_points, "new_points": one.new_points}
            | {"old_indicators": one.old_indicators, "new_indicators": one.new_indicators}
            for one in points_totals(before, after)
        ]
        say_json({"changes": changes, "points": totals})
    elif before.digest == after.digest:
        say("两者相同。 The two are the same.", style="green")
    elif Console().is_terminal:
        for table in _difference(before, after):
            Console().print(table)
    else:
        say(difference_text(before, after).rstrip())


@frameworks.command("rule-book")
def rule_book(
    name: Name,
    target: Annotated[Path, typer.Argument(help="要写的 .html The .html to write")],
    language: Annotated[Language, typer.Option(help="语言 Language of the book")] = Language.zh,
    site: SiteFolder = None,
    replace: Replace = False,
) -> None:
    """写出可打印的规则手册。 Write the rule book of a framework as a page that prints on A4."""
    from include.documents.rule_book import write_rule_book

    opened = _site(site)
    framework = _framework(name, opened)
    _free(target, ".html", replace=replace)
    write_rule_book(
        framework,
        target,
        language=language.value,
        measures=_measures(framework, opened),
        departments=_departments(opened),
    )
    say(
        f"已写入 {target},用浏览器打开即可打印。 Written to {target}: open it in a browser and print it.",
    )


def _site(folder: Path | None) -> Site | None:
    """The site where one is named; frameworks can be shown, compared and printed without."""
    return open_site(folder) if folder else None


def _framework(name: str, site: Site | None) -> Framework:
    """The framework of a name or file; of several versions, the one that took effect last."""
    from include.documents.workbook_read import read_workbook
    from include.pipeline.packs import shipped_versions, versions_of
    from include.scoring import Framework
    from include.scoring.periods import starts

    file = Path(name)
    if file.suffix == ".xlsx":
        return Framework.from_dict(read_workbook(file), file=file.name)
    if file.suffix in {".yaml", ".yml"}:
        return Framework.from_yaml(file)
    if site is not None:
        found = [(pack.own, pack.framework) for pack in versions_of(site, name)]
    else:
        code, _, version = name.partition("@")
        found = [(False, one) for one in shipped_versions(code) if version in {"", one.version}]
    if not found:
        known = ", ".join(sorted(path.parent.name for path in FRAMEWORKS.glob("*/framework.yaml")))
        refuse(
            f"没有指标体系 [{name}];随产品提供的有 {known},站点自己的请加 --site。 "
            f"There is no framework [{name}]; shipped are {known}; for a site's own give --site.",
            WRONG,
        )
    return max(
        found, key=lambda one: (one[0], starts(one[1].effective_from) if one[1].effective_from else (0, 0))
    )[1]


def _measures(framework: Framework, site: Site | None) -> dict[str, MeasureWords]:
    """What the measures of the framework mean, where their files are there."""
    from include.config import ConfigError
    from include.documents.book import MeasureWords
    from include.measures.definition import MeasuresDefinition
    from include.scoring.model_parts import Text

    found = {}
    for feed in sorted({name.partition(".")[0] for name in framework.measures if "." in name}):
        try:
            path = site.measures_path(feed) if site else MEASURES / f"{feed}.sql"
        except ConfigError:
            continue
        if path.is_file():
            for code, measure in MeasuresDefinition.from_sql(path).measures.items():
                found[f"{feed}.{code}"] = MeasureWords(
                    title=Text(zh=measure.title.zh, en=measure.title.en or None),
                    formula=Text(zh=measure.formula.zh, en=measure.formula.en or None),
                    source=measure.source,
                )
    return found


def _departments(site: Site | None) -> dict[str, Text]:
    from include.scoring.model_parts import Text

    suppliers = site.settings.suppliers if site else {}
    return {code: Text(zh=one.name.zh, en=one.name.en or None) for code, one in suppliers.items()}


def _free(target: Path, suffix: str, *, replace: bool) -> None:
    """End with a sentence where a file cannot be written as asked."""
    if target.suffix != suffix:
        refuse(f"[{target}] 应以 {suffix} 结尾。 [{target}] must end in {suffix}.", WRONG)
    if not target.parent.is_dir():
        refuse(f"没有目录 [{target.parent}]。 There is no folder [{target.parent}].", WRONG)
    if target.exists() and not replace:
        refuse(
            f"[{target}] 已存在;覆盖请加 --replace。 [{target}] exists: add --replace to overwrite it.", WRONG
        )


def _named(framework: Framework) -> str:
    return f"{framework.framework}@{framework.version}"


def _overview(framework: Framework) -> Table:
    """Groups and indicators in the order of the tree, each with its points and its rule in words."""
    from include.documents.rule_words import rule_words
    from include.scoring.tree import children_of

    title = f" {framework.title.zh} {framework.title.english}" if framework.title else ""
    table = Table(
        title=f"{_named(framework)}{title}", caption=f"{len(framework.indicators)} 个指标 indicators"
    )
    for header in ("项目\nitem", "分值\npoints", "规则\nrule"):
        table.add_column(header, justify="right" if header.startswith("分") else "left", overflow="fold")
    below, count = children_of(framework), len(framework.indicators)
    nodes = (*framework.indicators, *framework.groups)

    def visit(code: str | None, depth: int) -> None:
        for row in below[code]:
            node = nodes[row]
            amount = node.points if node.points is not None else node.weight
            name = f"{'  ' * depth}{escape(node.label.zh)} [dim]{escape(node.code)}[/dim]"
            rule = "" if row >= count else escape(rule_words(framework.indicators[row]).zh)
            table.add_row(name, "" if amount is None else f"{amount:g}", rule, style="" if rule else "bold")
            if row >= count:
                visit(node.code, depth + 1)

    visit(None, 0)
    return table


def _difference(old: Framework, new: Framework) -> Iterator[Table]:
    """The points of every group whose total or number of indicators changed, then every change."""
    from include.documents.compare import KIND_WORDS, compare, points_totals

    points = Table(title=f"{_named(old)} → {_named(new)}")
    for header in ("维度\ngroup", "原分值\nold points", "新分值\nnew points", "原指标\nold", "新指标\nnew"):
        points.add_column(header, justify="left" if header.startswith("维") else "right")
    for one in points_totals(old, new):
        figures = (one.old_points, one.new_points, one.old_indicators, one.new_indicators)
        if figures[0] != figures[1] or figures[2] != figures[3]:
            shown = ("—" if figure is None else f"{figure:g}" for figure in figures)
            points.add_row(f"{'  ' * one.depth}{escape(one.title.zh)}", *shown)
    if points.row_count:
        yield points
    changes = Table(show_lines=True)
    for header in ("变化\nchange", "对象\nitem", "字段\nfield", "原\nold", "新\nnew"):
        changes.add_column(header, overflow="fold")
    styles = {"added": "green", "removed": "red", "changed": "yellow", "moved": "cyan"}
    for change in compare(old, new):
        cells = (
            change.item.zh,
            change.words.zh if change.field else "",
            change.old or "—",
            change.new or "—",
        )
        changes.add_row(" ".join(KIND_WORDS[change.kind]), *map(escape, cells), style=styles[change.kind])
    yield changes
