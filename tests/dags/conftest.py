"""A site and Airflow settings for the tests of the DAG files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tests.bare_imports  # ruff: ignore[unused-import]
from include.demo.airflow_runtime import REPOSITORY, SETTINGS, read_settings

SITE_YAML = """\
site: county
jurisdictions:
  - {code: testcounty, name: {zh: 测试县}}
  - {code: secondcounty, name: {zh: 第二县}}
first_quarter: 2024Q4
frameworks: [jiaokou]
suppliers: {}
feeds: {audit: {}, finance: {}, inspection: {}, petitions: {}, awards: {absent: true}}
"""
PARSE = Path(__file__).with_name("parse_dags.py")


@pytest.fixture(scope="session")
def dag_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.yaml").write_text(SITE_YAML, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def parsed(dag_site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a fresh process finds in dags/, as plain data: Airflow's own settings stay out of this process."""
    home = tmp_path_factory.mktemp("airflow")
    env = {
        **os.environ,
        **read_settings(*SETTINGS),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "PYTHONPATH": str(REPOSITORY),
        "MINGJING_SITE": str(dag_site),
    }
    out = home / "parsed.json"
    done = subprocess.run(
        [sys.executable, str(PARSE), str(out)], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text())
