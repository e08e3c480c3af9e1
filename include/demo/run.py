"""`make demo`: a made-up county from awkward spreadsheets to its warning list.

Seven quarters are replayed in this process; the newest runs on a real Airflow: files in the inbox → ingest DAGs →
`quarter_ready` → `score_quarter`.
"""

from __future__ import annotations

import logging
import resource
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from include.cli.tables import warning_table
from include.demo import county
from include.demo.airflow_api import AirflowError
from include.demo.airflow_runtime import RunningAirflow, start_airflow
from include.demo.picture import draw_warning_list
from include.demo.story import Played, Written, departments, lay_out, play, send
from include.pipeline.ready import ready_quarters
from include.pipeline.warning_list import warning_list
from include.quarters import Quarter
from include.site import REPOSITORY, Site
from include.warehouse.reviews import open_reviews_of
from include.warehouse.store import open_warehouse, reading

FOLDER = REPOSITORY / "demo"
CACHE = REPOSITORY / "build" / "airflow"
NEWEST_AT = datetime(2026, 10, 10, 12, tzinfo=UTC)
"""When the newest quarter is rehearsed: its files are in, its deadlines have not passed."""
AIRFLOW_STARTS_AFTER = Quarter(2025, 4)
_WAIT_SECONDS = 600


def main() -> None:
    """Run the demo; exits with 1 and the log to read when Airflow fails."""
    console, started = Console(), time.monotonic()
    logging.disable(logging.WARNING)
    shutil.rmtree(FOLDER, ignore_errors=True)
    site = lay_out(FOLDER / "site")
    env = {
        "MINGJING_SITE": str(site.folder),
        "MINGJING_NOW": NEWEST_AT.isoformat(),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    }
    with ThreadPoolExecutor(1) as background, departments(FOLDER / "outbox", county.QUARTERS) as written:
        starting: Future[RunningAirflow] | None = None
        try:
            for played in _replay(console, site, written):
                # Its idle processes would take time from the replay; two quarters are enough for it to start in.
                if played.quarter == AIRFLOW_STARTS_AFTER:
                    starting = background.submit(start_airflow, FOLDER / "airflow", env, cache=CACHE)
            if starting is not None:
                _newest(console, site, starting.result(), written)
        except AirflowError as error:
            console.print(f"[red]{error}[/red]", highlight=False)
            raise SystemExit(1) from error
        finally:
            if starting is not None:
                starting.result().stop(grace_seconds=3)
    found = warning_list(site, county.JURISDICTION, "jiaokou", str(county.LAST))
    console.print(warning_table(found))
    found.units.to_csv(FOLDER / "warning-list.csv", index=False, encoding="utf-8-sig")
    draw_warning_list(found, FOLDER / "warning-list.png")
    _closing(console, time.monotonic() - started)


def _replay(console: Console, site: Site, written: Written) -> Iterator[Played]:
    bar = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    console.print(_HEADER, highlight=False)
    with Progress(*bar, console=console) as progress:
        task = progress.add_task("重放七个季度 Replaying seven quarters", total=len(county.QUARTERS) - 1)
        for played in play(site, county.QUARTERS[:-1], written=written):
            progress.console.print(_line(played), highlight=False)
            progress.advance(task)
            yield played


_HEADER = (
    "  季度      文件      行    隔离  扣留  修订    红   黄   绿\n"
    "  quarter  files    rows  aside  held  rev.   red  yel  green"
)


def _line(played: Played) -> str:
    rows, colours = played.rows, played.reports[-1].counts
    return (
        f"  {played.quarter}   {played.files:5} {rows['rows_landed']:7,} {rows['rows_quarantined']:6} {rows['held']:5}"
        f" {len(played.reports):5} {colours['red']:5} {colours['yellow']:4} {colours['green']:6}"
    )


def _newest(console: Console, site: Site, airflow: RunningAirflow, written: Written) -> None:
    sent = send(site, county.LAST, written=written)
    feeds = sorted({file.feed for file in sent})
    dags = {f"ingest_{feed}" for feed in feeds} | {"score_quarter"}
    with console.status("Airflow 启动中 Airflow is starting …") as status:
        airflow.wait_ready(dags, progress=lambda word: status.update(f"Airflow: {word}"))
        console.print(f"  Airflow 就绪 is up: {airflow.api.url}", highlight=False)
        airflow.api.call("PATCH", "/dags?dag_id_pattern=~", {"is_paused": False})
        console.print(
            f"  {county.LAST}  {len(sent)} 个文件已放入收件目录 files dropped into {site.inbox}",
            highlight=False,
        )
        runs = [(f"ingest_{feed}", airflow.api.trigger(f"ingest_{feed}")) for feed in feeds]
        status.update(f"{county.LAST}: {len(feeds)} 个报送流程运行中 ingest DAGs are running …")
        done = []

        def told(word: str) -> None:
            done.append(word)
            status.update(f"{county.LAST}: {len(done)}/{len(runs)} · {word}")

        states = airflow.api.wait_runs(runs, timeout_seconds=_WAIT_SECONDS, progress=told)
        if failed := sorted(dag for (dag, _), state in states.items() if state != "success"):
            raise AirflowError(f"失败 failed: {failed}; {FOLDER / 'airflow' / 'logs'}")
        status.update("score_quarter …")
        key = f"{county.JURISDICTION}.{county.LAST}"
        run = airflow.api.wait_key(
            "score_quarter",
            key,
            timeout_seconds=_WAIT_SECONDS,
            settled=lambda: not ready_quarters(site, now=NEWEST_AT),
        )
        if run["state"] != "success":
            raise AirflowError(airflow.task_log("score_quarter", run["dag_run_id"])[-3000:])
        status.update("review_warnings …")
        _wait_for_review(site)
    console.print(
        f"  {county.LAST}  quarter_ready [{key}] → score_quarter ✓ → review_warnings: 等待初审 waits for a reviewer",
        highlight=False,
    )


def _wait_for_review(site: Site) -> None:
    """Wait until the release lies before its reviewers; AirflowError where it does not."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        with reading(open_warehouse(site.warehouse_url)) as connection:
            if open_reviews_of(connection, county.JURISDICTION):
                return
        time.sleep(0.25)
    raise AirflowError("review_warnings 未发起审核 has opened no review")


def _closing(console: Console, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(
        f"预警名单 warning list   {FOLDER / 'warning-list.csv'} · .png\n"
        f"收件目录 inbox          {FOLDER / 'site' / 'inbox'}\n"
        f"数据仓库 warehouse      {FOLDER / 'site' / 'warehouse.sqlite'}\n"
        f"数据湖 lake             {FOLDER / 'site' / 'lake'}\n"
        f"用时 took {seconds:.0f} 秒 s,本进程内存峰值 peak memory of this process {peak:.0f} MiB。\n"
        f"待审 under review: mingjing review list(站点 site {FOLDER / 'site'})\n"
        f"界面 To see it in Airflow: make ui",
        highlight=False,
    )


if __name__ == "__main__":
    main()
