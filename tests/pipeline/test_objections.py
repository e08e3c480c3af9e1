from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from include.pipeline.access import NotAllowed
from include.pipeline.objections import (
    ObjectionRefused,
    decide_objection,
    list_objections,
    register_objection,
)
from include.warehouse import audit, releases
from include.warehouse.store import reading
from tests.pipeline.small_site import NOW, PLACE, SmallSite, cases, on_time
from tests.pipeline.test_review import ACCOUNTS, opened, say

PEOPLE = ACCOUNTS | {
    "desk": {"roles": ["objection_officer"]},
    "judge": {"roles": ["objection_decider", "objection_officer"]},
}


def final_site(tmp_path: Path) -> SmallSite:
    """A final release on which 西沟乡 (U2) stands yellow with 4 of 10 cases in time."""
    small = SmallSite.make(tmp_path, "cases", settings={"accounts": PEOPLE})
    units = {"东坡镇": 9, "西沟乡": 4, "县水利局": 8, "县林业局": 2}
    small.send(
        "cases", "cases.csv", cases(*(row for unit, kept in units.items() for row in on_time(unit, kept, 10)))
    )
    small.ingest()
    small.score()
    review_id = opened(small)
    say(small, review_id, 1, "first")
    say(small, review_id, 2, "second")
    return small


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return final_site(tmp_path)


def register(small: SmallSite, **more: object) -> int:
    given = {"target": "cases_on_time", "claim": "两件已按期答复,登记有误", "filed_on": date(2026, 10, 20)}
    given |= {"account": "desk", "now": NOW}
    return register_objection(small.site, PLACE, "small", "2026Q3", "U2", **(given | more))


def correct(small: SmallSite) -> list[str]:
    """Two of the unit's late cases were answered in time: corrections on record, as a steward writes them."""
    made = [
        {
            "id": f"objection-{number}",
            "feed": "cases",
            "key": {"case_no": f"2026Q3-西沟乡-{number}"},
            "column": "replied_on",
            "from": "",
            "to": "2026-09-30",
            "reason": "异议查实",
            "approved_by": "judge",
            "approved_on": date(2026, 10, 21),
        }
        for number in (4, 5)
    ]
    folder = small.folder / "corrections"
    folder.mkdir()
    (folder / "objections.yaml").write_text(
        yaml.safe_dump({"corrections": made}, allow_unicode=True), encoding="utf-8"
    )
    return [one["id"] for one in made]


def test_an_upheld_objection_becomes_a_revision_that_names_it(small: SmallSite) -> None:
    objection_id = register(small)
    decide_objection(
        small.site,
        objection_id,
        "upheld",
        corrections=correct(small),
        reason="查实",
        account="judge",
        now=NOW,
    )
    later = NOW + timedelta(days=1)
    small.ingest(now=later)
    small.score(now=later)
    release = small.release()
    assert release.revision == 2
    assert f"objection {objection_id} upheld" in release.reason
    (effect,) = small.rows("select * from objection_effect")
    # 4 of 10 in time gave 40 of 100 points; 6 of 10 give 60.
    assert (effect["published_before"], effect["published_after"]) == ("40", "60")
    assert (effect["colour_before"], effect["colour_after"]) == ("yellow", "green")
    small.score(now=later + timedelta(days=1))
    assert len(small.rows("select * from objection_effect")) == 1
    with reading(small.engine) as connection:
        assert audit.verify(connection).ok
        assert releases.current(connection, release.key, kind="final").revision == 1, (
            "reviewed anew before final"
        )


def test_what_is_registered_has_a_clock(small: SmallSite) -> None:
    register(small)
    (made,) = list_objections(small.site, PLACE)
    # Fifteen working days after Tuesday 20 October 2026.
    assert (made.due_on, made.due_provisional, made.outcome) == ("2026-11-10", False, "")


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"account": "judge_of_nothing"}, NotAllowed, "不在 site.yaml"),
        ({"account": "first"}, NotAllowed, "不能办理"),
        ({"target": "moon"}, ObjectionRefused, "moon"),
        ({"claim": " "}, ObjectionRefused, "异议内容"),
        ({"filed_on": date(2026, 10, 21)}, ObjectionRefused, "今天之后"),
    ],
)
def test_what_is_not_registered(small: SmallSite, more: dict, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        register(small, **more)
    assert small.rows("select * from objection") == []


def test_a_decision_needs_another_person_a_reason_and_a_correction(small: SmallSite) -> None:
    objection_id = register(small, account="judge")
    for given, said in (
        ({"account": "judge"}, "须由他人决定"),
        ({"account": "judge", "reason": " "}, "理由"),
        ({"outcome": "maybe"}, "maybe"),
    ):
        args = {"outcome": "rejected", "reason": "证据不足", "account": "judge", "now": NOW} | given
        with pytest.raises(ObjectionRefused, match=said):
            decide_objection(small.site, objection_id, args.pop("outcome"), **args)
    other = register(small)
    with pytest.raises(ObjectionRefused, match="更正编号"):
        decide_objection(small.site, other, "upheld", reason="查实", account="judge", now=NOW)
    with pytest.raises(ObjectionRefused, match="moon"):
        decide_objection(
            small.site, other, "upheld", corrections=["moon"], reason="查实", account="judge", now=NOW
        )
    decide_objection(small.site, other, "rejected", reason="证据不足", account="judge", now=NOW)
    with pytest.raises(ObjectionRefused, match="已由"):
        decide_objection(small.site, other, "rejected", reason="x", account="judge", now=NOW)


def test_claims_are_kept_without_personal_data_and_evidence_in_the_vault(
    small: SmallSite, tmp_path: Path
) -> None:
    proof = tmp_path / "proof.txt"
    proof.write_text("张三 13812345678 的来信", encoding="utf-8")
    register(small, claim="来信人 13812345678 可证", evidence=proof)
    (made,) = list_objections(small.site, PLACE)
    assert "13812345678" not in made.claim
    kept = small.folder / "lake" / PLACE / "vault" / "objections" / made.evidence_sha256
    assert kept.is_file()
