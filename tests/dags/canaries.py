"""A thousand made-up people through a running Airflow, and a search for them in every store and log.

    python -m tests.dags.canaries [PEOPLE]

They stand where people turn up in department files: in personal columns, in columns that no contract declares, and,
one in three, where they do not belong: as a unit, a channel, a date, a file's or a sheet's name. The files are
ingested and scored by real DAGs; refused rows are listed, workbooks composed, the vault opened, a review held. Then
everything outside inbox and vault is searched: the lake, the warehouse, Airflow's own database, every log, every answer
of the command. `make canaries` runs it; it ends with 1 and the places where somebody was found.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import xlsxwriter
from rich.console import Console
from typer.testing import CliRunner

from include.cli.main import app
from include.demo import county
from include.demo.airflow_runtime import start_airflow
from include.demo.story import lay_out
from include.site import Site
from tests.pipeline.canary import Person, kept, leaks, people

HEAD = (
    "信访编号", "责任单位", "信访渠道", "信访类型", "登记日期", "受理告知日期", "办理期限", "答复日期", "满意度评价",
    "是否延期", "是否领导包案", "是否化解", "专题研究日期", "领导接访日期", "复查复核结果",
    "信访人", "身份证号", "联系电话", "住址", "信访内容",
)  # fmt: skip
MESSAGE = (
    "留言编号", "责任单位", "留言类别", "留言日期", "回复日期", "办理结果", "满意度评价",
    "承诺解决日期", "主要负责人阅批", "留言人", "联系电话", "留言内容",
)  # fmt: skip
NOW = datetime(2026, 10, 25, 12, tzinfo=UTC)
_SENT = datetime(2026, 10, 8, 1, tzinfo=UTC).timestamp()
_order = count()


def petition(number: int, one: Person, **changes: str) -> list[str]:
    """A sound row about a person, with changes by column."""
    dates = ["2026-07-02", "2026-07-08", "2026-08-31", "2026-08-20"]
    sound = [
        f"XF-{number:05}",
        _unit(number),
        "来信",
        "初信初访",
        *dates,
        "满意",
        "否",
        "否",
        "是",
        "",
        "",
        "",
    ]
    said = f"{one.name}({one.identity})反映，电话{one.mobile}，住{one.address}"
    row = dict(zip(HEAD, [*sound, one.name, one.identity, one.mobile, one.address, said], strict=True))
    return list((row | changes).values())


def message(number: int, one: Person, **changes: str) -> list[str]:
    """A sound row about somebody who left a message."""
    told = ["咨询", "2026-08-03", "2026-08-04", "已解决", "满意", "", "是"]
    sound = [f"LY-{number:05}", _unit(number), *told, one.name, one.mobile]
    row = dict(zip(MESSAGE, [*sound, f"我是{one.name},住{one.address},证号{one.identity}"], strict=True))
    return list((row | changes).values())


def _unit(number: int) -> str:
    return county.units()[number % 90].name


def whole(one: Person) -> tuple[str, ...]:
    """What a clerk would write of a person into one cell."""
    return one.name, one.identity, one.mobile, one.address


def plant(site: Site, who: list[Person]) -> None:
    """Drop files that hold every person: one held for its many faults, one taken but for a few rows, and odd ones."""
    wrong = ("责任单位", "信访渠道", "登记日期", "信访编号", "满意度评价")
    sound = [petition(number, one) for number, one in enumerate(who)]
    faulty = [
        petition(number + 50_000, one, **{wrong[number % 5]: whole(one)[number % 4]})
        for number, one in enumerate(who)
    ]
    misplaced = [
        petition(number + 90_000, one, **{("责任单位", "信访渠道")[number % 2]: one.name})
        for number, one in enumerate(who[: len(who) // 30])
    ]
    few = max(1, len(who) // 30)
    first = who[0]
    odd = f"{first.name}{first.mobile}_2026Q3.xlsx"
    _workbook(_place(site, "petitions", odd), first.name, [HEAD, *faulty[:20]])
    headless = "\n".join(",".join(row) for row in sound[:20])
    _drop(_place(site, "petitions", "无表头_2026Q3.csv"), headless.encode())
    text = "\n".join(",".join(row) for row in [HEAD, *faulty])
    _drop(_place(site, "petitions", "信访台账_2026Q3.csv"), text.encode("gb18030"))
    _workbook(_place(site, "petitions", "信访台账_2026Q3_更正.xlsx"), "信访", [HEAD, *sound, *misplaced])
    told = [message(number, one) for number, one in enumerate(who)]
    told += [message(number + 50_000, one, 办理结果=one.name) for number, one in enumerate(who[:few])]
    _workbook(_place(site, "message_board", "留言_2026Q3.xlsx"), "留言", [MESSAGE, *told])


def _place(site: Site, feed: str, name: str) -> Path:
    return Path(str(site.inbox)) / county.JURISDICTION / feed / name


def _workbook(path: Path, sheet: str, rows: list) -> None:
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    _drop(path, memory.getvalue())


def _drop(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sent = _SENT + 60 * next(_order)
    os.utime(path, (sent, sent))


def commands(site: Site) -> Iterator[tuple[str, bytes]]:
    """What the command says of all this."""
    lines = [
        ["ingest"], ["refused", "--all"], ["refused", "--json"], ["deliveries"], ["deliveries", "--json"],
        ["status", "2026Q3"], ["warnings", "2026Q3"], ["aliases", "list"], ["suppliers"], ["due"],
        ["review", "open", "2026Q3", "--as", "ops"], ["review", "list"], ["review", "show", "1"],
        ["explain", "MJ205", "2026Q3"], ["respelled", "petitions"],
    ]  # fmt: skip
    for line in lines:
        with contextlib.chdir(site.folder):
            done = CliRunner().invoke(app, line, env={"MINGJING_SITE": str(site.folder)})
        yield f"mingjing {' '.join(line)}", done.output.encode()


def main() -> None:
    """Run it; exits with 1 where somebody was found."""
    console, started = Console(), time.monotonic()
    who = people(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    with tempfile.TemporaryDirectory(prefix="mingjing-canaries-") as folder:
        site = lay_out(Path(folder) / "site")
        plant(site, who)
        env = {"MINGJING_SITE": str(site.folder), "MINGJING_NOW": NOW.isoformat()}
        with start_airflow(Path(folder) / "airflow", env) as airflow:
            feeds = ("petitions", "message_board")
            airflow.wait_ready([*(f"ingest_{feed}" for feed in feeds), "score_quarter"])
            runs = [(f"ingest_{feed}", airflow.api.trigger(f"ingest_{feed}")) for feed in feeds]
            states = airflow.api.wait_runs(runs, timeout_seconds=600)
            conf = {"jurisdiction": county.JURISDICTION, "quarter": "2026Q3", "feeds": []}
            run = airflow.api.trigger("score_quarter", conf=conf)
            states |= airflow.api.wait_runs([("score_quarter", run)], timeout_seconds=600)
            console.print({dag: state for (dag, _), state in states.items()})
        said = list(commands(site))
        database = Path(folder) / "airflow" / "airflow.db"
        dump = subprocess.run(["sqlite3", str(database), ".dump"], capture_output=True, check=False).stdout
        stores = [*kept(site.folder), *kept(Path(folder) / "airflow"), ("airflow.db dumped", dump), *said]
        balance = next(content for name, content in said if name == "mingjing deliveries")
        console.print(balance.decode(), highlight=False)
        found = leaks(who, stores)
        size = sum(len(content) for _, content in stores)
        console.print(
            f"{len(who)} people, {len(stores)} places, {size / 2**20:.0f} MiB searched, "
            f"{time.monotonic() - started:.0f} s: {len(found)} found"
        )
        for place, trace in found[:50]:
            console.print(f"  {trace} in {place}", style="red")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
