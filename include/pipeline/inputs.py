"""Everything that the figures of one quarter rest on, gathered from the ledger, and its digest (invariant 3)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pyarrow as pa
from sqlalchemy import Connection

from include.clocks import WorkingCalendar
from include.feeds.contract import Contract
from include.keys import KeyRing
from include.lake import local_copy
from include.measures.definition import MeasuresDefinition
from include.measures.views import StagedPart
from include.pipeline.catalogue import contract_of, known_versions, measures_of
from include.pipeline.packs import Pack
from include.pipeline.pseudonyms import identities
from include.pipeline.terms import calendar_of
from include.quarters import Quarter
from include.scoring import Framework
from include.site import REPOSITORY, Site
from include.warehouse import ledger, releases
from include.warehouse.ledger import EffectiveVerdict
from include.warehouse.releases import ReleaseInput, ReleaseKey

_CODE_ROOMS = ("clocks", "engine", "feeds", "measures", "quality", "scoring", "units")
_PERSISTENCE_QUARTERS = 8
"""Earlier quarters that `quarters_below` counts at most."""


@dataclass(frozen=True)
class FeedInputs:
    """One feed as the measures of a quarter see it."""

    contract: Contract
    definition: MeasuresDefinition
    parts: tuple[StagedPart, ...]
    arrived: bool


@dataclass(frozen=True)
class QuarterInputs:
    """The inputs of one jurisdiction, framework and quarter; equal digests mean equal figures."""

    jurisdiction: str
    quarter: Quarter
    pack: Pack
    feeds: Mapping[str, FeedInputs]
    absent_feeds: tuple[str, ...]
    calendar: WorkingCalendar
    priors: Mapping[Quarter, releases.Release]
    items: tuple[ReleaseInput, ...]
    keys: KeyRing = field(default=KeyRing(), repr=False)
    """Joins pseudonyms across a change of key."""

    @cached_property
    def digest(self) -> str:
        """Digest of all items, as the warehouse stores it."""
        return releases.input_digest(self.items)

    @cached_property
    def persons(self) -> pa.Table:
        """Pseudonyms under an earlier key and the same persons' under a later one, as `identities` finds them."""
        paths = [(feed.contract, part.path) for feed in self.feeds.values() for part in feed.parts]
        return identities(paths, self.keys, self.quarter)


def gather_inputs(
    connection: Connection,
    site: Site,
    jurisdiction: str,
    pack: Pack,
    quarter: Quarter,
    *,
    register_digest: str,
) -> QuarterInputs:
    """Gather what a quarter's figures rest on, as the ledger stands in `connection`'s transaction.

    Raises:
        include.config.ConfigError: a contract or measures SQL that the framework needs is missing or wrong.
    """
    calendar = calendar_of(site)
    framework = pack.framework
    wanted = sorted({column.partition(".")[0] for column in framework.measures})
    feeds: dict[str, FeedInputs] = {}
    items = [
        ReleaseInput("register", jurisdiction, register_digest),
        ReleaseInput("framework", f"{framework.framework}@{framework.version}", framework.digest),
        ReleaseInput("calendar", _calendar_name(calendar, quarter), calendar.digest(*calendar_span(quarter))),
        ReleaseInput("site", site.settings.site, _site_digest(site, wanted, quarter)),
    ]
    held_feeds = _held_feeds(connection, site, jurisdiction, quarter)
    accepted = ledger.effective_by_feed(connection, jurisdiction)
    present = [feed for feed in wanted if site.takes(feed, quarter)]
    for feed in present:
        contract, definition = contract_of(site, feed), measures_of(site, feed)
        verdicts = accepted[feed]
        moved = ledger.moved_rows(connection, jurisdiction, feed) if _moves(contract) else {}
        parts = effective_parts(site, contract, verdicts, quarter, moved=moved)
        nil = nil_returns(contract, verdicts, quarter)
        came = bool(nil) or any(part.quarter == quarter for part, _ in parts)
        held = not came and contract.time.cadence == "on_event" and feed in held_feeds
        arrived = came or (_needs_no_file(contract, parts) and not held)
        if held:
            # Silence means no event; a file that nobody could read does not.
            items.append(ReleaseInput("site", f"{feed} held", ""))
        feeds[feed] = FeedInputs(contract, definition, tuple(part for part, _ in parts), arrived)
        items += [
            ReleaseInput("delivery", f"{feed}/{item.supplier}/{item.quarter}", item.sha256, verdict_id)
            for item, verdict_id in parts
        ]
        if corrected := ledger.corrections_digest(connection, {verdict_id for _, verdict_id in parts}):
            items.append(ReleaseInput("corrections", feed, corrected))
        items += [
            ReleaseInput(
                "delivery", f"{feed}/{one.supplier}/{quarter} nil", one.delivery.sha256, one.verdict_id
            )
            for one in nil
        ]
        items += [
            ReleaseInput("contract", feed, contract.digest),
            ReleaseInput("measures_sql", feed, definition.digest),
        ]
    priors = {}
    for back in looks_back(framework):
        key = ReleaseKey(jurisdiction, framework.framework, str(quarter.shift(-back)))
        prior = releases.current(connection, key)
        if prior is not None and _same_scale(site, framework, prior.framework_version):
            priors[quarter.shift(-back)] = prior
            items.append(ReleaseInput("prior_release", prior.period, prior.result_digest))
    absent = tuple(feed for feed in wanted if feed not in present)
    return QuarterInputs(
        jurisdiction, quarter, pack, feeds, absent, calendar, priors, tuple(items), site.keys
    )


