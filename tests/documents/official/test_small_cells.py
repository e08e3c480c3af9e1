"""No count from 1 to 4, and nothing that gives one away: a document must not change when a small count does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from include.documents.official.feedback import feedback_context
from include.documents.official.notice import notice_context
from include.documents.official.phrases import read_phrases
from include.documents.official.small_cells import (
    HIDDEN,
    TOO_FEW,
    Counted,
    counted_words,
    is_small,
    may_be_shown,
    suppress,
)
from tests.documents.official import sample

PHRASES = read_phrases()
small = st.integers(1, 4)
large = st.integers(5, 5000)


def pairs_with_something_small() -> st.SearchStrategy[Counted]:
    """Numerator, denominator, what is left of it, or n: one of them from 1 to 4."""
    return st.one_of(
        st.builds(lambda top, more: Counted(top, top + more, top + more), small, st.integers(0, 400)),
        st.builds(lambda top, left: Counted(top, top + left, top + left), st.integers(0, 400), small),
        st.builds(lambda below, top: Counted(min(top, below), below, below), small, st.integers(0, 4)),
        st.builds(lambda top, below, n: Counted(top, top + below, n), large, large, small),
    )


@given(small)
def test_a_small_count_is_hidden(count: int) -> None:
    assert suppress(count) == suppress(float(count)) == suppress(-count) == HIDDEN


@given(large)
def test_a_large_count_is_shown_and_zero_is(count: int) -> None:
    assert suppress(count) == str(count)
    assert suppress(0) == "0"
    assert suppress(None) == suppress(float("nan")) == "—"


@given(pairs_with_something_small())
def test_a_pair_with_anything_small_is_not_shown_at_all(counted: Counted) -> None:
    assert counted_words(counted) == TOO_FEW
    assert not may_be_shown(counted)


@given(large, large)
def test_a_pair_without_anything_small_is_shown_whole(top: int, left: int) -> None:
    assert counted_words(Counted(top, top + left)) == f"{top}/{top + left}（{top / (top + left) * 100:.1f}%）"


def test_none_of_many_and_all_of_many_are_shown() -> None:
    assert counted_words(Counted(0, 12)) == "0/12（0.0%）"
    assert counted_words(Counted(12, 12)) == "12/12（100.0%）"
    assert counted_words(Counted(0, 0)) == "0/0"
    assert counted_words(Counted(24225, 285)) == "平均85.00（样本285）"
    assert counted_words(Counted(None, 3)) == "—"
    assert not is_small(5)


@settings(max_examples=150)
@given(pairs_with_something_small(), pairs_with_something_small())
def test_no_document_of_a_unit_changes_with_a_small_count(one: Counted, other: Counted) -> None:
    for facts, context in ((sample.notice, notice_context), (sample.feedback, feedback_context)):
        assert context(facts(one), PHRASES) == context(facts(other), PHRASES)  # type: ignore[operator]


def test_nor_do_its_bytes() -> None:
    for kind, facts in (("warning_notice", sample.notice), ("feedback_form", sample.feedback)):
        found = {
            sample.rendered(kind, facts(one))
            for one in (Counted(1, 9, 9), Counted(28, 30, 30), Counted(3, 4, 4))
        }
        assert len(found) == 1
