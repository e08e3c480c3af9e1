"""Any folder of other people's files, through the inbox of a site: read as another reader reads them, or held.

    python -m tests.real.third_party FOLDER [--report FILE.tsv] [--airflow]

Each file gets a feed of its own, whose contract is declared by machine: the first sheet with a table, the header as
`mingjing describe` proposes it or as the other reader shows it, every column text. A file in which no table can be
declared comes with a contract that asks for a column it cannot have. What is printed at the end are counts; the report
has a line per file, with the sentence of each that was held and each cell that differs.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import multiprocessing
import os
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from openpyxl.utils import column_index_from_string
from sqlalchemy import text

from include.demo.airflow_runtime import start_airflow
from include.feeds.contract import Contract
from include.feeds.describing.describe import guess_delimiter, look
from include.feeds.faults import Held
from include.feeds.read import read_delivery
from include.pipeline.ingest import ingest_feed
from include.site import Site, open_site
from include.warehouse.store import migrate, open_warehouse, reading
from tests.real.other_readers import Grid, Odd, Unknown, grids

PLACE = "third"
SENT = dt.datetime(2026, 10, 5, 1, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 10, 20, 12, tzinfo=dt.UTC)
KINDS = ("xlsx", "xls", "ods", "csv", "tsv")
_MEMORY, _SECONDS = 4 << 30, 60
_SEARCHED = 15
_ROWS = ("landed", "accepted", "quarantined", "duplicates", "structural")
_FEEDS = 40
"""Feeds of one site."""


@dataclass(frozen=True)
class Declared:
    """A contract's layout and columns for one file: name → (header, place on the sheet, 0-based)."""

    layout: dict[str, Any]
    columns: dict[str, tuple[str, int]]
    header_end: int
    """The last row of the header, 0-based."""
    grid: Grid
    by: str


@dataclass
class Outcome:
    """What became of one file."""

    file: str
    declared: str = ""
    """`describe`, `header`, or why no layout was declared."""
    verdict: str = ""
    code: str = ""
    sentence: str = ""
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    structural: int = 0
    unaccounted: int = 0
    cells: int = 0
    unequal: list[str] = field(default_factory=list)
    refused: str = ""
    told: str = ""
    seconds: float = 0
    traceback: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--airflow", action="store_true", help="ingest by the DAGs of a running Airflow")
    wanted = parser.parse_args()
    files = sorted(path for path in wanted.folder.rglob("*") if path.is_file())
    outcomes: list[Outcome] = []
    with multiprocessing.get_context("spawn").Pool(1, _limit) as pool:
        for batch in (files[at : at + _FEEDS] for at in range(0, len(files), _FEEDS)):
            with tempfile.TemporaryDirectory(prefix="third-party-") as scratch:
                outcomes += run(batch, wanted.folder, Path(scratch), pool, airflow=wanted.airflow)
            if wanted.report:
                _write(wanted.report, outcomes)
    for line in summary(outcomes):
        print(line)
    return int(any(one.traceback or one.unequal or one.unaccounted for one in outcomes))


def run(files: list[Path], folder: Path, scratch: Path, pool: Any, *, airflow: bool) -> Iterator[Outcome]:
    """Declare a feed for each file, put the files into the inbox and ingest, one after the other or by DAGs."""
    declared = {path: _declared(path, pool) for path in files}
    feeds = {f"file_{at}": path for at, path in enumerate(files)}
    site = _site(scratch, {feed: declared[path] for feed, path in feeds.items()})
    copied = {feed: _dropped(path, scratch / "inbox" / PLACE / feed) for feed, path in feeds.items()}
    failed = _by_airflow(site, list(feeds), scratch / "airflow") if airflow else {}
    for feed, path in feeds.items():
        one = Outcome(str(path.relative_to(folder)), traceback=failed.get(feed, ""))
        found = declared[path]
        one.declared = found if isinstance(found, str) else found.by
        began = time.monotonic()
        try:
            if not airflow:
                ingest_feed(site, feed, now=NOW)
        except Exception:
            one.traceback = traceback.format_exc()
        one.seconds = time.monotonic() - began
        _judged(site, feed, one)
        if one.verdict == "accepted" and isinstance(found, Declared):
            _compare(site, feed, copied[feed], found, one)
        print(f"{one.verdict:9}{one.code:12}{one.seconds:6.2f}  {one.file}", file=sys.stderr, flush=True)
        yield one