def looks_back(framework: Framework) -> list[int]:
    """How many quarters back the framework's conditions look: always one, for the published change."""
    conditions = [rule.when for rule in framework.warnings] + [band.when for band in framework.colours.bands]
    conditions += [grade.when for grade in framework.grades if grade.when is not None]
    names = {term.name for condition in conditions for term in condition.terms}
    back = {1} | ({4} if "change_yoy" in names else set())
    return sorted(back | (set(range(1, _PERSISTENCE_QUARTERS + 1)) if "quarters_below" in names else set()))


def _same_scale(site: Site, framework: Framework, version: str) -> bool:
    """Whether an earlier version counts on as many points; a change between two scales would be no change."""
    if version == framework.version:
        return True
    points = {
        pack.framework.version: pack.framework.points for pack in known_versions(site, framework.framework)
    }
    return version in points and points[version] == framework.points


def calendar_span(quarter: Quarter) -> tuple[date, date]:
    """The days of the calendar that a quarter's measures may use: a year back, to the quarter's end."""
    return quarter.shift(-4).start, quarter.end


def _calendar_name(calendar: WorkingCalendar, quarter: Quarter) -> str:
    """Says so where days past the calendar's coverage are assumed; the digest changes when the calendar arrives."""
    first, last = calendar_span(quarter)
    covered = calendar.is_covered(first) and calendar.is_covered(last)
    return "cn" if covered else f"cn, provisional after {calendar.covered_to}"


def effective_parts(
    site: Site,
    contract: Contract,
    verdicts: Iterable[EffectiveVerdict],
    quarter: Quarter,
    *,
    moved: Mapping[str, Collection[tuple[int, str]]] | None = None,
) -> list[tuple[StagedPart, int]]:
    """Choose the staged files that count for `quarter` and its lookback.

    Under `replace` a supplier's newest file for a quarter takes the place of the older ones. A file is *for* the
    quarter that holds most of its rows; rows of other quarters in it are late rows: they add to their own quarter
    and replace nothing but rows of the same key. A returned workbook adds to the file that it answers, and goes with
    it; where that file was held, the first return stands in its place.

    Args:
        site: whose lake holds the files.
        contract: of the feed.
        verdicts: the feed's accepted deliveries.
        quarter: the one to be measured.
        moved: quarter → (delivery id, other quarter) of the rows that took a row's place out of it, as the ledger
            found them: an event that was dated anew has left its old quarter, so its key is looked up there.

    Returns:
        The parts in order of effect, each with the id of the verdict that it comes from.
    """
    ordered = in_order_of_effect(contract, verdicts)
    newest, leaders = _newest_files(ordered), _leaders(ordered)
    wanted = {str(quarter.shift(-back)) for back in range(contract.time.lookback_quarters + 1)}
    parts = []
    correcting: set[int] = set()
    for position, verdict, staged in standing_files(contract, ordered):
        if staged.quarter not in wanted:
            continue
        leader = leaders[position]
        main = newest[verdict.supplier, main_quarter(ordered[leader])]
        correcting |= {main} - {leader}
        parts.append(_part(site, contract, verdict, staged, position))
    if contract.time.delivery == "replace" and contract.time.kind == "events":
        # A late row whose date the next file of its quarter corrects has left this quarter: its key is looked up there.
        parts += [
            _part(site, contract, ordered[position], staged, position)
            for position in sorted(correcting)
            for staged in ordered[position].staged
            if staged.quarter > str(quarter)
        ]
    gone = {place for own in wanted for place in (moved or {}).get(own, ()) if place[1] not in wanted}
    parts += [
        _part(site, contract, verdict, staged, position)
        for position, verdict, staged in standing_files(contract, ordered)
        if (verdict.delivery.delivery_id, staged.quarter) in gone
    ]
    return parts


def nil_returns(
    contract: Contract, verdicts: Iterable[EffectiveVerdict], quarter: Quarter
) -> list[EffectiveVerdict]:
    """The nil returns that stand for `quarter`: under `replace`, unless the supplier sent something since."""
    last: dict[tuple[str, bool], EffectiveVerdict] = {}
    for verdict in verdicts:
        if main_quarter(verdict) == str(quarter):
            last[verdict.supplier, contract.time.delivery != "replace" and not verdict.nil_quarter] = verdict
    return [verdict for verdict in last.values() if verdict.nil_quarter]


def _moves(contract: Contract) -> bool:
    """Whether a key is one event wherever it is dated."""
    return contract.time.delivery == "upsert" and contract.time.of_events


