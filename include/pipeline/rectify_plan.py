"""What a final release asks to be put right: an item per confirmed warning, one per common problem and its lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from include.clocks import Clock, WorkingCalendar, due
from include.pipeline.catalogue import contract_of, packs_of
from include.pipeline.figures import read_history
from include.pipeline.judging import suppliers_of
from include.pipeline.terms import calendar_of, clocks_of
from include.quarters import Quarter
from include.reviews.loop import Rectification, Term, loop_of
from include.scoring import Framework, comparisons
from include.site import Site
from include.warehouse import reviews
from include.warehouse.rectification import ItemRow
from include.warehouse.register import read_aliases, read_posts, read_units
from include.warehouse.releases import Release
from include.warehouse.tables import dim_peer_group, fct_unit_score

COMMON, BAND = "common_problem", "band"


@dataclass(frozen=True)
class _Wanted:
    """What an item is about; who, how and until when follows from it."""

    kind: str
    unit_code: str
    rule_code: str
    target: str
    colour: str
    grade: str
    problem_zh: str
    goal_zh: str


def planned_items(
    connection: Connection, site: Site, release: Release, *, now: datetime, actor: str
) -> list[ItemRow]:
    """The items that a final release asks for, as they would be opened now.

    Raises:
        include.config.ConfigError: the pack's loop is wrong, or there is no such framework.
        KeyError: a term names a clock that does not exist (`mingjing check` says so first).
    """
    framework = _framework(site, release)
    rules = loop_of(site, release.framework_code).rectification
    today = now.astimezone(site.zone).date()
    posts = read_posts(connection, release.jurisdiction, as_of=today).sort_values("post_code")
    post_of = posts.drop_duplicates("unit_code").set_index("unit_code")["post_code"].to_dict()
    done = [one for one in reviews.reviews_of(connection, release.release_id) if one.outcome == "completed"]
    counted = _Days(calendar_of(site), clocks_of(site))
    wanted = [
        *_individual(connection, release, framework),
        *_common(connection, site, release, framework, rules, today),
    ]
    return [
        _item(
            release, rules, one, today, counted,
            post=post_of.get(one.unit_code, ""),
            review_id=done[-1].review_id if done else 0,
            now=now,
            actor=actor,
        )
        for one in wanted
    ]  # fmt: skip


def _framework(site: Site, release: Release) -> Framework:
    packs = {
        pack.framework.framework: pack.framework for pack in packs_of(site, Quarter.parse(release.period))
    }
    return packs[release.framework_code]


def _individual(connection: Connection, release: Release, framework: Framework) -> Iterator[_Wanted]:
    advice = {rule.code: rule.advice.zh for rule in framework.warnings if rule.advice is not None}
    grades = _grades(connection, release)
    confirmed = reviews.confirmed_warnings(connection, release.release_id)
    # The colour band says of the index what a warning on the index says: one problem, one item.
    told = set(
        confirmed.loc[(confirmed["target"] == "index") & (confirmed["rule_code"] != BAND), "unit_code"]
    )
    for row in confirmed.to_dict("records"):
        title, said, rule = row["title_zh"], row["sentence_zh"], row["rule_code"]
        if rule == BAND and row["unit_code"] in told:
            continue
        yield _Wanted(
            "individual", row["unit_code"], rule, row["target"], row["colour"], grades.get(row["unit_code"], ""),
            problem_zh=said if said.startswith(title) else f"{title}:{said}",
            goal_zh=row["advice_zh"] or advice.get(rule) or _goal(rule, title),
        )  # fmt: skip


def _goal(rule: str, title: str) -> str:
    if rule == BAND:
        return "使指数回到绿色界限以上"
    # What was confirmed as a fact cannot be undone by a better figure.
    return f"查明“{title}”的原因,纠正到位,防止再次发生" if rule.startswith("veto.") else f"消除“{title}”"


def _common(
    connection: Connection,
    site: Site,
    release: Release,
    framework: Framework,
    rules: Rectification,
    today: date,
) -> Iterator[_Wanted]:
    quarter = Quarter.parse(release.period)
    result = read_history(connection, {quarter: release}, framework)[str(quarter)]
    found = comparisons.problems(result, framework)
    found = found[found["common"]]
    code = found["form"].where(found["form"].notna(), found["indicator"])
    groups = _peer_groups(connection, release.jurisdiction)
    codes = _unit_codes(connection, release.jurisdiction, today)
    below = framework.common_problems.below
    for names, rows in found.assign(code=code).groupby(["peer_group", "code"], sort=True):
        peer_group, problem = (str(name) for name in names)
        units, worst = rows["unit"].nunique(), str(rows["indicator"].value_counts().index[0])
        title = _title(framework, problem)
        supplier = _lead(site, framework, rules, problem, worst)
        yield _Wanted(
            "common", _as_unit(site, supplier, codes), COMMON, f"{peer_group}/{problem}", "", "",
            problem_zh=f"{groups.get(peer_group, peer_group)}中 {units} 家单位“{title}”得分率低于 {below:.0%}",
            goal_zh=f"牵头专项整治“{title}”,使得分率低于 {below:.0%} 的单位不再构成共性问题",
        )  # fmt: skip


def _lead(site: Site, framework: Framework, rules: Rectification, problem: str, indicator: str) -> str:
    """The department that leads: as the pack says, else who rates the indicator, else who sends its feed."""
    one = next(item for item in framework.indicators if item.code == indicator)
    if named := rules.leads.get(problem) or rules.leads.get(indicator) or one.rated_by:
        return named
    feed = (one.measure or one.code).partition(".")[0]
    return suppliers_of(site, contract_of(site, feed))[0] if feed in site.feeds else ""


def _as_unit(site: Site, supplier: str, codes: Mapping[str, str]) -> str:
    """The lead as the register knows it; its supplier code where the register does not."""
    known = site.settings.suppliers.get(supplier)
    return codes.get(known.name.zh, supplier) if known else supplier


def _title(framework: Framework, code: str) -> str:
    forms = {form.code: form.title for form in framework.common_problems.forms}
    titles = {item.code: item.label for item in framework.indicators}
    return (forms.get(code) or titles[code]).zh


def _unit_codes(connection: Connection, jurisdiction: str, today: date) -> dict[str, str]:
    units = read_units(connection, jurisdiction, as_of=today)
    aliases = read_aliases(connection, jurisdiction, as_of=today)
    found = dict(zip(aliases["alias"], aliases["unit_code"], strict=True))
    return found | dict(zip(units["name"], units["unit_code"], strict=True))


def _peer_groups(connection: Connection, jurisdiction: str) -> dict[str, str]:
    table = dim_peer_group.c
    query = select(table.peer_group, table.title_zh).where(
        table.jurisdiction == jurisdiction, table.retired_import_id == 0
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _grades(connection: Connection, release: Release) -> dict[str, str]:
    table = fct_unit_score.c
    query = select(table.unit_code, table.grade).where(
        table.release_id == release.release_id, table.quarter == release.period
    )
    return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True)
class _Days:
    """What terms are counted with."""

    calendar: WorkingCalendar
    clocks: Mapping[str, Clock]


def _item(
    release: Release,
    rules: Rectification,
    wanted: _Wanted,
    today: date,
    counted: _Days,
    *,
    post: str,
    review_id: int,
    now: datetime,
    actor: str,
) -> ItemRow:
    required = rules.required(wanted.colour, wanted.grade)
    term = rules.common_term if wanted.kind == "common" else (required and required.term) or rules.term
    days, kind, extension_days = _frozen(counted, term, rules, today)
    until = due(today, days=days, kind=kind, calendar=counted.calendar)  # type: ignore[arg-type]
    about = {name: value for name, value in vars(wanted).items() if name != "grade"}
    return ItemRow(
        item_id=0,
        jurisdiction=release.jurisdiction,
        framework_code=release.framework_code,
        period=release.period,
        release_id=release.release_id,
        review_id=review_id,
        **about,
        required_action_zh=required.action.zh if required else "",
        post=post,
        clock=term.clock,
        term_days=days,
        term_kind=kind,
        extension_days=extension_days,
        opened_on=today.isoformat(),
        due_on=until.on.isoformat(),
        due_provisional=until.provisional,
        opened_at=now,
        opened_by=actor,
    )


def _frozen(counted: _Days, term: Term, rules: Rectification, today: date) -> tuple[int, str, int]:
    """A term in days as it is on the day it begins, so that a later change to clock or pack moves no running one."""
    if term.days is not None and term.kind is not None:
        return term.days, term.kind, rules.extension_days
    clock = counted.clocks[term.clock]
    days = clock.days
    if days is None:
        days = (clock.due(today, counted.calendar).on - today).days
    return days, clock.kind, clock.extension_days
