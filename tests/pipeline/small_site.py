"""A county of four units and a few tiny feeds, driven through the pipeline as the command line drives it.

Feeds: `cases` (events, replace, dated by `due_on`), `ratings` (snapshot, quarter in the file's name, two suppliers),
`appraisal` (yearly), `praise` (on event), `board` (snapshots of many quarters, upsert, recency in the file's name),
`offices` (a register in CSV). A site takes only the feeds it is made with; the framework asks for the first four.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from sqlalchemy import Engine, text

from include.feeds.contract import Contract
from include.pipeline.ingest import ingest_feed
from include.pipeline.ingest_report import IngestReport
from include.pipeline.ready import ready_quarters
from include.pipeline.score_quarter import ScoreReport, score_ready
from include.quarters import Quarter
from include.site import Site, open_site
from include.warehouse import ledger, releases
from include.warehouse.ledger import EffectiveVerdict
from include.warehouse.register import import_units
from include.warehouse.releases import Release, ReleaseKey
from include.warehouse.store import migrate, open_warehouse, reading, writing

PLACE = "small"
UNITS = {"U1": "东坡镇", "U2": "西沟乡", "U3": "县水利局", "U4": "县林业局"}
SENT = datetime(2026, 10, 5, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
"""Five days past every deadline of 2026Q3."""
Q3 = Quarter(2026, 3)

_COLUMNS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "cases": [
        ("case_no", "string", {"required": True, "primaryKey": True}),
        ("unit", "string", {"required": True}),
        ("due_on", "date", {"required": True}),
        ("replied_on", "date", {}),
        ("outcome", "string", {}),
        ("petitioner", "string", {"classification": "personal"}),
    ],
    "ratings": [
        ("unit", "string", {"required": True, "primaryKey": True}),
        ("points", "number", {"required": True}),
    ],
    "appraisal": [
        ("unit", "string", {"required": True, "primaryKey": True}),
        ("as_of", "date", {"required": True, "primaryKey": True}),
        ("points", "number", {"required": True}),
    ],
    "praise": [
        ("letter_no", "string", {"required": True, "primaryKey": True}),
        ("unit", "string", {"required": True}),
        ("given_on", "date", {"required": True}),
    ],
    "board": [
        ("message_no", "string", {"required": True, "primaryKey": True}),
        ("unit", "string", {"required": True}),
        ("posted_on", "date", {"required": True}),
        ("state", "string", {"required": True}),
    ],
    "offices": [
        ("unit_code", "string", {"required": True, "primaryKey": True}),
        ("name", "string", {"required": True}),
        ("peer_group", "string", {"required": True}),
        ("effective_from", "date", {"required": True, "primaryKey": True}),
        ("effective_to", "date", {}),
        ("aliases", "string", {}),
    ],
}
_ABSENT_COLUMNS = {"replied_on", "outcome", "petitioner", "effective_to", "aliases"}
_TIME: dict[str, dict[str, Any]] = {
    "cases": {"kind": "events", "delivery": "replace", "quarter_from": {"column": "due_on"}},
    "ratings": {
        "kind": "snapshot",
        "delivery": "replace",
        "quarter_from": {"filename": r"(?P<year>20\d\d)Q(?P<quarter>[1-4])"},
    },
    "appraisal": {
        "kind": "snapshot",
        "delivery": "replace",
        "quarter_from": {"column": "as_of"},
        "cadence": "year",
        "lookback_quarters": 3,
    },
    "praise": {
        "kind": "events",
        "delivery": "replace",
        "quarter_from": {"column": "given_on"},
        "cadence": "on_event",
    },
    "board": {
        "kind": "snapshot",
        "delivery": "upsert",
        "quarter_from": {"column": "posted_on"},
        "as_of_filename": r"state(\d+)",
    },
    "offices": {"kind": "register", "delivery": "replace", "cadence": "on_event"},
}
_SUPPLIERS = {"ratings": ["north", "south"], "offices": ["office"]}
_MEASURES = {
    "cases": ("on_time", "not_applicable", "count(*) filter (where replied_on <= due_on)", "count(*)"),
    "ratings": ("score", "missing", "sum(points)", "count(*)"),
    "appraisal": ("score", "missing", "sum(points)", "count(*)"),
    "praise": ("letters", "zero", "count(*)", None),
    "board": ("closed", "not_applicable", "count(*) filter (where state = 'closed')", "count(*)"),
}
_POINTS = {
    "cases.on_time": (50, {"kind": "rate", "full_at": 1, "zero_at": 0}),
    "ratings.score": (30, {"kind": "rate", "full_at": 10, "zero_at": 0}),
    "appraisal.score": (15, {"kind": "rate", "full_at": 100, "zero_at": 0}),
    "praise.letters": (5, {"kind": "per_event", "gain": 2.5}),
}
_OUTCOME = {
    "name": "outcome_known",
    "type": "custom",
    "engine": "mingjing",
    "severity": "reject_row",
    "implementation": {
        "kind": "one_of",
        "column": "outcome",
        "values": ["good", "bad"],
        "title": {"zh": "结果应为 good 或 bad", "en": "the outcome is good or bad"},
    },
}


@dataclass
class SmallSite:
    """The site, and the moments at which things happen unless a test says otherwise."""

    folder: Path
    site: Site

    @classmethod
    def make(
        cls, folder: Path, *feeds: str, settings: dict[str, Any] | None = None, **time: Any
    ) -> SmallSite:
        """Lay out a site that takes `feeds`; `settings` are changes to site.yaml, `time` to the first feed's time."""
        for sub in ("feeds", "measures", "packs/small", "inbox", "lake"):
            (folder / sub).mkdir(parents=True, exist_ok=True)
        for feed in _COLUMNS:
            changed = time if feed == feeds[0] else {}
            _write(folder / "feeds" / f"{feed}.yaml", _contract(feed, changed))
            if feed in _MEASURES:
                (folder / "measures" / f"{feed}.sql").write_text(_sql(feed, changed), encoding="utf-8")
        _write(folder / "packs" / "small" / "framework.yaml", _framework())
        made = {
            "site": "small",
            "jurisdictions": [{"code": PLACE, "name": {"zh": "小县", "en": "Small county"}}],
            "first_quarter": "2025Q4",
            "frameworks": ["small"],
            "suppliers": {code: {"name": {"zh": code, "en": code}} for code in ("office", "north", "south")},
            "feeds": {feed: {} for feed in feeds},
        }
        _write(folder / "site.yaml", made | (settings or {}))
        shutil.copyfile(_registered_warehouse(), folder / "warehouse.sqlite")
        return cls(folder, open_site(folder))

    def copy(self, folder: Path) -> SmallSite:
        """The same site with all it holds, elsewhere."""
        return SmallSite(folder, open_site(shutil.copytree(self.folder, folder)))

    def register(self, units: dict[str, str], aliases: dict[str, str] | None = None) -> None:
        """Make the register say: unit code → name; alias → unit code."""
        _register(self.site.warehouse_url, units, aliases or {})

    @property
    def engine(self) -> Engine:
        return open_warehouse(self.site.warehouse_url)

    def inbox(self, feed: str, supplier: str = "") -> Path:
        folder = self.folder / "inbox" / PLACE / feed / supplier
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def send(
        self, feed: str, name: str, content: str | bytes, *, supplier: str = "", at: datetime = SENT
    ) -> Path:
        """Drop a file into the feed's inbox, last changed `at`."""
        path = self.inbox(feed, supplier) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def ingest(self, feed: str = "cases", *, now: datetime = NOW, dry_run: bool = False) -> IngestReport:
        return ingest_feed(self.site, feed, now=now, dry_run=dry_run)

    def score(self, *, now: datetime = NOW) -> list[ScoreReport]:
        """Score what is ready until nothing is."""
        return score_ready(self.site, now=now)

    def ready(self, *, now: datetime = NOW) -> list[str]:
        return [str(item.quarter) for item in ready_quarters(self.site, now=now)]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the warehouse answers."""
        with reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(text(query))]

    def verdicts(self) -> list[tuple[str, str, str]]:
        """(file name, verdict, reason) of every judgement, in order."""
        found = self.rows(
            "select file_name, verdict, reason_code from delivery_verdict join delivery using (delivery_id) "
            "order by verdict_id"
        )
        return [tuple(row.values()) for row in found]

    def effective(self, feed: str) -> list[EffectiveVerdict]:
        with reading(self.engine) as connection:
            return ledger.effective_verdicts(connection, PLACE, feed)

    def contract(self, feed: str) -> Contract:
        return Contract.from_yaml(self.folder / "feeds" / f"{feed}.yaml")

    def release(self, quarter: str = "2026Q3") -> Release | None:
        with reading(self.engine) as connection:
            return releases.current(connection, ReleaseKey(PLACE, "small", quarter))

    def facts(self, name: str, quarter: str = "2026Q3") -> pd.DataFrame:
        release = self.release(quarter)
        assert release is not None, f"{quarter} has no release"
        with reading(self.engine) as connection:
            return releases.read_facts(connection, release.release_id, name)

    def figures(self, measure: str, quarter: str = "2026Q3") -> dict[str, tuple[float, float] | str]:
        """Unit → (numerator, denominator), or the state where there is no value."""
        rows = self.facts("fct_measure", quarter).query("measure == @measure")
        return {
            row.unit_code: (row.numerator, row.denominator) if row.state == "value" else row.state
            for row in rows.itertuples()
        }

    def staged(self) -> list[Path]:
        return sorted(self.folder.glob(f"lake/{PLACE}/staged/**/*.parquet"))


_made_once = tempfile.TemporaryDirectory(prefix="mingjing-small-")


@cache
def _registered_warehouse() -> Path:
    """An empty warehouse with the register of UNITS, made once per process."""
    path = Path(_made_once.name) / "warehouse.sqlite"
    migrate(f"sqlite:///{path}")
    _register(f"sqlite:///{path}", UNITS, {})
    return path


def _register(url: str, units: dict[str, str], aliases: dict[str, str]) -> None:
    frame = pd.DataFrame({"unit_code": list(units), "name": list(units.values()), "peer_group": "office"})
    listed = pd.DataFrame({"unit_code": list(aliases.values()), "alias": list(aliases)}, dtype=object)
    with writing(open_warehouse(url)) as connection:
        import_units(
            connection,
            jurisdiction=PLACE,
            at=SENT,
            sha256="",
            units=frame,
            peer_groups=pd.DataFrame({"peer_group": ["office"], "title_zh": ["单位"]}),
            aliases=listed.assign(kind="alias", approved_by="test"),
        )


def cases(*rows: tuple[str, str, str, str], more: str = "") -> str:
    """A file of cases: (number, unit, due, replied); `more` is appended as it is."""
    return "case_no,unit,due_on,replied_on\n" + "".join(",".join(row) + "\n" for row in rows) + more


def on_time(unit: str, kept: int, of: int, *, quarter: str = "2026Q3", name: str = "") -> list[tuple]:
    """`of` cases of a unit due in a quarter, `kept` of them answered on their last day."""
    day = Quarter.parse(quarter).end.isoformat()
    return [
        (f"{name or quarter}-{unit}-{number}", unit, day, day if number < kept else "")
        for number in range(of)
    ]


def ratings(**points: float) -> str:
    return "unit,points\n" + "".join(f"{unit},{value}\n" for unit, value in points.items())


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _contract(feed: str, time: dict[str, Any]) -> dict[str, Any]:
    properties = [
        {"name": name, "businessName": name, "logicalType": kind, **more}
        | (
            {"customProperties": [{"property": "may_be_absent", "value": True}]}
            if name in _ABSENT_COLUMNS
            else {}
        )
        | ({"quality": [_OUTCOME]} if name == "outcome" else {})
        for name, kind, more in _COLUMNS[feed]
    ]
    is_register = feed == "offices"
    unit = {"column": "unit_code", "register_from_feed": True} if is_register else {"column": "unit"}
    custom = {
        "title_en": feed,
        "suppliers": _SUPPLIERS.get(feed, ["office"]),
        "files": ["csv", "xlsx"],
        "time": _TIME[feed] | {"hold_above_bad_share": 0.6} | time,
        "unit": unit,
    }
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": feed,
        "name": feed,
        "version": "1.0.0",
        "status": "active",
        "description": {"purpose": "A test."},
        "schema": [{"name": feed, "dataGranularityDescription": "One row each.", "properties": properties}],
        "slaProperties": [{"property": "deadline_days", "value": 15, "unit": "d"}],
        "customProperties": [{"property": name, "value": value} for name, value in custom.items()],
    }


def _sql(feed: str, time: dict[str, Any]) -> str:
    code, absent, numerator, denominator = _MEASURES[feed]
    looks_back = (_TIME[feed] | time).get("lookback_quarters", 0) > 0
    over = f", {denominator} as {code}__den" if denominator else ""
    return f"""-- feed: {feed}
