from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.demo import cases, ledgers, returns
from include.demo.county import (
    JURISDICTION,
    QUARTERS,
    SUPPLIERS,
    items,
    load_weights,
    posts,
    units,
    write_register,
)
from include.demo.generate import RATERS, SentFile, write_quarter
from include.demo.generate import _table as table_of
from include.demo.quality import hits, offenders, planted, stream, well
from include.feeds.contract import Contract
from include.feeds.read import read_delivery
from include.quality.judge import Delivered, judge
from include.quarters import Quarter
from include.scoring import Framework
from include.units.workbook import read_register_workbook

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "include" / "feeds" / "contracts"
LAST = QUARTERS[-1]
ONE_ROW = {header: np.array(["甲"], dtype=object) for header in ("单位", "编号")}
CODES = [unit.code for unit in units()]


@pytest.fixture(scope="module")
def quarter_files(tmp_path_factory) -> list[SentFile]:
    return write_quarter(tmp_path_factory.mktemp("inbox"), LAST)


@pytest.fixture(scope="module")
def tables() -> dict[tuple[str, str], dict[str, np.ndarray]]:
    feeds = {path.stem for path in CONTRACTS.glob("*.yaml")} - {
        "units",
        "posts",
        "department_ratings",
        "yearly_tasks",
        "rectification",
    }
    made = {(feed, ""): table_of(feed, "", Quarter(2025, 4), first=False) for feed in sorted(feeds)}
    ratings = {
        ("department_ratings", rater): table_of("department_ratings", rater, Quarter(2025, 4), first=False)
        for rater in RATERS
    }
    return made | ratings


def contract(feed: str) -> Contract:
    return Contract.from_yaml(CONTRACTS / f"{feed}.yaml")


def test_the_same_quarter_is_the_same_bytes(quarter_files, tmp_path):
    again = write_quarter(tmp_path, LAST)
    digests = [
        [hashlib.sha256(file.path.read_bytes()).hexdigest() for file in some]
        for some in (quarter_files, again)
    ]
    assert digests[0] == digests[1]


def test_figures_do_not_depend_on_the_hash_seed():
    code = (
        "import hashlib; from include.demo import generate as g; from include.quarters import Quarter;"
        "made = [g._table(f, s, Quarter(2026, 1), first=True) for f, s in"
        " [('department_ratings', 'finance_bureau'), ('awards', ''), ('public_opinion', '')]];"
        "text = repr([[(h, c.tolist()) for h, c in t.items()] for t in made]);"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("7", "Asia/Shanghai"))
    }
    assert len(outputs) == 1


def test_a_quarter_has_about_fifty_five_thousand_rows(tables):
    rows = sum(len(next(iter(columns.values()))) for columns in tables.values())
    assert 50_000 <= rows <= 60_000


def test_every_unit_is_rated_in_every_item_and_each_file_names_one_body_more(tables):
    ratings = [columns for (feed, _), columns in tables.items() if feed == "department_ratings"]
    assert len(ratings) == 11
    assert sum(len(columns["被评价单位"]) for columns in ratings) == 89 * 99 + 11


def test_files_lie_where_the_inbox_expects_them(quarter_files):
    for file in quarter_files:
        folders = file.path.parts[-4:-1] if file.feed == "department_ratings" else file.path.parts[-3:-1]
        expected = (
            (JURISDICTION, file.feed, file.supplier) if len(folders) == 3 else (JURISDICTION, file.feed)
        )
        assert folders == expected
        assert file.supplier in SUPPLIERS
        assert file.supplier in contract(file.feed).suppliers


def test_every_header_is_known_to_its_contract_and_none_that_is_required_is_missing(tables):
    for (feed, _), columns in tables.items():
        declared = contract(feed)
        known = {header for column in declared.columns for header in column.headers}
        assert set(columns) - known <= {"序号"}, feed
        found = {column.name for column in declared.columns if set(column.headers) & set(columns)}
        assert {column.name for column in declared.columns if not column.may_be_absent} <= found, feed


def test_only_the_late_and_the_corrected_file_arrive_after_their_deadline(tmp_path, monkeypatch):
    monkeypatch.setattr("include.demo.generate._table", lambda *_, **__: ONE_ROW)
    monkeypatch.setattr("include.demo.generate._TOTALS", {})
    overdue = [
        (str(quarter), file.note)
        for quarter in QUARTERS
        for wave in (1, 2)
        for file in write_quarter(tmp_path, quarter, wave=wave)
        if (file.sent_on - quarter.end).days > contract(file.feed).deadline_days
    ]
    assert overdue == [("2026Q1", "late"), ("2026Q2", "corrected")]


@pytest.mark.parametrize(
    ("quarter", "first", "second"),
    [
        ("2025Q4", 25, ["held_then_resent"]),
        ("2026Q1", 23, ["late"]),
        ("2026Q2", 24, ["corrected"]),
        ("2026Q3", 24, []),
    ],
)
def test_accidents_of_delivery_come_in_the_second_wave(tmp_path, quarter, first, second, monkeypatch):
    monkeypatch.setattr(
        "include.demo.generate._table", lambda *_, **__: {"单位": np.array(["甲"], dtype=object)}
    )
    monkeypatch.setattr("include.demo.generate._TOTALS", {})
    assert len(write_quarter(tmp_path, Quarter.parse(quarter))) == first
    assert [file.note for file in write_quarter(tmp_path, Quarter.parse(quarter), wave=2)] == second


def test_the_correction_changes_only_the_unit_that_was_wrong():
    before, after = (cases.petitions(Quarter(2026, 2), corrected=done) for done in (False, True))
    changed = before["时间节点|答复"] != after["时间节点|答复"]
    wrong = next(one["unit"] for one in planted()["deliveries"] if one["effect"] == "corrected")
    names = {name for unit in units() if unit.code == wrong for name in (unit.code, unit.name, unit.short)}
    assert changed.sum() > 20
    assert set(after["责任单位"][changed]) <= names
    assert before["信访编号"].tolist() == after["信访编号"].tolist()


