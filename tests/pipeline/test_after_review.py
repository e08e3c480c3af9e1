from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from include.keys import KeyRing
from include.pipeline.access import NotAllowed
from include.pipeline.after_review import AUTOMATIC, issue_quarter, on_show
from include.pipeline.publicity import open_publicity
from include.quarters import Quarter
from include.warehouse.errors import UnknownRelease
from tests.pipeline.small_site import NOW, PLACE, Q3, SmallSite
from tests.pipeline.test_publicity import LOOP
from tests.pipeline.test_review import ACCOUNTS, KEY, opened, say, send

PEOPLE = ACCOUNTS | {"clerk": {"roles": ["issuer"]}}


def reviewed(folder: Path, *, loop: dict | None = None, people: dict | None = None) -> tuple[SmallSite, int]:
    """A quarter with both reviews done, and the number of its review."""
    small = SmallSite.make(folder, "cases", settings={"accounts": people or PEOPLE})
    if loop:
        path = small.folder / "packs" / "small" / "loop.yaml"
        path.write_text(yaml.safe_dump(loop, allow_unicode=True), encoding="utf-8")
    KeyRing(file=small.folder / "keys.yaml").with_new("sign", Quarter(2025, 4)).save()
    send(small, kept={"东坡镇": 9, "西沟乡": 3})
    small.score()
    review_id = opened(small)
    say(small, review_id, 1, "first")
    say(small, review_id, 2, "second")
    return small, review_id


def test_documents_go_out_at_once_where_nothing_has_to_be_on_show(tmp_path: Path) -> None:
    small, review_id = reviewed(tmp_path)
    assert on_show(small.site, review_id, now=NOW) == "over"
    (one,) = issue_quarter(small.site, PLACE, Q3, account="clerk", now=NOW)
    assert one.report is not None and len(one.report.issued) > 0
    (again,) = issue_quarter(small.site, PLACE, Q3, account="clerk", now=NOW)
    assert again.report is not None and (len(again.report.issued), again.report.known) == (
        0,
        len(one.report.issued),
    )


def test_a_period_on_show_is_waited_for(tmp_path: Path) -> None:
    small, review_id = reviewed(tmp_path, loop=LOOP)
    assert on_show(small.site, review_id, now=NOW) == "waiting"
    open_publicity(small.site, KEY, starts_on=date(2026, 10, 20), account="clerk", now=NOW)
    assert on_show(small.site, review_id, now=datetime(2026, 10, 27, 4, tzinfo=UTC)) == "waiting"
    (one,) = issue_quarter(small.site, PLACE, Q3, account="clerk", now=NOW)
    assert one.report is None and "公示至 2026-10-27" in one.sentence
    assert on_show(small.site, review_id, now=datetime(2026, 10, 28, 4, tzinfo=UTC)) == "over"


def test_a_revision_that_becomes_final_ends_the_wait(tmp_path: Path) -> None:
    small, review_id = reviewed(tmp_path, loop=LOOP)
    send(small, kept={"东坡镇": 9, "西沟乡": 8}, name="corrected.csv")
    small.score()
    assert on_show(small.site, review_id, now=NOW) == "waiting"
    # Nothing half approved goes out.
    (one,) = issue_quarter(small.site, PLACE, Q3, account="clerk", now=NOW)
    assert one.report is None
    newer = opened(small)
    say(small, newer, 1, "first")
    say(small, newer, 2, "second")
    assert on_show(small.site, review_id, now=NOW) == "superseded"
    assert on_show(small.site, newer, now=NOW) == "waiting"


def test_nothing_is_issued_by_itself_unless_the_site_and_the_pack_say_so(tmp_path: Path) -> None:
    by_itself = PEOPLE | {AUTOMATIC: {"roles": ["issuer"]}}
    small, _ = reviewed(tmp_path / "listed", people=by_itself)
    (one,) = issue_quarter(small.site, PLACE, Q3, account=AUTOMATIC, now=NOW)
    assert one.report is not None and one.report.issued

    small, _ = reviewed(tmp_path / "unlisted")
    with pytest.raises(NotAllowed, match=AUTOMATIC):
        issue_quarter(small.site, PLACE, Q3, account=AUTOMATIC, now=NOW)

    small, _ = reviewed(
        tmp_path / "by_hand", loop=LOOP | {"publicity": None, "issue_by": "hand"}, people=by_itself
    )
    (one,) = issue_quarter(small.site, PLACE, Q3, account=AUTOMATIC, now=NOW)
    assert one.report is None and "人工" in one.sentence
    (one,) = issue_quarter(small.site, PLACE, Q3, account="clerk", now=NOW)
    assert one.report is not None


def test_a_review_that_does_not_exist_is_named(tmp_path: Path) -> None:
    small = SmallSite.make(tmp_path, "cases")
    with pytest.raises(UnknownRelease, match="12"):
        on_show(small.site, 12, now=NOW)
