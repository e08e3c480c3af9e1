"""A site of `tests/real/<code>` run in a scratch folder: deliver files, ingest, score, read the warehouse."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from sqlalchemy import select

from include.pipeline.ingest import ingest_feed
from include.pipeline.ingest_report import IngestReport
from include.pipeline.ready import ready_quarters
from include.pipeline.score_quarter import ScoreReport, score_quarter
from include.pipeline.warning_list import WarningList, warning_list
from include.site import Site, open_site
from include.warehouse import ledger, releases
from include.warehouse.ledger import RowBalance
from include.warehouse.register import import_units
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import migrate, open_warehouse, reading, writing
from include.warehouse.tables import validation_result

MOST_ROUNDS = 3
BALANCE = ("landed", "accepted", "quarantined", "exact_duplicates", "structural")


@dataclass(frozen=True)
class Played:
    """What one look at the inbox came to."""

    ingested: dict[str, IngestReport]
    scored: list[ScoreReport]


@dataclass(frozen=True)
class RealSite:
    """One of the sites here, whose site, jurisdiction and framework all bear the name of its folder."""

    code: str
    site: Site

    @classmethod
    def lay_out(cls, code: str, folder: Path) -> RealSite:
        """Copy the site folder `code` to `folder` and set up its warehouse."""
        shutil.copytree(Path(__file__).parent / code, folder)
        site = open_site(folder)
        migrate(site.warehouse_url)
        return cls(code, site)

    def register(self, names: dict[str, str], *, peer_group: str, at: datetime) -> None:
        """Fill the register: unit code → name, all in one peer group."""
        units = pd.DataFrame(
            {"unit_code": list(names), "name": list(names.values()), "peer_group": peer_group}
        )
        groups = pd.DataFrame({"peer_group": [peer_group], "title_zh": [peer_group]})
        with writing(open_warehouse(self.site.warehouse_url)) as connection:
            import_units(
                connection, jurisdiction=self.code, at=at, sha256="", units=units, peer_groups=groups
            )

    def deliver(self, feed: str, file: Path, *, at: datetime) -> None:
        """Put a copy of `file`, byte for byte, into the feed's inbox, as if it had arrived `at`."""
        inbox = Path(str(self.site.inbox)) / self.code / feed
        inbox.mkdir(parents=True, exist_ok=True)
        copied = shutil.copyfile(file, inbox / file.name)
        os.utime(copied, (at.timestamp(), at.timestamp()))

    def play(self, *, now: datetime) -> Played:
        """Ingest every feed, then score what is ready until nothing is: a revision may make later quarters ready."""
        ingested = {feed: ingest_feed(self.site, feed, now=now) for feed in self.site.feeds}
        held = {feed: [file.fault.en for file in report.held] for feed, report in ingested.items()}
        assert not any(held.values()), held
        scored: list[ScoreReport] = []
        for _ in range(MOST_ROUNDS):
            ready = ready_quarters(self.site, now=now)
            if not ready:
                return Played(ingested, scored)
            for one in ready:
                scored += score_quarter(self.site, one.jurisdiction, one.quarter, now=now)
        raise AssertionError(f"after {MOST_ROUNDS} rounds quarters are still to be scored: {ready}")

    def balance(self, feed: str) -> RowBalance:
        """Where the landed rows of the feed's accepted deliveries went, summed."""
        with reading(open_warehouse(self.site.warehouse_url)) as connection:
            verdicts = ledger.effective_verdicts(connection, self.code, feed)
            rows = ledger.balances(connection, [verdict.verdict_id for verdict in verdicts])
        return RowBalance(*(sum(row._mapping[column] for row in rows) for column in BALANCE))

    def rows_failed(self, feed: str, rule: str) -> dict[tuple[str, str], int]:
        """(file name, judge) → rows of the file that the judge found to break `rule`."""
        with reading(open_warehouse(self.site.warehouse_url)) as connection:
            verdicts = ledger.effective_verdicts(connection, self.code, feed)
            names = {verdict.verdict_id: verdict.delivery.file_name for verdict in verdicts}
            found = connection.execute(
                select(validation_result).where(validation_result.c.rule_id == rule)
            ).all()
        return {
            (names[row.verdict_id], row.judge): row.rows_failed for row in found if row.verdict_id in names
        }

    def releases(self, quarters: Iterable[str]) -> list[Release]:
        """The standing release of each quarter; every quarter has one."""
        keys = [ReleaseKey(self.code, self.code, quarter) for quarter in quarters]
        with reading(open_warehouse(self.site.warehouse_url)) as connection:
            found = [releases.current(connection, key) for key in keys]
        return [release for release in found if release is not None]

    def facts(self, name: str, quarters: Iterable[str]) -> pd.DataFrame:
        """One fact table of the standing releases of `quarters`, stacked."""
        standing = self.releases(quarters)
        with reading(open_warehouse(self.site.warehouse_url)) as connection:
            frames = [releases.read_facts(connection, release.release_id, name) for release in standing]
        return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)

    def warning_lists(self, quarters: Iterable[str]) -> dict[str, WarningList]:
        """The warning list of each quarter, as people read it."""
        return {
            quarter: warning_list(self.site, self.code, self.code, quarter, language="en")
            for quarter in quarters
        }


def figures(measures: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Rows of `fct_measure` that have a value of one measure.

    The index is (quarter, unit_code); columns are numerator, denominator, value.
    """
    rows = measures[(measures["measure"] == measure) & (measures["state"] == "value")]
    return rows.set_index(["quarter", "unit_code"])[["numerator", "denominator", "value"]].sort_index()


def noon(year: int, month: int, day: int) -> datetime:
    """A moment with a zone."""
    return datetime(year, month, day, 12, tzinfo=UTC)


def quarter_keys(days: pd.Series) -> pd.Series:
    """Dates → keys like 2026Q3, computed without the product's help."""
    return days.dt.year.astype(str) + "Q" + ((days.dt.month - 1) // 3 + 1).astype(str)


def ratio(rows: pd.DataFrame, numerator: pd.Series, denominator: pd.Series) -> pd.DataFrame:
    """What `figures` should give for a ratio of two per-row counts, by `rows.quarter` and `rows.unit_code`."""
    parts = pd.DataFrame({"numerator": numerator.astype(float), "denominator": denominator.astype(float)})
    sums = parts.groupby([rows["quarter"], rows["unit_code"]]).sum()
    sums = sums[sums["denominator"] > 0]
    return sums.assign(value=sums["numerator"] / sums["denominator"]).sort_index()


def score_of(rates: pd.Series, *, points: float, full_at: float, zero_at: float) -> pd.Series:
    """Points of a linear rule."""
    return ((rates - zero_at) / (full_at - zero_at)).clip(0, 1) * points
