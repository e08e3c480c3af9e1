"""The executor that imports before it forks."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import warm_workers

from include.demo.airflow_runtime import SETTINGS, read_settings
from include.quality import second


def test_modules_exist_and_none_is_ours() -> None:
    for module in warm_workers.WARM_MODULES:
        assert importlib.util.find_spec(module), module
        assert not module.startswith("include")


def test_local_settings_name_this_executor() -> None:
    module, _, name = read_settings(*SETTINGS)["AIRFLOW__CORE__EXECUTOR"].partition(".")
    assert module == Path(warm_workers.__file__).stem
    assert issubclass(getattr(warm_workers, name), warm_workers.LocalExecutor)


def test_the_shared_judge_is_the_one_that_ingest_looks_for() -> None:
    assert importlib.util.find_spec(warm_workers.JUDGE)
    assert warm_workers.ADDRESS_VARIABLE == second.ADDRESS_VARIABLE
