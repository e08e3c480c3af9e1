"""The precision ledger: how often each rule was right, by its reviewers and by what inspections found afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, select, text

from include.pipeline.catalogue import known_versions
from include.pipeline.ready import received_deliveries
from include.pipeline.registers import StandingRegister, standing_register
from include.pipeline.staged_rows import staged_rows
from include.quarters import Quarter
from include.reviews.backtest import backtest, outcomes, wilson
from include.reviews.loop import loop_of
from include.reviews.precision import Backtest, Precision
from include.scoring import Framework
from include.site import Site
from include.warehouse import releases, reviews
from include.warehouse.releases import Release
from include.warehouse.store import open_warehouse, reading
from include.warehouse.tables import release, release_pointer

ANY = "*"
"""The row of the backtest that takes all rules together."""
_AHEAD, _BACK = 8, 60
"""Problems are staged by the quarter in which they fall due, which may lie after the one they were found in."""
_LEDGER = text(
    "SELECT framework_version, rule_code, MAX(title_zh) AS title_zh, SUM(raised) AS raised, "
    "SUM(confirmed) AS confirmed, SUM(dismissed) AS dismissed FROM vw_rule_precision "
    "WHERE jurisdiction = :jurisdiction AND framework_code = :framework AND (:year = 0 OR year = :year) "
    "GROUP BY framework_version, rule_code ORDER BY framework_version, rule_code"
)
_REASONS = text(
    "SELECT framework_version, rule_code, reason, SUM(times) AS times FROM vw_dismissal_reason "
    "WHERE jurisdiction = :jurisdiction AND framework_code = :framework AND (:year = 0 OR year = :year) "
    "GROUP BY framework_version, rule_code, reason ORDER BY framework_version, rule_code, SUM(times) DESC, reason"
)


@dataclass(frozen=True)
class PrecisionLedger:
    """How the rules of a framework did."""

    settings: Precision
    rules: pd.DataFrame
    """framework_version, rule_code, title_zh, raised, confirmed, dismissed, share, low_95, high_95, decided_enough,
    retire."""
    reasons: pd.DataFrame
    """framework_version, rule_code, reason, times: why warnings were dismissed."""
    backtest: pd.DataFrame
    """rule_code ('*' all together), circular (none, part, whole) and the fields of `include.reviews.backtest.Score`; a
    rule whose warnings are all on what inspection reports is not tried (circular: whole)."""
    quarters: tuple[str, ...]
    """The quarters that could be tried: their sequel is known."""

    @property
    def to_retire(self) -> pd.DataFrame:
        """Rules below the declared precision."""
        return self.rules[self.rules["retire"]]


def precision_ledger(
    site: Site, jurisdiction: str, framework: str, *, year: int | None = None
) -> PrecisionLedger:
    """Read the ledger of a framework, of one year or of all.

    Raises:
        include.config.ConfigError: loop.yaml is wrong.
    """
    settings = loop_of(site, framework).precision
    engine = open_warehouse(site.warehouse_url)
    register = standing_register(engine, jurisdiction)
    given = {"jurisdiction": jurisdiction, "framework": framework, "year": year or 0}
    with reading(engine) as connection:
        rules = _query(connection, _LEDGER, given)
        reasons = _query(connection, _REASONS, given)
        tried, quarters = _backtest(
            connection, site, jurisdiction, framework, register, settings.backtest, year
        )
    return PrecisionLedger(settings, _judged(rules, settings), reasons, tried, quarters)


def _judged(rules: pd.DataFrame, settings: Precision) -> pd.DataFrame:
    counts = ["raised", "confirmed", "dismissed"]
    rules = rules.astype(dict.fromkeys(counts, int))
    decided = rules["confirmed"] + rules["dismissed"]
    bounds = [wilson(int(one), int(of)) for one, of in zip(rules["confirmed"], decided, strict=True)]
    share = rules["confirmed"] / decided.where(decided > 0)
    enough = decided >= settings.after
    return rules.assign(
        share=share.round(9),
        low_95=[low for low, _ in bounds],
        high_95=[high for _, high in bounds],
        decided_enough=enough,
        retire=enough & (share < settings.minimum),
    )


def _backtest(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    framework: str,
    register: StandingRegister,
    settings: Backtest,
    year: int | None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    columns = ["rule_code", "circular", "unit_quarters", "warned", "found", "hits", "precision", "recall",
               "base_rate", "lift", "p_value"]  # fmt: skip
    finals = _finals(connection, jurisdiction, framework, year)
    known = [
        one.quarter
        for one in received_deliveries(connection, site, jurisdiction)
        if one.feed == settings.feed and one.accepted
    ]
    if not finals or not known:
        return pd.DataFrame(columns=columns), ()
    last = max(known)
    scored, warned = [], []
    versions = {pack.framework.version: pack.framework for pack in known_versions(site, framework)}
    for made in finals:
        units = releases.read_facts(connection, made.release_id, "fct_unit_score")["unit_code"]
        ordinal = _ordinal(Quarter.parse(made.period))
        scored.append(pd.DataFrame({"unit_code": units, "ordinal": ordinal, "quarter": made.period}))
        items = reviews.items_of(connection, made.release_id)[reviews.ITEM_KEY]
        version = versions.get(made.framework_version)
        circular = [_circular(target, version, settings.feed) for target in items["target"]]
        warned.append(items.assign(ordinal=ordinal, circular=circular))
    problems = _problems(connection, site, jurisdiction, register, settings, last)
    table = outcomes(
        pd.concat(scored, ignore_index=True), problems, quarters=settings.quarters,
        min_problems=settings.min_problems, last=_ordinal(last),
    )  # fmt: skip
    every = pd.concat(warned, ignore_index=True)
    rows = []
    for rule, own in [(ANY, every), *every.groupby("rule_code", sort=True)]:
        fair = own[own["circular"] != "whole"]
        marks = set(own["circular"])
        mark = "whole" if marks == {"whole"} else "part" if marks & {"part", "whole"} else "none"
        if mark == "whole":
            rows.append({"rule_code": rule, "circular": mark})
            continue
        keys = pd.MultiIndex.from_frame(fair[["unit_code", "ordinal"]])
        flagged = pd.MultiIndex.from_frame(table[["unit_code", "ordinal"]]).isin(keys)
        score = backtest(table.assign(warned=flagged), permutations=settings.permutations, seed=settings.seed)
        rows.append({"rule_code": rule, "circular": mark, **vars(score)})
    return pd.DataFrame(rows, columns=columns), tuple(sorted(set(table["quarter"])))


def _finals(connection: Connection, jurisdiction: str, framework: str, year: int | None) -> list[Release]:
    query = (
        select(release.c.release_id)
        .join(release_pointer, release_pointer.c.release_id == release.c.release_id)
        .where(
            release_pointer.c.kind == "final",
            release.c.jurisdiction == jurisdiction,
            release.c.framework_code == framework,
        )
        .order_by(release.c.period)
    )
    found = [releases.get(connection, release_id) for release_id in connection.scalars(query)]
    return [one for one in found if year is None or one.period.startswith(str(year))]


def _problems(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    register: StandingRegister,
    settings: Backtest,
    last: Quarter,
) -> pd.DataFrame:
    """unit_code and ordinal of the quarter in which each problem was found."""
    found = staged_rows(
        connection, site, jurisdiction, settings.feed, last.shift(_AHEAD), register,
        lookback_quarters=_AHEAD + _BACK,
    ).rows  # fmt: skip
    for column, value in settings.only.items():
        found = found[found[column] == value]
    days = pd.to_datetime(found["found_on"])
    return pd.DataFrame(
        {"unit_code": found["_unit"], "ordinal": days.dt.year * 4 + days.dt.quarter - 1}
    ).reset_index(drop=True)


def _circular(target: str, framework: Framework | None, feed: str) -> str:
    """Whether what a warning is on is itself made from what the inspection reports: none, part or whole."""
    if framework is None:
        return "part"
    kind, _, code = target.partition(".")
    own = f"{feed}."
    if kind == "adjustments":
        return "whole" if any(
            one.code == code and one.measure.startswith(own) for one in framework.adjustments
        ) else "none"  # fmt: skip
    measures = {one.code: one.measure or one.code for one in framework.indicators}
    if kind == "indicators":
        return "whole" if measures.get(code, "").startswith(own) else "none"
    under = set(measures) if kind == "index" else _under(framework, code)
    hit = {one for one in under if measures[one].startswith(own)}
    return "whole" if hit and hit == under else "part" if hit else "none"


def _under(framework: Framework, group: str) -> set[str]:
    """The indicators at any depth under a group."""
    groups, grew = {group}, True
    while grew:
        more = {one.code for one in framework.groups if one.parent in groups} - groups
        groups, grew = groups | more, bool(more)
    return {one.code for one in framework.indicators if one.group in groups}


def _ordinal(quarter: Quarter) -> int:
    return quarter.year * 4 + quarter.number - 1


def _query(connection: Connection, query: object, values: dict[str, object]) -> pd.DataFrame:
    found = connection.execute(query, values)  # type: ignore[call-overload]
    return pd.DataFrame(found.all(), columns=list(found.keys()))
