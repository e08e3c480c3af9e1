"""Plugins and DAG files are imported by bare names, as Airflow does; Airflow's home is a folder that goes away."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

from include.demo.airflow_runtime import REPOSITORY

if "AIRFLOW_HOME" not in os.environ:
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
for folder in ("plugins", "dags"):
    if str(REPOSITORY / folder) not in sys.path:
        sys.path.append(str(REPOSITORY / folder))
