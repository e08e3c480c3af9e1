"""A file in another department's folder."""

from __future__ import annotations

import pytest

from include.quality.senders import another_senders

OFFICE, COURT = {"office_1", "office_2", "office_3", "office_4"}, {"court_1", "court_2"}


@pytest.mark.parametrize(
    ("values", "own", "found"),
    [
        (COURT, OFFICE, ("court", 1.0)),
        (COURT, set(), ("court", 1.0)),
        (OFFICE, OFFICE, None),
        (OFFICE | {"office_new"}, OFFICE, None),
        (COURT | {"court_new"}, OFFICE, None),
        ({"never_seen"}, OFFICE, None),
        (COURT, COURT, None),
        (set(), OFFICE, None),
    ],
)
def test_a_file_is_anothers_where_its_values_are(values, own, found):
    assert another_senders(values, own, {"court": COURT, "police": {"police_1"}}) == found
