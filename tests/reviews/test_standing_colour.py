from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.config import parse, read_yaml
from include.reviews.loop import SHIPPED, Loop
from include.reviews.standing_colour import ItemOutcome, StandingColour, standing_colour

RULES = parse(Loop, read_yaml(SHIPPED), file=SHIPPED).rectification
NOW, THEN = "2026Q4", "2026Q3"
ORDER = ("green", "yellow", "red")


def item(state: str = "open", period: str = NOW) -> ItemOutcome:
    return ItemOutcome(period, state != "verified", state == "verified", state == "late")


def stands(released: str, *items: ItemOutcome, before: StandingColour | None = None) -> tuple[str, str]:
    found = standing_colour(released, NOW, before, items, RULES)  # type: ignore[arg-type]
    return found.colour, found.cause


@pytest.mark.parametrize(
    ("released", "items", "before", "expected"),
    [
        ("yellow", [], None, ("yellow", "released")),
        ("yellow", [item()], None, ("yellow", "released")),
        ("yellow", [item("late"), item()], None, ("red", "escalated")),
        ("yellow", [item("verified"), item()], StandingColour("red", "escalated", NOW), ("red", "escalated")),
        (
            "yellow",
            [item("verified"), item("verified")],
            StandingColour("red", "escalated", NOW),
            ("green", "relieved"),
        ),
        ("red", [item("verified")], None, ("yellow", "relieved")),
        # A new quarter: unresolved from before holds the worse colour, but the old colour alone does not.
        ("yellow", [item(), item(period=THEN)], StandingColour("red", "released", THEN), ("red", "held")),
        ("yellow", [item()], StandingColour("red", "released", THEN), ("yellow", "released")),
        ("green", [item("late", THEN)], StandingColour("red", "escalated", THEN), ("red", "escalated")),
        ("green", [item("verified", THEN)], StandingColour("red", "escalated", THEN), ("green", "released")),
        # A revision of the same period with fewer warnings: nothing was late, so the better colour counts.
        ("yellow", [item()], StandingColour("red", "released", NOW), ("yellow", "released")),
    ],
)
def test_the_colour_that_stands(released, items, before, expected):
    assert stands(released, *items, before=before) == expected


states = st.sampled_from(("open", "late", "verified"))
outcomes = st.lists(st.builds(item, states, st.sampled_from((NOW, THEN))), max_size=6)


@given(st.sampled_from(ORDER), outcomes, outcomes)
def test_it_never_gets_better_while_something_is_unresolved(released, first, then):
    stood = standing_colour(released, NOW, None, first, RULES)
    left = [one for one in then if one.unresolved]
    after = standing_colour(released, NOW, stood, [*then, item()], RULES)
    assert ORDER.index(after.colour) >= ORDER.index(released)
    if stood.cause == "escalated":
        assert ORDER.index(after.colour) >= ORDER.index(stood.colour)
    if not left:
        done = standing_colour(released, NOW, stood, then, RULES)
        assert ORDER.index(done.colour) <= ORDER.index(released)


@given(st.sampled_from(ORDER), outcomes)
def test_looking_twice_changes_nothing(released, items):
    once = standing_colour(released, NOW, None, items, RULES)
    assert standing_colour(released, NOW, once, items, RULES) == once
