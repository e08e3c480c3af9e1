"""Phrases and the distribution list as data, and what a person may have typed into a document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from include.config import ConfigError
from include.documents.official.common import advice_of
from include.documents.official.distribution import KINDS, addressed, read_distribution
from include.documents.official.errors import PersonalText
from include.documents.official.figures import change_words, numeral, percent, period_words, points
from include.documents.official.free_text import check_free_text
from include.documents.official.notice import notice_context
from include.documents.official.phrases import read_phrases
from tests.documents.official import sample


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_county_rewrites_one_sentence_and_keeps_the_rest(tmp_path: Path) -> None:
    path = own(
        tmp_path, 'say: {caveat_lead: "本县说明。"}\nproblems: {petition_reply_on_time: 答复信访不够及时}\n'
    )
    context = notice_context(sample.notice(), read_phrases([path]))
    assert context["caveats"][0]["text"] == "本县说明。"
    assert context["losses"][0]["text"].startswith("答复信访不够及时失2.25分")
    assert "经对" in context["opening"]


def test_the_last_file_wins_and_a_missing_one_says_nothing(tmp_path: Path) -> None:
    first = own(tmp_path, 'say: {up: "增"}\n')
    second = tmp_path / "second.yaml"
    second.write_text('say: {up: "升"}\n', encoding="utf-8")
    assert read_phrases([first, tmp_path / "none.yaml", second]).say("up") == "升"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('say: {no_such: "x"}', "no_such"),
        ('say: {warning: "{target}{titel}"}', "titel"),
        ('say: {warning: "{target"}', "warning"),
        ("sya: {}", "sya"),
    ],
)
def test_a_wrong_phrase_is_a_sentence(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_phrases([own(tmp_path, text)])


def test_every_kind_has_addressees_and_a_purpose() -> None:
    distribution = read_distribution()
    assert set(distribution.kinds) == set(KINDS)
    said = addressed(
        distribution,
        "warning_notice",
        area="明镜县",
        unit="县水利局",
        period="2026年第三季度",
        framework="清廉指数",
    )
    assert said.title == "2026年第三季度清廉指数预警通知书"
    assert said.recipients == ("县水利局", "县委办公室", "县政府办公室", "县委组织部")
    assert said.issuer == "明镜县政治生态研判办公室"
    assert addressed(distribution, "transfer_sheet", department="县信访局").to == ("县信访局",)


def test_a_county_changes_who_gets_a_copy(tmp_path: Path) -> None:
    path = own(tmp_path, "kinds: {warning_notice: {copies: [县纪委监委]}}\n")
    assert read_distribution([path]).kinds["warning_notice"].copies == ("县纪委监委",)
    assert read_distribution([path]).kinds["warning_notice"].to == ("{unit}",)


@pytest.mark.parametrize(
    "text", ["kinds: {warning: {}}", "kinds: {warning_notice: {purpose: ''}}", "isuer: x"]
)
def test_a_wrong_distribution_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read_distribution([own(tmp_path, text)])


@pytest.mark.parametrize(
    "text",
    [
        "请与张建国同志联系", "联系人：王丽", "电话13812345678", "身份证110101199003078515", "住幸福路3号的反映",
        "张建国",
        "本季有3件超期", "涉及 2 人", "重复信访4起", "致电 0358-1234567 联系",
    ],
)  # fmt: skip
def test_what_may_not_leave_the_office_is_refused_and_never_quoted(text: str) -> None:
    with pytest.raises(PersonalText) as caught:
        check_free_text(text, where="建议")
    for part in ("张建国", "王丽", "13812345678", "110101199003078515"):
        assert part not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "请高度重视，逐项整改。", "每季度研究1次", "由单位主要负责岗位牵头，30日内完成", "共12件，全部办结",
        "重点看前3件事项",
        "落实4个方面要求", "第2人民医院已整改", "完善制度、压实责任、严格考核。",
    ],
)  # fmt: skip
def test_ordinary_advice_passes(text: str) -> None:
    assert check_free_text(text, where="建议") == text


def test_edited_advice_is_checked_where_it_is_printed() -> None:
    warning = replace(sample.notice().warnings[0], advice="请找李晓明同志说明")
    with pytest.raises(PersonalText):
        advice_of([warning], read_phrases())


def test_figures() -> None:
    assert points(80.015) == "80.02"
    assert points(2.675) == "2.68"
    assert percent(22.6 / 30) == "75.3%"
    assert change_words(-5.31) == "下降5.31分"
    assert change_words(0.001) == "持平"
    assert change_words(None) == ""
    assert [period_words(one) for one in ("2026Q1", "2026H2", "2026")] == [
        "2026年第一季度",
        "2026年下半年",
        "2026年度",
    ]
    assert [numeral(one) for one in (1, 10, 11, 20, 35)] == ["一", "十", "十一", "二十", "三十五"]
