from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.ft2font import FT2Font

from include.demo import picture
from include.demo.picture import MOST_UNITS, draw_warning_list
from include.documents.chinese_font import chinese_font
from include.pipeline.warning_list import WarningList
from include.warehouse.releases import Release


def a_list(*colours: str, name: str = "明镜县水利局", missing: tuple[str, ...] = ()) -> WarningList:
    """A list with one unit per colour, in that order."""
    release = Release(
        release_id=1, jurisdiction="000001", framework_code="jiaokou", framework_version="2026.1",
        framework_key=1, period="2026Q3", revision=2, input_digest="", code_digest="", result_digest="",
        reason="", approved_by="", created_at=datetime(2026, 10, 21, tzinfo=UTC), fencing_token=1,
        register_import_id=1, incomplete=bool(missing), missing_feeds=missing,
    )  # fmt: skip
    units = pd.DataFrame(
        {
            "unit_code": [f"B{place:02}" for place in range(len(colours))],
            "name": name,
            "published": 81.25,
            "change": [(-1) ** place * 2.5 for place in range(len(colours))],
            "rank": 3,
            "peers": 9,
            "colour": list(colours),
            "warnings": "总体偏低、信访答复超期较多",
            "lost": "信访按期答复率 −2.85、民调总体评价 −1.98",
        }
    )
    return WarningList(release, "provisional", units)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is drawn; drawing goes on as usual."""
    texts: list[str] = []
    write = picture._write

    def noted(axes: object, x: float, y: float, text: str, **how: object) -> None:
        texts.append(text)
        write(axes, x, y, text, **how)

    monkeypatch.setattr(picture, "_write", noted)
    return texts


def test_png_is_small_and_the_same_each_time(tmp_path: Path) -> None:
    found = a_list("red", *["yellow"] * 6, "green")
    draw_warning_list(found, tmp_path / "images" / "a.png")
    draw_warning_list(found, tmp_path / "b.png")
    drawn = (tmp_path / "b.png").read_bytes()
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(drawn) < 300_000
    assert (tmp_path / "images" / "a.png").read_bytes() == drawn


def test_svg_needs_no_font_and_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw_warning_list(a_list("red"), tmp_path / name)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "<text" not in text
    assert "dc:date" not in text
    assert (tmp_path / "b.svg").read_text(encoding="utf-8") == text


def test_colours_have_a_word_and_a_shape(tmp_path: Path, written: list[str]) -> None:
    draw_warning_list(a_list("red", "yellow", "green"), tmp_path / "list.png")
    assert {"▲ 红 red", "◆ 黄 yellow", "▲ 红 red  1", "● 绿 green  1", "○ 未评 not rated  0"} <= set(written)
    assert "● 绿 green" not in written, "green units are counted, not listed"
    assert len({chip.shape for chip in picture._CHIPS.values()}) == len(picture._CHIPS)


def test_says_that_a_warning_is_a_lead(tmp_path: Path, written: list[str]) -> None:
    draw_warning_list(a_list(missing=("audit",)), tmp_path / "list.png")
    assert "预警是线索,不是结论。 A warning is a lead, not a finding." in written
    assert any("No unit is red or yellow" in text for text in written)
    assert any("缺报 missing audit" in text for text in written)


def test_a_long_list_says_how_many_are_left_out(tmp_path: Path, written: list[str]) -> None:
    draw_warning_list(a_list(*["yellow"] * (MOST_UNITS + 3)), tmp_path / "list.png")
    assert written.count("◆ 黄 yellow") == MOST_UNITS
    assert any("3 more units" in text for text in written)


def test_figures_that_are_not_there_are_a_dash(tmp_path: Path, written: list[str]) -> None:
    found = a_list("red")
    found.units[["published", "change"]] = float("nan")
    found.units["rank"] = found.units["rank"].astype("Int64").where([False])
    draw_warning_list(found, tmp_path / "list.png")
    assert written.count("—") == 3
    assert not [text for text in written if re.search(r"nan|NA", text)]


@pytest.mark.filterwarnings("error")
def test_every_letter_is_in_the_font_and_a_dollar_is_no_formula(tmp_path: Path, written: list[str]) -> None:
    draw_warning_list(a_list("red", "yellow", name="水利局 $x_1$ & <b>"), tmp_path / "list.svg")
    font = FT2Font(chinese_font(10).get_file())
    letters = set("".join(written)) - {"\n"}
    assert not {letter for letter in letters if not font.get_char_index(ord(letter))}


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\[list\.pdf\]"):
        draw_warning_list(a_list("red"), tmp_path / "list.pdf")
    assert not list(tmp_path.iterdir())


@given(st.lists(st.text(alphabet="信访abc1 −", min_size=1, max_size=60), max_size=6).map("、".join))
def test_wrapping_keeps_every_letter_and_the_width(text: str) -> None:
    lines = picture._wrapped(text, 10)
    assert "".join(lines) == text
    assert all(picture._width(line, 10) <= picture._REASONS_WIDTH for line in lines)