def _declared(path: Path, pool: Any) -> Declared | str:
    """A layout for the file, or why there is none. The other readers work in a process with limits of its own."""
    data = path.read_bytes()
    delimiter = guess_delimiter(data)
    asked = pool.apply_async(grids, (path,), {"delimiter": delimiter, "encoding": _encoding(data)})
    try:
        seen = asked.get(_SECONDS)
    except (Unknown, MemoryError, multiprocessing.TimeoutError) as error:
        return f"not opened: {str(error) or type(error).__name__}"
    return _as_described(path, data, seen) or _by_header(data, delimiter, seen) or "no table"


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "cp1252"


def _as_described(path: Path, data: bytes, seen: list[Grid]) -> Declared | None:
    try:
        found = look(data, file_name=path.name)
    except Held:
        return None
    grid = next((grid for grid in seen if grid.name == found.sheet), None)
    if not found.reads_the_same or grid is None or found.table is None:
        return None
    part = found.grid.part
    columns = {column.name: (column.header, part.left + column.place) for column in found.columns}
    layout = {"sheets": [grid.name]} | found.layout if grid.name else found.layout
    declared = Declared(layout, columns, part.top + found.table.header[1], grid, "describe")
    return declared if _filled(declared)[_fullest(declared)] else None


def _by_header(data: bytes, delimiter: str, seen: list[Grid]) -> Declared | None:
    """The row with most texts of its own among the first with a row below it, on the first sheet that has one."""
    for grid in seen:
        rows = sorted({row for row, _ in grid.cells})
        best: dict[int, str] = {}
        at = -1
        for row in rows[:_SEARCHED][: max(len(rows) - 1, 0)]:
            labels = {place: value for (line, place), value in grid.cells.items() if line == row}
            plain = Counter(_plain(value) for value in labels.values()) | {"": 2}
            own = {
                place: value
                for place, value in labels.items()
                if isinstance(value, str) and plain[_plain(value)] == 1 and (row, place) not in grid.wide
            }
            if len(own) > len(best) and any(line > row and place in own for line, place in grid.cells):
                best, at = own, row
        if best:
            layout: dict[str, Any] = {"sheets": [grid.name]} if grid.name else {
                "delimiter": delimiter, "encodings": [_encoding(data)]
            }  # fmt: skip
            columns = {f"c{place}": (label, place) for place, label in sorted(best.items())}
            return Declared(layout | {"search_rows": max(_SEARCHED, at + 1)}, columns, at, grid, "header")
    return None


def _dropped(path: Path, inbox: Path) -> Path:
    inbox.mkdir(parents=True)
    copied = inbox / f"2026Q3 {path.name}"
    shutil.copyfile(path, copied)
    os.utime(copied, (SENT.timestamp(), SENT.timestamp()))
    return copied


def _by_airflow(site: Site, feeds: list[str], home: Path) -> dict[str, str]:
    """Ingest every feed by its DAG on a running Airflow; the log of each run that failed, by feed."""
    env = {"MINGJING_SITE": str(site.folder), "MINGJING_NOW": NOW.isoformat()}
    with start_airflow(home, env) as running:
        running.wait_ready([f"ingest_{feed}" for feed in feeds], timeout_seconds=300)
        runs = [(f"ingest_{feed}", running.api.trigger(f"ingest_{feed}")) for feed in feeds]
        states = running.api.wait_runs(runs, timeout_seconds=1800)
        return {
            dag.removeprefix("ingest_"): running.task_log(dag, run)
            for (dag, run), state in states.items()
            if state != "success"
        }


def _plain(value: Any) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value))).casefold()


def _site(folder: Path, declared: dict[str, Declared | str]) -> Site:
    for sub in ("feeds", "measures", "packs", "inbox", "lake"):
        (folder / sub).mkdir()
    for feed, found in declared.items():
        _dump(folder / "feeds" / f"{feed}.yaml", _contract(feed, found))
    _dump(folder / "site.yaml", {
        "site": "third", "jurisdictions": [{"code": PLACE, "name": {"zh": "他处", "en": "Elsewhere"}}],
        "first_quarter": "2025Q4", "frameworks": ["jiaokou"],
        "suppliers": {"office": {"name": {"zh": "某办", "en": "An office"}}}, "feeds": {feed: {} for feed in declared},
    })  # fmt: skip
    site = open_site(folder)
    migrate(site.warehouse_url)
    return site


