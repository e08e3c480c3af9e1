"""The demo's story, quarter by quarter: departments send files, the pipeline judges, scores and releases."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from include.demo import county, generate
from include.demo.generate import SentFile
from include.pipeline.ingest import ingest_feed
from include.pipeline.new_site import new_site
from include.pipeline.registers import import_workbook
from include.pipeline.score_quarter import ScoreReport, score_ready
from include.quarters import Quarter
from include.site import Site, open_site

_REGISTERED_AT = datetime(2024, 12, 1, tzinfo=UTC)
_LOOKED_AT_DAYS = {1: 22, 2: 45}
"""Days after a quarter's end on which the ops team runs it: past the deadline, and past the late files."""


Written = Callable[[Quarter, int], list[tuple[SentFile, Path]]]
"""(quarter, wave) → files that are written and wait outside the inbox, each with its place in it."""


@dataclass(frozen=True)
class Played:
    """What one quarter came to."""

    quarter: Quarter
    files: int
    rows: Counter[str]
    reports: tuple[ScoreReport, ...]


def lay_out(folder: Path) -> Site:
    """Write a fresh demo site into `folder`, replacing what is there, and import its register."""
    shutil.rmtree(folder, ignore_errors=True)
    suppliers = {
        code: {
            "name": {"zh": zh, "en": en},
            "contacts": [{"role": "数据专管员", "phone": f"内线 {8000 + place}"}],
        }
        for place, (code, (zh, en)) in enumerate(county.SUPPLIERS.items())
    }
    new_site(
        folder,
        code=county.JURISDICTION,
        name_zh=county.NAME["zh"],
        name_en=county.NAME["en"],
        suppliers=suppliers,
        accounts={name: {**account, "logins": ["*"]} for name, account in county.ACCOUNTS.items()},
        feeds=county.FEEDS,
    )
    county.write_register(folder / "register.xlsx")
    site = open_site(folder)
    import_workbook(site, folder / "register.xlsx", now=_REGISTERED_AT)
    return site


@contextmanager
def departments(outbox: Path, quarters: Sequence[Quarter]) -> Generator[Written, None, None]:
    """Let a process of its own write the files of `quarters` ahead; give a function that hands them out.

    The pipeline's own work stays in this process; only the writing of spreadsheets, which is the departments', goes
    on beside it.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as office:
        writing = {
            (quarter, wave): office.submit(
                generate.write_quarter, _tray(outbox, quarter, wave), quarter, wave=wave
            )
            for quarter in quarters
            for wave in _LOOKED_AT_DAYS
        }
        yield lambda quarter, wave: [
            (file, file.path.relative_to(_tray(outbox, quarter, wave)))
            for file in writing[quarter, wave].result()
        ]


def _tray(outbox: Path, quarter: Quarter, wave: int) -> Path:
    return outbox / f"{quarter}-{wave}"


def send(site: Site, quarter: Quarter, *, wave: int = 1, written: Written | None = None) -> list[SentFile]:
    """Drop a quarter's files into the inbox, dated as the departments sent them."""
    inbox = Path(str(site.inbox))
    if written is None:
        sent = generate.write_quarter(inbox, quarter, wave=wave)
    else:
        sent = [_dropped(file, inbox / place) for file, place in written(quarter, wave)]
    for order, file in enumerate(sent):
        day = file.sent_on
        moment = datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(minutes=order)
        os.utime(file.path, (moment.timestamp(), moment.timestamp()))
    return sent


def _dropped(file: SentFile, target: Path) -> SentFile:
    target.parent.mkdir(parents=True, exist_ok=True)
    return replace(file, path=file.path.replace(target))


def play(site: Site, quarters: Sequence[Quarter], *, written: Written | None = None) -> Iterator[Played]:
    """Play quarters in this process, oldest first: send, ingest every feed, score what is ready."""
    for quarter in quarters:
        files, rows, reports = 0, Counter[str](), []
        for wave, days in _LOOKED_AT_DAYS.items():
            sent = send(site, quarter, wave=wave, written=written)
            if not sent:
                continue
            end = quarter.end
            now = datetime(end.year, end.month, end.day, 12, tzinfo=UTC) + timedelta(days=days)
            files += len(sent)
            for feed in dict.fromkeys(file.feed for file in sent):
                rows += ingest_feed(site, feed, now=now).counts
            reports += score_ready(site, now=now)
        yield Played(quarter, files, rows, tuple(reports))
