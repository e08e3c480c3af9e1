"""Documents as they are issued: added, found by their bytes, numbered, withdrawn; on both backends."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, exc, text

from include.warehouse import notices
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import reading, writing
from tests.warehouse.warehouse_samples import later, published

KEY = ReleaseKey("jiaokou", "jiaokou", "2026Q3")


def row(release_id: int, **changes: Any) -> dict[str, Any]:
    made = {
        "release_id": release_id,
        **vars(KEY),
        "review_id": 0,
        "unit_code": "U1",
        "kind": "warning_notice",
        "number": "明研预〔2026〕1号",
        "title": "预警通知书",
        "file_name": "warning_notice-U1.docx",
        "sha256": "a" * 64,
        "size_bytes": 7,
        "purpose": "告知",
        "recipients": {"to": ["甲"], "copies": []},
        "answer_by": "2026-11-05",
        "answer_by_provisional": False,
        "template_digest": "t",
        "audit_head": "h",
        "manifest_sha256": "m",
        "issued_at": later(5),
        "issued_by": "clerk",
    }
    return made | changes


def test_a_document_is_found_with_the_status_that_counts_now(county: Engine) -> None:
    release_id = published(county).release_id
    with writing(county) as connection:
        numbers = notices.add_notices(
            connection,
            [
                row(release_id),
                row(release_id, number="明研预〔2026〕12号", sha256="b" * 64),
                row(release_id, number=""),
            ],
            actor="clerk",
            at=later(5),
        )
        notices.add_status(
            connection, numbers[0], KEY.jurisdiction, "withdrawn", actor="clerk", at=later(6), reason="误发"
        )
    with reading(county) as connection:
        found = notices.notices_of(connection, KEY)
        assert [one.notice_id for one in found] == numbers
        assert [(one.status, one.stands) for one in found] == [
            ("withdrawn", False),
            ("issued", True),
            ("issued", True),
        ]
        assert (found[0].status_reason, found[0].status_at, found[0].revision) == ("误发", later(6), 1)
        assert found[0].recipients == {"to": ["甲"], "copies": []}
        assert [one.notice_id for one in notices.find_notices(connection, "b" * 64)] == [numbers[1]]
        assert notices.get_notice(connection, 10**6) is None
        marks = ["明研预〔2026〕", "明研预〔2027〕"]
        assert notices.last_numbers(connection, KEY.jurisdiction, marks) == dict(
            zip(marks, (12, 0), strict=True)
        )
        assert notices.last_numbers(connection, "elsewhere", marks[:1]) == {marks[0]: 0}
        assert notices.notices_of(connection, ReleaseKey("jiaokou", "jiaokou", "2026Q2")) == []


def test_what_was_issued_is_never_changed(county: Engine) -> None:
    release_id = published(county).release_id
    with writing(county) as connection:
        notices.add_notices(connection, [row(release_id)], actor="clerk", at=later(5))
    for statement in ("update notice set title = 'x'", "delete from notice_status"):
        with pytest.raises(exc.DBAPIError), writing(county) as connection:
            connection.execute(text(statement))
