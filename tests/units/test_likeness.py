"""How an unknown name differs from a known one, and which texts are treated as a person's."""

from __future__ import annotations

import pytest

from include.units.likeness import differences, may_be_a_person, shortens


@pytest.mark.parametrize(
    ("asked", "matched", "zh", "en"),
    [
        ("水利局", "县水利局", "少“县”", "lacks [县]"),
        ("县水利厅", "县水利局", "多“厅”,少“局”", "extra [厅], lacks [局]"),
        ("县水利局(本级)", "县水利局", "多“(本级)”", "extra [(本级)]"),
        ("县水利局", "县水利局", "", ""),
    ],
)
def test_differences_are_told_character_by_character(asked, matched, zh, en):
    assert differences(asked, matched) == (zh, en)


@pytest.mark.parametrize(
    "text", ["张三", "李小明", "欧阳锋", "13812345678", "电话13812345678", "141130199001011234", "康城"]
)
def test_what_may_be_a_person(text):
    assert may_be_a_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "县水利局",
        "石口镇",
        "高村",
        "水利",
        "公安",
        "张家庄村委会",
        "县委办公室",
        "U3",
        "Water board",
        "王家沟煤矿有限公司",
    ],
)
def test_what_is_taken_for_a_body(text):
    assert not may_be_a_person(text)


def test_a_short_form_keeps_the_order_of_the_characters():
    assert shortens("康城", "康城镇人民政府")
    assert shortens("县水局", "县水利局")
    assert not shortens("城康", "康城镇")
    assert not shortens("张三", "县水利局")
