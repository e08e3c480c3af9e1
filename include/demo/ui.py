"""`make ui`: Airflow with the demo's results and one login for each of its accounts, until Ctrl-C."""

from __future__ import annotations

import signal
import threading

from rich.console import Console

from include.demo.airflow_runtime import start_airflow
from include.demo.run import CACHE, FOLDER
from include.site import Site, open_site

LOGINS = {
    "ops": "mingjing_ops",
    "steward": "mingjing_steward",
    "first_reviewer": "mingjing_reviewer",
    "second_reviewer": "mingjing_reviewer",
}
"""Airflow's role by what an account is in site.yaml; all others only look."""


def logins(site: Site) -> dict[str, list[str]]:
    """Airflow's roles by account of the site."""
    return {
        name: sorted({LOGINS.get(role, "mingjing_viewer") for role in account.roles})
        for name, account in site.settings.accounts.items()
    }


def main() -> None:
    """Start Airflow on the demo site; print address and logins; stop it on Ctrl-C or SIGTERM."""
    console = Console()
    site = FOLDER / "site"
    if not (site / "site.yaml").exists():
        console.print("请先运行 make demo。 Run make demo first.")
        raise SystemExit(2)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    accounts = logins(open_site(site))
    env = {"MINGJING_SITE": str(site)}
    with start_airflow(FOLDER / "airflow", env, cache=CACHE, accounts=accounts) as airflow:
        with console.status("Airflow 启动中 starting …"):
            airflow.wait_ready(["score_quarter"])
        names = ", ".join([airflow.api.user, *accounts])
        console.print(
            f"地址 address  {airflow.api.url}\n用户 users    {names}\n密码 password {airflow.api.password}\n"
            "预警审核在“待办”中 reviews wait under Required Actions · Ctrl-C 结束 to stop",
            highlight=False,
        )
        stopping.wait()


if __name__ == "__main__":
    main()