def _contract(feed: str, found: Declared | str) -> dict[str, Any]:
    if isinstance(found, str):
        columns, layout, banner = {"unit": ("没有声明过的列", 0)}, {}, ""
    else:
        columns, layout, banner = found.columns, found.layout, found.layout.get("banner", "")
    unit = _fullest(found) if isinstance(found, Declared) else "unit"
    properties = [
        {
            "name": name, "businessName": header.replace("|", " "), "logicalType": "string",
            "required": name == unit,
            "customProperties": [
                {"property": "headers", "value": [header]}, {"property": "null_values", "value": [""]},
            ],
        }
        for name, (header, _) in columns.items()
    ]  # fmt: skip
    if banner:
        absent = [{"property": "may_be_absent", "value": True}]
        properties.append(
            {"name": banner, "businessName": "类别", "logicalType": "string", "customProperties": absent}
        )
    quarter = {"filename": r"^(?P<year>20\d\d)Q(?P<quarter>[1-4]) "}
    custom = {
        "title_en": feed, "suppliers": ["office"], "files": list(KINDS), "layout": layout,
        "time": {"kind": "snapshot", "delivery": "append", "quarter_from": quarter, "hold_above_bad_share": 1},
        "unit": {"column": unit, "register_from_feed": True},
    }  # fmt: skip
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": feed, "name": feed, "version": "1.0.0",
        "status": "active", "description": {"purpose": "A file from elsewhere."},
        "schema": [{"name": feed, "dataGranularityDescription": "One row each.", "properties": properties}],
        "slaProperties": [{"property": "deadline_days", "value": 15, "unit": "d"}],
        "customProperties": [{"property": name, "value": _plain_data(value)} for name, value in custom.items()],
    }  # fmt: skip


def _fullest(found: Declared) -> str:
    """The column with most values: it stands for the unit, which every row must have."""
    filled = _filled(found)
    return max(found.columns, key=lambda name: filled[name])


def _filled(found: Declared) -> Counter[str]:
    places = {place: name for name, (_, place) in found.columns.items()}
    return Counter(places.get(place, "") for row, place in found.grid.cells if row > found.header_end)


def _plain_data(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_data(item) for key, item in value.items()}
    return [*map(_plain_data, value)] if isinstance(value, list | tuple) else value


def _dump(path: Path, document: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _judged(site: Site, feed: str, one: Outcome) -> None:
    found = _rows(site, "select verdict_id, verdict, reason_code, message_en from delivery_verdict "
                  "join delivery using (delivery_id) where feed = :feed order by verdict_id", feed=feed)  # fmt: skip
    if not found:
        one.verdict = "none"
        return
    key, one.verdict, one.code, one.sentence = found[-1]
    balance = _rows(site, "select landed, accepted, quarantined, exact_duplicates, structural from row_balance "
                    "where verdict_id = :key", key=key)  # fmt: skip
    if balance:
        one.landed, one.accepted, one.quarantined, one.duplicates, one.structural = balance[0]
    refused = _rows(
        site, "select rule_id, count(*) from quarantined_row where verdict_id = :key group by 1", key=key
    )
    one.refused = " ".join(f"{rule}:{count}" for rule, count in refused)
    told = _rows(site, "select code, count(*) from file_fault where verdict_id = :key group by 1", key=key)
    one.told = " ".join(f"{code}:{count}" for code, count in told)


def _rows(site: Site, query: str, **named: Any) -> list[tuple[Any, ...]]:
    with reading(open_warehouse(site.warehouse_url)) as connection:
        return [tuple(row) for row in connection.execute(text(query), named)]


def _compare(site: Site, feed: str, file: Path, found: Declared, one: Outcome) -> None:
    """Every staged cell against the other reader's, and every row below the header that the other reader sees."""
    lake = Path(str(site.lake))
    cells, staged = found.grid.cells, set()
    for path in sorted((lake / PLACE / "staged" / feed).rglob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            line, shift = row["_row"] - 1, _shift(row["_sheet"], found)
            staged.add((line, shift))
            for name, (header, place) in found.columns.items():
                one.cells += 1
                value = cells.get((line, place + shift))
                if not equal(row[name], row.get(f"{name}__raw"), value, digits=found.grid.digits):
                    one.unequal.append(f"{row['_row']} {header[:20]}: {row[name]!r} for {value!r}")
    judged = _rows(site, "select distinct row_number from quarantined_row join delivery_verdict using (verdict_id) "
                   "join delivery using (delivery_id) where feed = :feed", feed=feed)  # fmt: skip
    lines = {line for line, _ in staged}
    below = {row for row, _ in cells if row > found.header_end} - lines - {row - 1 for (row,) in judged}
    if below:
        contract = Contract.from_yaml(Path(str(site.folder)) / "feeds" / f"{feed}.yaml")
        again = read_delivery(file, file_name=file.name, contract=contract)
        roles = {row["row"] - 1: row["role"] for row in again.structural.to_pylist()}
        known = {
            _row_of(found, line, shift) for line, shift in [*staged, *((row - 1, 0) for (row,) in judged)]
        }
        twice = {row for row in below - {*roles} if _row_of(found, row, 0) in known}
        said = Counter("twice" if row in twice else roles.get(row, "lost") for row in below)
        one.told += " | " + " ".join(f"{role}:{count}" for role, count in said.items())
        one.unaccounted = said["lost"] + said["blank"]


def _row_of(found: Declared, line: int, shift: int) -> tuple[str, ...]:
    values = (found.grid.cells.get((line, place + shift), "") for _, place in found.columns.values())
    return tuple(_normal(str(value)) for value in values)


def _shift(sheet: str, found: Declared) -> int:
    """How far a table beside the first one lies to its right: `名称[F:J]`."""
    block = re.search(r"\[([A-Z]+):[A-Z]+\]$", sheet)
    first = min(place for _, place in found.columns.values())
    if block is None or found.layout.get("beside") != "same":
        return 0
    return max(column_index_from_string(block[1]) - 1 - first, 0)


def equal(staged: str | None, raw: str | None, value: Any, *, digits: int = 17) -> bool:
    """Whether a staged text says the other reader's value, by the rules of the reference."""
    if value is None or isinstance(value, Odd):
        return staged is None
    if isinstance(value, bool):
        return staged == str(value).upper()
    if isinstance(value, int | float):
        try:
            said, seen = Decimal(staged or "NaN"), Decimal(repr(value))
            return said == seen or (digits < 17 and abs(said - seen) <= abs(seen).scaleb(1 - digits))
        except InvalidOperation:
            return False
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return staged in _moments(value)
    # openpyxl leaves characters escaped as the format has them ([ECMA-376] 22.9.2.19).
    plain = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), value)
    sent = raw if raw is not None else staged
    return sent in (value, plain) or (staged or "") in (_normal(value), _normal(plain))


