from __future__ import annotations

from pathlib import Path

import pytest

from include.pipeline.access import NotAllowed, acts, authorise
from include.pipeline.exchange import deliveries_of, returned_workbook, send_file
from tests.pipeline.small_site import NOW, PLACE, SENT, SmallSite, ratings

ACCOUNTS = {
    "north_steward": {"roles": ["steward"], "suppliers": ["north"]},
    "south_steward": {"roles": ["steward"], "suppliers": ["south"]},
    "office": {"roles": ["steward"], "suppliers": ["*"]},
    "far": {"roles": ["steward"], "suppliers": ["*"], "jurisdictions": ["other"]},
    "reviewer": {"roles": ["first_reviewer"], "suppliers": ["*"]},
}


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    """Two departments rate the units; each has sent a file with a row at fault."""
    small = SmallSite.make(tmp_path, "ratings", settings={"accounts": ACCOUNTS}, hold_above_bad_share=1.0)
    for supplier in ("north", "south"):
        small.send(
            "ratings", f"{supplier}_2026Q3.csv", ratings(东坡镇=5, 不存在的镇=4), supplier=supplier, at=SENT
        )
    small.ingest("ratings")
    return small


def number(small: SmallSite, supplier: str) -> int:
    (row,) = small.rows(f"select delivery_id from delivery where supplier = '{supplier}'")
    return row["delivery_id"]


def test_a_department_sees_its_own_deliveries_only(small: SmallSite) -> None:
    seen = {name: set(deliveries_of(small.site, PLACE, account=name)["supplier"]) for name in ACCOUNTS}
    assert seen == {
        "north_steward": {"north"},
        "south_steward": {"south"},
        "office": {"north", "south"},
        "far": set(),
        "reviewer": set(),
    }


def test_a_department_takes_back_its_own_workbook_only(small: SmallSite) -> None:
    name, book = returned_workbook(small.site, number(small, "north"), account="north_steward", now=NOW)
    assert book.startswith(b"PK") and "north" in name
    for account in ("south_steward", "far", "reviewer", "nobody"):
        with pytest.raises(NotAllowed, match="没有报送批次") as told:
            returned_workbook(small.site, number(small, "north"), account=account, now=NOW)
        # The sentence is the one for a delivery that does not exist: nothing is given away.
        with pytest.raises(NotAllowed) as unknown:
            returned_workbook(small.site, 999, account=account, now=NOW)
        assert str(told.value).replace(str(number(small, "north")), "999") == str(unknown.value)


def test_a_department_sends_for_itself_only(small: SmallSite, tmp_path: Path) -> None:
    file = tmp_path / "again_2026Q3.csv"
    file.write_text(ratings(东坡镇=6), encoding="utf-8")
    lies = send_file(small.site, PLACE, "ratings", "north", file, account="north_steward", now=NOW)
    assert lies.parent.name == "north" and lies.read_bytes() == file.read_bytes()
    with pytest.raises(FileExistsError):
        send_file(small.site, PLACE, "ratings", "north", file, account="north_steward", now=NOW)
    before = sorted(small.inbox("ratings", "south").iterdir())
    for account, supplier in (
        ("north_steward", "south"),
        ("reviewer", "north"),
        ("far", "north"),
        ("office", "moon"),
    ):
        with pytest.raises(NotAllowed):
            send_file(small.site, PLACE, "ratings", supplier, file, account=account, now=NOW)
    assert sorted(small.inbox("ratings", "south").iterdir()) == before
    assert [
        row["actor"] for row in small.rows("select actor from audit_entry where action = 'delivery.send'")
    ] == ["north_steward"]


def test_a_name_with_a_path_stays_in_the_inbox(small: SmallSite, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    file = tmp_path / "deep" / ".." / "escape_2026Q3.csv"
    file.write_text(ratings(东坡镇=6), encoding="utf-8")
    lies = send_file(small.site, PLACE, "ratings", "north", file, account="north_steward", now=NOW)
    assert lies == small.inbox("ratings", "north") / "escape_2026Q3.csv"


def test_no_role_may_run_and_review_or_review_and_issue() -> None:
    apart = [("score", "review_first"), ("review_first", "review_second"), ("review_second", "issue")]
    for one, other in apart:
        assert not set(acts().acts[one].roles) & set(acts().acts[other].roles)


def test_an_act_bound_to_suppliers_is_never_asked_without_one(small: SmallSite) -> None:
    with pytest.raises(KeyError):
        authorise(small.site, "office", "upload", jurisdiction=PLACE)