-- measures:
--   {code}:
--     title: {{zh: {code}, en: {code}}}
--     formula: {{zh: 测试, en: a test}}
--     source: ours
--     absent: {absent}
select _unit as unit, {numerator} as {code}__num{over}
from {feed}{"_history" if looks_back else ""} group by _unit
"""


def _framework() -> dict[str, Any]:
    return {
        "framework": "small",
        "version": "1",
        "effective_from": "2025Q4",
        "title": {"zh": "小体系", "en": "Small"},
        "points": 100,
        "min_attainable": 0.3,
        "rounding": {"places": 2, "mode": "half_up"},
        "peer_groups": ["office"],
        "groups": [{"code": "all", "points": 100, "title": {"zh": "全部", "en": "All"}, "combine": "sum"}],
        "indicators": [
            {
                "code": measure.replace(".", "_"),
                "group": "all",
                "points": points,
                "title": {"zh": measure, "en": measure},
                "measure": measure,
                "rule": rule,
                "missing": "not_rated",
            }
            for measure, (points, rule) in _POINTS.items()
        ],
        "warnings": [
            {
                "code": "low",
                "on": "index",
                "when": "rate < 0.5",
                "colour": "yellow",
                "title": {"zh": "偏低", "en": "Low"},
            }
        ],
    }
