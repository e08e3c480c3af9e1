"""Unknown names: proposed with their nearest units, decided by a steward on the record, applied at the next ingest."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from include.pipeline.aliases import approve_alias, reject_alias, unknown_names
from include.pipeline.approved_aliases import outside
from include.pipeline.registers import standing_register
from include.warehouse import audit
from include.warehouse.errors import WarehouseError
from include.warehouse.register import import_units
from include.warehouse.store import reading, writing
from tests.pipeline.small_site import NOW, PLACE, SENT, UNITS, SmallSite, cases, on_time

SIGNED = {"by": "王主任", "reason": "来函说明", "now": NOW}
HEADER = "unit_code,name,peer_group,effective_from,effective_to,aliases\n"


@pytest.fixture
def small(tmp_path):
    return SmallSite.make(tmp_path / "site", "cases", "offices")


def send(small, *names: str, quarter: str = "2026Q3", at=SENT, file: str = "a.csv") -> None:
    rows = [row for name in names for row in on_time(name, 1, 1, quarter=quarter)]
    small.send("cases", file, cases(*rows), at=at)
    small.ingest()


def names(small) -> list[str]:
    return [one.name for one in unknown_names(small.site, PLACE).names]


def decisions(small) -> list[tuple[str, str, str]]:
    rows = small.rows("select name, decision, unit_code from alias_decision order by decision_id")
    return [tuple(row.values()) for row in rows]


def test_an_unknown_name_is_proposed_with_its_rows_its_nearest_units_and_how_they_differ(small):
    rows = [*on_time("U1", 3, 3), *on_time("水利局", 1, 2), *on_time("县林业居", 1, 1)]
    small.send("cases", "a.csv", cases(*rows))
    small.ingest()
    found = unknown_names(small.site, PLACE)
    assert [(one.name, one.rows, one.feeds, one.suppliers, one.quarters) for one in found.names] == [
        ("水利局", 2, ("cases",), ("office",), ("2026Q3",)),
        ("县林业居", 1, ("cases",), ("office",), ("2026Q3",)),
    ]
    near = found.names[0].nearest[0]
    assert (near.unit_code, near.name, near.likeness_pct, near.difference_zh) == (
        "U3",
        "县水利局",
        85.7,
        "少“县”",
    )
    assert found.names[1].nearest[0].difference_en == "extra [居], lacks [局]"
    assert found.hidden == ()


def test_nothing_is_applied_by_itself_however_near(small):
    send(small, "U1", "县水利局局")
    for _ in range(2):
        small.ingest()
    assert len(small.effective("cases")) == 1
    assert small.rows("select count(*) as n from vw_quarantine where rule_id = 'R-UNIT'") == [{"n": 1}]


def test_an_approved_name_lets_its_rows_in_at_the_next_ingest_and_the_quarter_is_ready_again(small):
    send(small, "U1", "水利局")
    small.score()
    assert small.ready() == []
    approve_alias(small.site, PLACE, " 水利局", "U3", **SIGNED)
    assert small.ready() == [], "an alias alone changes no figure"
    report = small.ingest()
    assert (report.counts["accepted"], report.counts["rows_quarantined"]) == (1, 0)
    assert small.ready() == ["2026Q3"]
    small.score()
    assert small.figures("cases.on_time")["U3"] == (1, 1)
    assert names(small) == []
    assert decisions(small) == [("水利局", "approved", "U3")]


def test_a_file_held_for_its_unknown_names_is_judged_again_too(small):
    send(small, "水利局", "林业局")
    assert [verdict for _, verdict, _ in small.verdicts()] == ["held"]
    assert names(small) == ["林业局", "水利局"]
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    approve_alias(small.site, PLACE, "林业局", "U4", **SIGNED)
    assert small.ingest().counts["rows_accepted"] == 2


def test_decision_register_and_audit_entry_live_or_die_together(small, monkeypatch):
    send(small, "U1", "水利局")
    before = standing_register(small.engine, PLACE).digest

    def refused(*_args, **_keywords):
        raise WarehouseError("断电", "power cut")

    monkeypatch.setattr(audit, "append", refused)
    with pytest.raises(WarehouseError, match="power cut"):
        approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    monkeypatch.undo()
    assert decisions(small) == []
    assert standing_register(small.engine, PLACE).digest == before
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    (entry,) = small.rows(
        "select actor, action, subject, reason, before_digest, after_digest from audit_entry"
    )
    after = standing_register(small.engine, PLACE).digest
    assert list(entry.values()) == ["王主任", "alias.approved", "name:水利局", "来函说明", before, after]
    with reading(small.engine) as connection:
        assert audit.verify(connection).ok


def test_decisions_are_never_changed(small):
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    for statement in ("update alias_decision set unit_code = 'U1'", "delete from alias_decision"):
        with pytest.raises(Exception, match="append-only"), writing(small.engine) as connection:
            connection.exec_driver_sql(statement)


def test_a_rejected_name_is_not_proposed_again_until_it_is_approved(small):
    send(small, "U1", "驻县单位")
    assert names(small) == ["驻县单位"]
    digest = standing_register(small.engine, PLACE).digest
    reject_alias(small.site, PLACE, "驻县单位", **SIGNED)
    assert names(small) == []
    assert standing_register(small.engine, PLACE).digest == digest, "the register has not changed"
    approve_alias(small.site, PLACE, "驻县单位", "U4", **SIGNED)
    assert small.ingest().counts["rows_accepted"] == 2


def test_rejecting_an_approved_name_ends_it_for_later_files(small):
    send(small, "U1", "水利局")
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    reject_alias(small.site, PLACE, "水利局", **SIGNED)
    assert small.ingest().counts["rows_accepted"] == 0
    assert decisions(small) == [("水利局", "approved", "U3"), ("水利局", "rejected", "")]


def test_an_approval_survives_the_next_import_of_the_register(small):
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    listed = "".join(f"{code},{name},office,2020-01-01,,\n" for code, name in UNITS.items())
    small.send("offices", "名册.csv", HEADER + listed)
    assert small.ingest("offices").counts["accepted"] == 1
    assert standing_register(small.engine, PLACE).register.resolve(
        ["水利局"], date(2026, 9, 30)
    ).tolist() == ["U3"]
    reject_alias(small.site, PLACE, "水利局", **SIGNED)
    assert standing_register(small.engine, PLACE).register.resolve(
        ["水利局"], date(2026, 9, 30)
    ).tolist() == [""]


def test_a_register_that_contradicts_an_approval_is_held_and_says_so(small):
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    listed = "".join(f"{code},{name},office,2020-01-01,,\n" for code, name in UNITS.items())
    small.send("offices", "名册.csv", HEADER + listed + "U9,市水利局,office,2020-01-01,,水利局\n")
    (held,) = small.ingest("offices").held
    assert held.fault.code == "F-REGISTER" and "水利局" in held.fault.zh and "U9" in held.fault.en
    assert standing_register(small.engine, PLACE).register.resolve(
        ["水利局"], date(2026, 9, 30)
    ).tolist() == ["U3"]


def test_an_approval_of_a_unit_that_the_register_dropped_rests_until_it_comes_back(small):
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    for number, kept in enumerate((("U1",), ("U1", "U3"))):
        listed = "".join(f"{code},{UNITS[code]},office,2020-01-01,,\n" for code in kept)
        small.send("offices", f"{number}.csv", HEADER + listed, at=SENT + timedelta(hours=number))
        small.ingest("offices", now=NOW + timedelta(hours=number))
        found = (
            standing_register(small.engine, PLACE).register.resolve(["水利局"], date(2026, 9, 30)).tolist()
        )
        assert found == (["U3"] if "U3" in kept else [""])


@pytest.mark.parametrize(
    ("name", "unit", "changes", "told"),
    [
        ("水利局", "U8", {}, "U8"),
        ("水利局", "U3", {"reason": " "}, "--reason"),
        ("水利局", "U3", {"by": ""}, "--by"),
        ("  ", "U3", {}, "empty"),
        ("很长的名称…", "U3", {}, "in full"),
        ("县林业局", "U3", {}, "two units"),
        (
            "水利局",
            "U3",
            {"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)},
            "before the first day",
        ),
        ("张三", "U3", {}, "person"),
        ("13812345678", "U3", {}, "person"),
    ],
)
def test_what_cannot_be_approved_is_said_and_nothing_is_stored(small, name, unit, changes, told):
    with pytest.raises(WarehouseError, match=told) as caught:
        approve_alias(small.site, PLACE, name, unit, **(SIGNED | changes))
    assert "张三" not in str(caught.value), "what may be a person's name is not repeated"
    assert decisions(small) == []


def test_the_same_approval_twice_is_refused(small):
    approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    with pytest.raises(WarehouseError, match="already"):
        approve_alias(small.site, PLACE, "水利局", "U3", **SIGNED)
    with pytest.raises(WarehouseError, match="two units"):
        approve_alias(small.site, PLACE, "水利局", "U4", **SIGNED)
    assert len(decisions(small)) == 1


def test_persons_in_a_shifted_unit_column_are_counted_and_neither_shown_nor_kept(small):
    send(small, "U1", "张三", "李小明", "水利局", "13812345678")
    found = unknown_names(small.site, PLACE)
    assert [one.name for one in found.names] == ["水利局"]
    assert found.hidden == (("cases", 3),)
    with pytest.raises(WarehouseError, match="person"):
        reject_alias(small.site, PLACE, "张三", **SIGNED)
    for table in ("alias_decision", "unit_alias", "audit_entry"):
        assert "张三" not in str(small.rows(f"select * from {table}"))


def test_a_short_name_that_looks_like_a_persons_counts_where_it_abbreviates_the_unit(small):
    small.register(UNITS | {"U5": "康城镇"})
    send(small, "U1", "康城")
    assert names(small) == ["康城"]
    approve_alias(small.site, PLACE, "康城", "U5", **SIGNED)
    assert small.ingest().counts["rows_accepted"] == 2


def test_a_feed_whose_unit_column_is_personal_proposes_nothing(tmp_path):
    small = SmallSite.make(tmp_path / "site", "cases")
    contract = small.folder / "feeds" / "cases.yaml"
    text = contract.read_text(encoding="utf-8")
    marked = text.replace("- name: unit\n", "- classification: personal\n    name: unit\n", 1)
    assert marked != text
    contract.write_text(marked, encoding="utf-8")
    send(small, "U1", "水利局")
    assert small.rows("select count(*) as n from vw_quarantine") == [{"n": 1}]
    assert unknown_names(small.site, PLACE).names == ()


def test_a_name_may_mean_one_unit_before_a_day_and_another_after_it(small):
    """The water office became part of the forestry office on 1 July."""
    approve_alias(small.site, PLACE, "水管所", "U3", valid_to=date(2026, 6, 30), **SIGNED)
    approve_alias(small.site, PLACE, "水管所", "U4", valid_from=date(2026, 7, 1), **SIGNED)
    send(small, "水管所", quarter="2026Q2", file="q2.csv")
    send(small, "水管所", quarter="2026Q3", at=SENT + timedelta(hours=1), file="q3.csv")
    small.score()
    before, after = (small.figures("cases.on_time", quarter) for quarter in ("2026Q2", "2026Q3"))
    assert (before["U3"], before["U4"]) == ((1, 1), "not_applicable")
    assert (after["U3"], after["U4"]) == ("not_applicable", (1, 1))


def test_a_rename_on_a_day_knows_both_names_each_in_its_time(small):
    spans = pd.DataFrame(
        {
            "unit_code": ["U1", "U1", "U2"],
            "name": ["东坡镇", "东坡街道", "西沟乡"],
            "peer_group": "office",
            "valid_from": [date(2020, 1, 1), date(2026, 7, 1), date(2020, 1, 1)],
            "valid_to": [date(2026, 6, 30), date(9999, 12, 31), date(9999, 12, 31)],
        }
    )
    with writing(small.engine) as connection:
        import_units(connection, jurisdiction=PLACE, at=SENT, sha256="", units=spans)
    send(small, "东坡镇", "西沟乡", quarter="2026Q2", file="q2.csv")
    send(small, "东坡街道", "东坡镇", "西沟乡", at=SENT + timedelta(hours=1), file="q3.csv")
    small.score()
    assert small.figures("cases.on_time", "2026Q2")["U1"] == (1, 1)
    assert small.figures("cases.on_time", "2026Q3")["U1"] == (1, 1), (
        "the old name means nothing after the day"
    )
    (unknown,) = unknown_names(small.site, PLACE).names
    assert (unknown.name, unknown.quarters, unknown.nearest[0].unit_code) == ("东坡镇", ("2026Q3",), "U1")
    approve_alias(small.site, PLACE, "东坡镇", "U1", valid_from=date(2026, 7, 1), **SIGNED)
    small.ingest()
    small.score()
    assert small.figures("cases.on_time", "2026Q3")["U1"] == (2, 2)


def test_a_merger_on_a_day_sends_later_rows_to_the_successor_by_decision_only(small):
    spans = pd.DataFrame(
        {
            "unit_code": ["U1", "U2", "U3"],
            "name": ["东坡镇", "西沟乡", "县水利局"],
            "peer_group": "office",
            "valid_from": [date(2020, 1, 1)] * 3,
            "valid_to": [date(9999, 12, 31), date(2026, 6, 30), date(9999, 12, 31)],
            "attributes": [{}, {"successor_code": "U1"}, {}],
        }
    )
    with writing(small.engine) as connection:
        import_units(connection, jurisdiction=PLACE, at=SENT, sha256="", units=spans)
    send(small, "西沟乡", "东坡镇", quarter="2026Q2", file="q2.csv")
    send(small, "西沟乡", "东坡镇", "县水利局", at=SENT + timedelta(hours=1), file="q3.csv")
    small.score()
    assert small.figures("cases.on_time", "2026Q2")["U2"] == (1, 1)
    assert small.figures("cases.on_time", "2026Q3")["U1"] == (1, 1)
    approve_alias(small.site, PLACE, "西沟乡", "U1", valid_from=date(2026, 7, 1), **SIGNED)
    small.ingest()
    small.score()
    assert small.figures("cases.on_time", "2026Q2")["U2"] == (1, 1), "before the merger nothing changes"
    assert small.figures("cases.on_time", "2026Q3")["U1"] == (2, 2)


def test_spans_outside_others():
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    assert outside((first, last), []) == [(first, last)]
    middle = (date(2026, 3, 1), date(2026, 3, 31))
    assert outside((first, last), [middle]) == [(first, date(2026, 2, 28)), (date(2026, 4, 1), last)]
    assert outside((first, last), [(date.min, date.max)]) == []
    assert outside((date.min, last), [(first, date.max)]) == [(date.min, date(2025, 12, 31))]
