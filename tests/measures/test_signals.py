"""Planted suppression and gaming is found, one unit at a time; what honest units do is not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from include.config import ConfigError
from include.engine.duckdb_engine import open_engine
from include.measures.errors import MeasureError
from include.measures.signals import SHARED, Signal, find_leads, rows_read, signals
from tests.measures.conftest import QUARTER, load, working_days

UNITS = [f"u{n:02d}" for n in range(12)]
CHANNELS = ("来信", "来访", "网上", "电话")
BY_NAME = {(one.signal, one.feed): one for one in signals()}


def honest(unit, quarter, random, *, count=30):
    """A quarter of petitions as they come: all channels, replies spread out, most of them satisfied."""
    rows = []
    for number in range(count):
        due = quarter.start + timedelta(days=int(random.integers(0, 90)))
        replied = due - timedelta(days=int(random.integers(-6, 40)))
        rows.append(
            {
                "petition_no": f"{unit}-{quarter}-{number}",
                "unit": unit,
                "channel": str(random.choice(CHANNELS, p=[0.2, 0.4, 0.3, 0.1])),
                "matter_type": str(random.choice(["初信初访", "重信重访", "历史积案"], p=[0.75, 0.2, 0.05])),
                "received_on": due - timedelta(days=60),
                "due_on": due,
                "replied_on": replied,
                "satisfaction": str(random.choice(["满意", "基本满意", "不满意"], p=[0.6, 0.3, 0.1])),
                "returned_on": due - timedelta(days=55) if random.random() < 0.04 else None,
            }
        )
    return rows


def county(quarter, random, **changes):
    """Honest petitions of all units; `changes` are applied to the rows of u00."""
    rows = [row for unit in UNITS for row in honest(unit, quarter, random)]
    for row in rows:
        if row["unit"] == "u00":
            row.update({name: value(row) if callable(value) else value for name, value in changes.items()})
    return rows


def leads(stage, name, rows_by_quarter, feed="petitions"):
    contract, _ = load(feed)
    parts = [
        stage(contract, rows, quarter=quarter, sequence=place)
        for place, (quarter, rows) in enumerate(rows_by_quarter.items())
    ]
    return asked(BY_NAME[name, feed], contract, parts)


def asked(signal, contract, parts):
    units = pd.DataFrame({"unit_code": UNITS, "peer_group": "county_body"})
    with (
        open_engine(memory_limit_mb=512, threads=1) as engine,
        rows_read(
            engine,
            [signal],
            contract=contract,
            parts=parts,
            quarter=QUARTER,
            units=units,
            working_days=working_days(),
            successors={},
        ) as rows,
    ):
        return find_leads(rows, signal, quarter=QUARTER, units=units).leads


def quarters(random, *, back=4, last=None, **changes):
    """Earlier quarters honest; the last as changed."""
    found = {QUARTER.shift(-step): county(QUARTER.shift(-step), random) for step in range(back, 0, -1)}
    return found | {QUARTER: last if last is not None else county(QUARTER, random, **changes)}


def visits_turned_into_web(row):
    return "网上" if row["channel"] == "来访" else row["channel"]


PLANTED = {
    "channel_shift": {"channel": visits_turned_into_web},
    "same_answer": {"satisfaction": "满意"},
    "closing_spike": {
        "replied_on": lambda row: QUARTER.end if row["petition_no"][-1] in "02468" else row["replied_on"]
    },
    "bounced": {"returned_on": lambda row: QUARTER.start if row["petition_no"][-1] in "0246" else None},
    "reopened": {"matter_type": lambda row: "重信重访" if row["petition_no"][-1] != "9" else "初信初访"},
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_found_and_nobody_else(stage, name):
    found = leads(stage, name, quarters(np.random.default_rng(1), **PLANTED[name]))
    (lead,) = found.to_dict("records")
    assert (lead["unit_code"], lead["signal"], lead["feed"]) == ("u00", name, "petitions")
    assert lead["figures"]["chance"] < lead["figures"]["alpha"]
    assert (
        "{" not in lead["sentence_zh"] + lead["sentence_en"]
        and str(lead["figures"]["n"]) in lead["sentence_zh"]
    )


def test_perfect_for_four_quarters_running_is_found(stage):
    random = np.random.default_rng(2)
    replied = {"replied_on": lambda row: row["due_on"]}
    history = {QUARTER.shift(-step): county(QUARTER.shift(-step), random, **replied) for step in (3, 2, 1, 0)}
    assert leads(stage, "always_on_time", history)["unit_code"].tolist() == ["u00"]


def test_messages_all_rated_alike_are_found(stage):
    random = np.random.default_rng(3)
    rows = [
        {
            "message_no": f"{unit}-{number}", "unit": unit, "category": "民生", "received_on": date(2026, 7, 5),
            "satisfaction": "满意" if unit == "u00" else str(random.choice(["满意", "基本满意"])),
        }
        for unit in UNITS for number in range(20)
    ]  # fmt: skip
    found = leads(stage, "same_answer", {QUARTER: rows}, feed="message_board")
    assert found[["unit_code", "detail"]].to_numpy().tolist() == [["u00", "满意"]]


@pytest.mark.parametrize("seed", range(4))
def test_an_honest_county_is_left_alone(stage, seed):
    history = quarters(np.random.default_rng([9, seed]))
    for name, feed in BY_NAME:
        if feed == "petitions":
            assert leads(stage, name, history).empty, name


def test_more_of_the_same_is_no_lead(stage):
    """Three times the petitions, handled as before: volume is no signal."""
    random = np.random.default_rng(5)
    more = [row for unit in UNITS for row in honest(unit, QUARTER, random, count=90 if unit == "u00" else 30)]
    for name in ("channel_shift", "closing_spike", "bounced", "reopened"):
        assert leads(stage, name, quarters(random, last=more)).empty, name


def test_few_cases_say_nothing(stage):
    random = np.random.default_rng(6)
    few = [row for row in county(QUARTER, random, satisfaction="满意") if row["unit"] != "u00"]
    few += [row | {"satisfaction": "满意"} for row in honest("u00", QUARTER, random, count=6)]
    assert leads(stage, "same_answer", {QUARTER: few}).empty


def test_every_signal_says_where_it_comes_from_and_speaks_both_languages():
    found = signals()
    assert len(found) == len(list(SHARED.glob("*.sql"))) == 7
    for one in found:
        assert one.source and one.title.en and one.sentence.en
        assert one.test.alpha <= 0.001


def test_a_mistaken_signal_is_said_with_its_file(tmp_path, stage):
    path = tmp_path / "odd.sql"
    path.write_text("-- signal: odd\n-- feed: petitions\n--\nSELECT 1", encoding="utf-8")
    with pytest.raises(ConfigError, match="test"):
        Signal.from_sql(path)
    broken = BY_NAME["bounced", "petitions"].model_copy(update={"sql": "SELECT unit FROM petitions"})
    contract, _ = load("petitions")
    with pytest.raises(MeasureError):
        asked(broken, contract, [])
