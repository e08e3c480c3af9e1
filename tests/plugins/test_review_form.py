"""What a person filled in below a card, as REST hands it on: unchecked."""

from __future__ import annotations

from typing import Any

import pytest
import review_form


def test_confirmed_with_what_is_dismissed_and_advice_line_by_line() -> None:
    filled = {
        "dismissed": ["U1/low/index"],
        "reason": "证据不足",
        "advice": "U1/low/index: 请核对\n\n U2/low/index: 补报 \n",
    }
    assert review_form.read([review_form.CONFIRM], filled) == {
        "confirm": True,
        "dismissed": ["U1/low/index"],
        "reason": "证据不足",
        "advice": {"U1/low/index": "请核对", "U2/low/index": "补报"},
    }


@pytest.mark.parametrize("empty", [{}, {"dismissed": None, "reason": None, "advice": None}])
def test_empty_fields_say_nothing(empty: dict[str, Any]) -> None:
    said = {"confirm": False, "dismissed": [], "reason": "", "advice": {}}
    assert review_form.read([review_form.SEND_BACK], empty) == said


@pytest.mark.parametrize(
    ("chosen", "filled"),
    [
        ([], {}),
        (["确认 Confirm", "退回 Send back"], {}),
        (["Approve"], {}),
        (["确认 Confirm"], {"dismissed": "U1/low/index"}),
        (["确认 Confirm"], {"dismissed": [1]}),
        (["确认 Confirm"], {"reason": ["x"]}),
        (["确认 Confirm"], {"advice": {"U1/low/index": "请核对"}}),
        (["确认 Confirm"], {"advice": "请核对台账"}),
    ],
)
def test_what_cannot_be_read_is_told_in_both_languages(chosen: list[str], filled: dict[str, Any]) -> None:
    with pytest.raises(review_form.FormError, match=r"[一-龥].*[a-z]{3}"):
        review_form.read(chosen, filled)


def test_label_fits_into_airflows_column() -> None:
    assert review_form.label("清廉指数") == "清廉指数"
    long = review_form.label("清廉指数", "原因" * 300)
    assert long.startswith("清廉指数 · 未记录") and len(long) == 250
