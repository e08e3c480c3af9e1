"""Brings both databases up to date; run by the `init` service before anything else starts."""

from __future__ import annotations

import os
import subprocess  # ruff: ignore[suspicious-subprocess-import]
import sys
from pathlib import Path

from include.warehouse import roles
from include.warehouse.store import migrate, open_warehouse


def main() -> None:
    """Migrate Airflow's database and set its roles, then the warehouse at MINGJING_WAREHOUSE_URL with its grants."""
    subprocess.run(["airflow", "db", "migrate"], check=True)
    subprocess.run([sys.executable, Path(__file__).with_name("airflow_roles.py")], check=True)
    url = os.environ["MINGJING_WAREHOUSE_URL"]
    migrate(url)
    engine = open_warehouse(url)
    with engine.begin() as connection:
        roles.apply(connection)
    engine.dispose()


if __name__ == "__main__":
    main()
