"""The accepted rows behind every published figure of the demo county recompute it exactly."""

from __future__ import annotations

from decimal import Decimal

import openpyxl
import pandas as pd
import pytest

from include.clocks import load_calendar, working_days
from include.demo import county
from include.engine.duckdb_engine import open_engine
from include.measures.rows import PARTS, rows_behind
from include.pipeline.catalogue import contract_of, measures_of
from include.pipeline.evidence import _parts, evidence
from include.pipeline.inputs import calendar_span
from include.pipeline.registers import standing_register
from include.warehouse import releases
from include.warehouse.store import open_warehouse, reading
from tests.demo.played_county import QUARTERS, played_county

NEWEST = QUARTERS[-1]
NINE = Decimal("0.000000001")


@pytest.fixture(scope="module")
def played():
    return played_county()


@pytest.fixture(scope="module")
def behind(played):
    """Rows behind all measures of all units, by feed."""
    engine, release = open_warehouse(played.site.warehouse_url), played.release()
    register = standing_register(engine, county.JURISDICTION)
    units = register.register.on(NEWEST.end)
    days = working_days(load_calendar(), *calendar_span(NEWEST)).rename(columns={"date": "day"})
    found = {}
    with reading(engine) as connection, open_engine() as duck:
        inputs = releases.read_inputs(connection, release.release_id)
        for feed in sorted(
            {name.partition("/")[0] for name in inputs.loc[inputs["kind"] == "delivery", "name"]}
        ):
            found[feed] = rows_behind(
                duck,
                definition=measures_of(played.site, feed),
                contract=contract_of(played.site, feed),
                parts=_parts(connection, played.site, inputs, feed),
                quarter=NEWEST,
                units=units[units["peer_group"].fillna("") != ""].reset_index(),
                working_days=days,
                successors=register.successors(NEWEST.end),
            )
    return found


def test_the_rows_add_up_to_every_figure_of_every_unit(played, behind):
    published = played.facts("fct_measure")
    published = published[published["state"] == "value"].set_index(["unit_code", "measure", "key"])
    rows = pd.concat([one.rows for one in behind.values()])
    sums = rows.groupby(["unit_code", "measure", "key"])[list(PARTS)].sum().reindex(published.index)
    assert published.index.get_level_values("measure").nunique() >= 50
    assert len(published) > 10_000
    for part in PARTS:
        expected = [Decimal(repr(float(one))).quantize(NINE) for one in published[part].fillna(0)]
        whole = part == "n"
        got = [
            Decimal(0).quantize(NINE) if pd.isna(one) else Decimal(int(one) if whole else one).quantize(NINE)
            for one in sums[part]
        ]
        assert got == expected, part


def test_a_row_stands_where_its_address_says(played):
    engine, release = open_warehouse(played.site.warehouse_url), played.release()
    found = evidence(engine, played.site, release, "MJ205", ["petitions.replied_on_time"])
    rows = found["petitions.replied_on_time"].rows
    assert found["petitions.replied_on_time"].changed == ""
    (path,) = played.inbox("petitions", NEWEST)
    sheet = openpyxl.load_workbook(path, read_only=True, data_only=True)[rows["sheet"].iloc[0]]
    lines = dict(enumerate(sheet.iter_rows(values_only=True), start=1))
    assert set(rows["file_name"]) == {path.name}
    for row in rows.head(40).to_dict("records"):
        assert row["信访编号"] in [str(cell).strip() for cell in lines[row["row"]] if cell is not None]
    # In the numerator exactly when the reply came by the due date.
    on_time = pd.to_datetime(rows["答复日期"]) <= pd.to_datetime(rows["办理期限"])
    assert (rows["in_numerator"] == on_time).all()
    assert rows["in_denominator"].all()


def test_only_the_columns_a_measure_needs_and_nothing_personal(played):
    engine, release = open_warehouse(played.site.warehouse_url), played.release()
    found = evidence(engine, played.site, release, "MJ026", ["petitions.satisfied", "audit.irregular_share"])
    columns = list(found["petitions.satisfied"].rows.columns)
    shown = columns[columns.index("quarter") + 1 :]
    assert {"信访编号", "满意度评价", "答复日期"} <= set(shown)
    assert not {"信访人", "联系电话", "责任单位"} & set(shown)
    assert "是否领导包案" not in shown
    assert {"审计项目编号", "审计金额", "违规金额"} <= set(
        found["audit.irregular_share"]
        .rows.rename(columns=lambda name: name.split("(")[0].split("|")[-1])
        .columns
    )


def test_rows_that_count_together_count_once(behind):
    audit = behind["audit"].rows
    projects = audit[audit["measure"] == "audit.report_on_time"]
    assert (projects.groupby(["unit_code", "together"])["denominator"].sum() == 1).all()
    assert projects.groupby("together").size().max() > 1


def test_a_change_over_a_year_rests_on_the_quarters_it_compares(behind):
    finance = behind["finance"].rows
    change = finance[(finance["measure"] == "finance.sangong_yoy") & (finance["unit_code"] == "MJ001")]
    assert set(change["_quarter"]) == {"2025Q3", "2026Q3"}
    # Without the quarter itself there would be no figure at all; without the one a year ago no denominator.
    assert change["in_denominator"].all()