def _moments(value: Any) -> tuple[str, ...]:
    """How a moment or a duration may be written; .ods has durations of its own."""
    if isinstance(value, dt.datetime):
        return (value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" "),)
    if isinstance(value, dt.timedelta):
        seconds = int(value.total_seconds())
        hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
        return str(value), f"{hours:02}:{minutes:02}:{rest:02}", f"PT{hours:02}H{minutes:02}M{rest:02}S"
    return (value.isoformat(),)


def _normal(value: str) -> str:
    kept = re.sub(
        r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]", "", unicodedata.normalize("NFKC", value)
    )
    return kept.strip(" \t\r\n\u1680\u2028\u2029")


def _write(path: Path, outcomes: list[Outcome]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        names = [*Outcome.__dataclass_fields__]
        writer.writerow(names)
        for one in outcomes:
            shown = {name: getattr(one, name) for name in names} | {
                "unequal": f"{len(one.unequal)} {one.unequal[:5]}" if one.unequal else "",
                "seconds": f"{one.seconds:.2f}",
            }
            writer.writerow(re.sub(r"\s+", " ", str(shown[name])) for name in names)


def summary(outcomes: list[Outcome]) -> Iterator[str]:
    laid_out = [one for one in outcomes if one.declared in ("describe", "header")]
    read = [one for one in laid_out if one.verdict == "accepted" and not one.unequal and not one.unaccounted]
    yield f"files {len(outcomes)}, of which another reader opens and a layout is declared for {len(laid_out)}"
    yield f"  of those read, every cell equal: {len(read)} ({len(read) / max(len(laid_out), 1):.1%})"
    for title, among in (
        ("declared", laid_out),
        ("others", [one for one in outcomes if one not in laid_out]),
    ):
        yield f"  {title}: {dict(Counter(f'{one.verdict} {one.code}'.strip() for one in among).most_common())}"
    yield f"cells compared {sum(one.cells for one in outcomes)}, unequal {sum(len(one.unequal) for one in outcomes)}"
    landed, *parts = (sum(getattr(one, name) for one in outcomes) for name in _ROWS)
    said = " + ".join(f"{name} {rows}" for name, rows in zip(_ROWS[1:], parts, strict=True))
    yield f"rows landed {landed} = {said}"
    yield f"rows unaccounted for {landed - sum(parts) + sum(one.unaccounted for one in outcomes)}"
    yield f"tracebacks {sum(bool(one.traceback) for one in outcomes)}"
    seconds = [one.seconds for one in outcomes]
    yield f"seconds: total {sum(seconds):.0f}, longest {max(seconds):.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