def test_offenders_are_planted_and_nobody_else_is():
    petitions = cases.petitions(LAST)
    retaliated = petitions["查实打击报复或泄露信访信息"] == "是"
    assert {code_of(name) for name in petitions["责任单位"][retaliated]} == {
        CODES[place] for place in offenders("retaliation", LAST)
    }
    audit = ledgers.audit(LAST)
    falsified = audit["弄虚作假认定日期"] != ""
    assert {code_of(name) for name in audit["被审计单位"][falsified]} == {
        CODES[place] for place in offenders("falsified", LAST)
    }
    assert not (cases.petitions(Quarter(2026, 1))["查实打击报复或泄露信访信息"] == "是").any()


def test_the_falling_unit_falls_every_quarter_from_the_planted_one():
    place = offenders("falling", LAST)[0]
    levels = [well("petitions", quarter)[place] for quarter in QUARTERS]
    assert levels[:4] == [levels[0]] * 4
    assert all(later < earlier for earlier, later in pairwise(levels[3:]))


def test_the_rated_items_are_those_of_the_framework():
    framework = Framework.from_yaml(ROOT / "include" / "frameworks" / "jiaokou" / "framework.yaml")
    rated = {one.code: one for one in framework.indicators if one.rated_by}
    assert {item["item"]: (item["dimension"], item["supplier"], item["title"]) for item in items()} == {
        code: (one.group, one.rated_by, one.title.zh) for code, one in rated.items()
    }
    # Departments rate on twenty times the points, so that every dimension is 100 in their books.
    possible = {item["item"]: float(item["points_possible"]) for item in items()}
    assert possible == pytest.approx({code: 20 * one.points for code, one in rated.items()})


def test_the_register_is_a_county_of_91_bodies_and_8_townships(tmp_path):
    register = read_register_workbook(write_register(tmp_path / "register.xlsx"))
    for quarter in QUARTERS:
        counts = register.on(quarter.end)["peer_group"].value_counts().to_dict()
        assert counts == {"county_body": 91, "township": 8}
    assert len(posts()) == 110
    assert register.resolve(["明镜县大数据应用局", "明镜县大数据局"], Quarter(2026, 2).end).tolist() == [
        "MJ050",
        "MJ050",
    ]
    assert load_weights().sum() == pytest.approx(1)


def test_no_cell_looks_like_a_real_person(tables):
    looks_real = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9})(?!\d)|@")
    for columns in tables.values():
        for cells in columns.values():
            assert [cell for cell in cells if isinstance(cell, str) and looks_real.search(cell)] == []
    assert all(
        re.fullmatch(r"[甲乙丙丁戊己庚辛壬癸]某某", cell) for cell in tables["petitions", ""]["信访人"]
    )


@pytest.mark.parametrize("feed", ["audit", "finance", "awards", "public_survey"])
def test_real_reading_and_judging_refuses_only_the_planted_rows(quarter_files, tmp_path, feed):
    register = read_register_workbook(write_register(tmp_path / "register.xlsx"))
    file = next(one for one in quarter_files if one.feed == feed)
    judgement = judged(file, register)
    assert judgement.held is None
    assert judgement.quarantined_rows <= 0.05 * judgement.data_rows
    assert set(judgement.accepted["_quarter"].to_pylist()) == {str(LAST)}


def test_the_mistaken_ratings_are_held_and_the_resent_ones_are_not(tmp_path):
    register = read_register_workbook(write_register(tmp_path / "register.xlsx"))
    quarter, supplier = Quarter(2025, 4), "human_resources_bureau"
    waves = [write_quarter(tmp_path, quarter, wave=wave) for wave in (1, 2)]
    files = [
        next(one for one in wave if (one.feed, one.supplier) == ("department_ratings", supplier))
        for wave in waves
    ]
    first, second = (judged(file, register) for file in files)
    assert first.held is not None
    assert second.held is None
    assert second.accepted.num_rows == len(units()) * sum(item["supplier"] == supplier for item in items())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=12), st.integers(0, 2**16)
)
def test_hits_marks_very_nearly_the_wanted_share(wanted, seed):
    counts = np.array([count for count, _ in wanted])
    share = np.array([part for _, part in wanted])
    rng = stream("test", str(seed))
    owners = rng.permutation(np.repeat(np.arange(counts.size), counts))
    marked = np.bincount(owners, weights=hits(rng, owners, share), minlength=counts.size)
    assert (np.abs(marked - counts * share) < 1 + 1e-6).all()


def test_ratings_on_100_exceed_the_points_possible_in_the_mistaken_file_only():
    for mistaken in (False, True):
        made = returns.department_ratings(Quarter(2025, 4), "human_resources_bureau", mistaken=mistaken)
        assert (made["分值|实得"] > made["分值|应得"]).any() == mistaken


def code_of(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return next(unit.code for unit in units() if plain in {unit.code, unit.name, unit.short})


def judged(file: SentFile, register):
    declared = contract(file.feed)
    table = read_delivery(file.path, file_name=file.path.name, contract=declared)

    def resolve(names, days):
        import pyarrow as pa

        found = register.resolve(names.to_pylist(), np.asarray(days.to_pylist(), dtype="datetime64[D]"))
        return pa.array(found, pa.string())

    (judgement,) = judge(
        [Delivered(table.table, table.letters, file.path.name)],
        declared,
        resolve_units=resolve,
        nearest_units=lambda _: [],
        now=file.sent_on,
        first_quarter=Quarter(2024, 1),
    )
    return judgement