def in_order_of_effect(contract: Contract, verdicts: Iterable[EffectiveVerdict]) -> list[EffectiveVerdict]:
    """Deliveries from the one that counts least to the one whose rows take the place of others'."""
    return sorted(verdicts, key=lambda verdict: recency(contract, _first(verdict).file_name))


def standing_files(
    contract: Contract, verdicts: Iterable[EffectiveVerdict]
) -> list[tuple[int, EffectiveVerdict, ledger.StagedFile]]:
    """The staged files that no newer file took the place of as a whole, with their place in the order of effect."""
    ordered = in_order_of_effect(contract, verdicts)
    newest, leaders = _newest_files(ordered), _leaders(ordered)
    whole = contract.time.delivery == "replace"
    return [
        (position, verdict, staged)
        for position, verdict in enumerate(ordered)
        for staged in verdict.staged
        if not (
            whole
            and staged.quarter == main_quarter(ordered[leaders[position]])
            and newest[verdict.supplier, staged.quarter] != leaders[position]
        )
    ]


def _newest_files(ordered: Sequence[EffectiveVerdict]) -> dict[tuple[str, str], int]:
    places = sorted(set(_leaders(ordered)))
    return {(ordered[place].supplier, main_quarter(ordered[place])): place for place in places}


def leading(verdicts: Sequence[EffectiveVerdict]) -> list[EffectiveVerdict]:
    """The verdicts that stand for a file: all but returned workbooks that go with one."""
    return [verdicts[place] for place in sorted(set(_leaders(verdicts)))]


def _leaders(ordered: Sequence[EffectiveVerdict]) -> list[int]:
    """For each verdict the place of the one that it goes with: itself, or the file that it answers."""
    own = {
        verdict.delivery.delivery_id: place for place, verdict in enumerate(ordered) if not verdict.answers
    }
    for place, verdict in enumerate(ordered):
        own.setdefault(_first(verdict).delivery_id, place)
    return [own[_first(verdict).delivery_id] for verdict in ordered]


def _first(verdict: EffectiveVerdict) -> ledger.Delivery:
    """The delivery that rows first came in."""
    return verdict.answers or verdict.delivery


def _part(
    site: Site, contract: Contract, verdict: EffectiveVerdict, staged: ledger.StagedFile, position: int
) -> tuple[StagedPart, int]:
    part = StagedPart(
        feed=contract.feed,
        path=local_copy(site.lake / staged.path),
        quarter=Quarter.parse(staged.quarter),
        sequence=position,
        supplier=verdict.supplier,
        sha256=staged.sha256,
    )
    return part, verdict.verdict_id


def main_quarter(verdict: EffectiveVerdict) -> str:
    """The quarter that most rows of a delivery belong to (the later one of two equals); '' without rows."""
    if verdict.nil_quarter:
        return verdict.nil_quarter
    if _first(verdict).declared_quarter or not verdict.staged:
        return _first(verdict).declared_quarter
    return max(verdict.staged, key=lambda staged: (staged.rows, staged.quarter)).quarter


def code_digest(*more: str) -> str:
    """SHA-256 over the code that makes figures, with `more` rooms; stored beside the input digest, not in it."""
    whole = hashlib.sha256()
    for room in (*_CODE_ROOMS, *more):
        for path in sorted((REPOSITORY / "include" / room).rglob("*.py")):
            whole.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def is_newer(contract: Contract, one: ledger.Delivery, other: ledger.Delivery) -> bool:
    """Whether `one` takes effect after `other`: by what its name says, else by arrival."""

    def order(delivery: ledger.Delivery) -> tuple[object, ...]:
        return (
            recency(contract, delivery.file_name),
            delivery.landed_at,
            delivery.arrived_at,
            delivery.delivery_id,
        )

    return order(one) > order(other)


def recency(contract: Contract, file_name: str) -> tuple[str, ...]:
    """How recent a snapshot is by its file's name; () where arrival decides."""
    if not contract.time.as_of_filename:
        return ()
    match = re.search(contract.time.as_of_filename, file_name)
    return tuple(group.rjust(20, "0") for group in match.groups("")) if match else ()


def _held_feeds(connection: Connection, site: Site, jurisdiction: str, quarter: Quarter) -> set[str]:
    """Feeds whose newest file of some supplier is held and was sent for `quarter`, as far as can be told."""
    newest = {(item.feed, item.supplier): item for item in ledger.received(connection, jurisdiction)}
    return {
        feed
        for (feed, _), item in newest.items()
        if item.verdict == "held"
        and (item.quarter or str(Quarter.of(item.arrived_at.astimezone(site.zone).date()).shift(-1)))
        == str(quarter)
    }


def _needs_no_file(contract: Contract, parts: Collection[object]) -> bool:
    """No file means no event for a feed sent on events; a yearly feed holds until the next one."""
    return contract.time.cadence == "on_event" or (contract.time.cadence == "year" and len(parts) > 0)


def _site_digest(site: Site, feeds: list[str], quarter: Quarter) -> str:
    relevant = {
        "time_zone": site.settings.time_zone,
        "absent": sorted(feed for feed in feeds if not site.takes(feed, quarter)),
    }
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
