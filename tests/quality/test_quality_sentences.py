from __future__ import annotations

import pytest

from include.feeds.persons import in_a_sentence
from include.quality.sentences import texts


@pytest.mark.parametrize(
    ("text", "privacy", "expected"),
    [
        ("甲区信访局", "public", "甲区信访局"),
        ("证号 11010519491231002X 电话13812341234", "internal", "证号 110***********002X 电话138****1234"),
        ("110105 19491231 002x", "public", "110***********002x"),
        ("138-1234-1234", "public", "138****1234"),
        ("字" * 41, "public", "字" * 39 + "…"),
        ("字" * 38 + "11010519491231002X", "public", "字" * 38 + "1…"),
        ("a\x00b\ue000", "public", "a□b□"),
        ("张三丰", "personal", "张*"),
        ("张三丰", "pseudonym", "张*"),
        ("11010519491231002X", "personal", "110***********002X"),
        ("13812341234", "personal", "138****1234"),
        ("#REF!", "personal", "#REF!"),
        ("", "personal", ""),
    ],
)
def test_values_are_masked(text, privacy, expected):
    assert in_a_sentence(text, hidden=privacy in ("personal", "pseudonym")) == expected


def test_every_sentence_says_where_and_what_to_do_in_both_languages():
    for code, languages in texts()["rows"].items():
        assert languages["zh"].startswith("{where_zh}：") and "请" in languages["zh"], code
        assert languages["en"].startswith("{where_en}: ") and languages["en"].endswith("."), code
    for group in ("columns", "files"):
        for code, languages in texts()[group].items():
            assert languages["zh"].startswith("{file}：") and languages["en"].startswith("{file}: "), code


def test_a_whole_message(kit, contract):
    judgement = kit.run(contract, kit.table(contract, kit.rows(60, {}, {"amount": "12万亿"})))
    assert judgement.quarantined.to_dict("records") == [
        {
            "sheet": "表1",
            "row": 6,
            "column": "amount",
            "cell": "E6",
            "rule_id": "R-NUM",
            "severity": "reject_row",
            "masked_value": "12万亿",
            "message_zh": "报送.xlsx [表1] E6：「金额」应为以万元计的数字，如 12.5，现为 12万亿。请改正后重新报送。",
            "message_en": "报送.xlsx [表1] E6: [金额] should be a number in units of 10,000 yuan such as 12.5; "
            "found 12万亿. Correct it and send the file again.",
            "quarter": "2026Q3",
        }
    ]


def test_a_column_the_file_lacks_is_addressed_by_row(kit, contract):
    judgement = kit.run(contract, kit.table(contract, kit.rows(60, {"closed": None})), letters={"no": "A"})
    assert list(judgement.quarantined["cell"]) == [""]
    assert "报送.xlsx [表1] 第 5 行：" in judgement.quarantined["message_zh"][0]
    assert "报送.xlsx [表1] row 5: " in judgement.quarantined["message_en"][0]


def test_a_text_file_is_addressed_by_line_and_header(kit, contract):
    table = kit.table(contract, kit.rows(60, {"count": "x"}), sheet="")
    headers = {column.name: column.title for column in contract.columns}
    faults = kit.run(contract, table, file_name="a'b{c}.csv", letters=headers).quarantined
    assert faults["message_zh"][0].startswith("a'b{c}.csv 第 5 行 件数：")
    assert faults["message_en"][0].startswith("a'b{c}.csv row 5 件数: ")
    assert faults["cell"][0] == "第 5 行 件数"


def test_sheets_may_have_their_own_letters(kit, contract):
    rows = kit.rows(60, {"count": "x", "_sheet": "甲"}, {"count": "x", "_sheet": "乙"})
    letters = {"甲": {"count": "C"}, "乙": {"count": "AB"}}
    assert kit.faults(kit.run(contract, kit.table(contract, rows), letters_by_sheet=letters)) == [
        ("AB6", "R-NUM"),
        ("C5", "R-NUM"),
    ]


def test_comparison_shows_both_cells(kit, contract):
    judgement = kit.run(contract, kit.table(contract, kit.rows(60, {"closed": "2026-07-31"})))
    assert "日期 C5=2026-08-01, 办结日期 D5=2026-07-31" in judgement.quarantined["message_zh"][0]


PEOPLE = {
    "person": "欧阳某某",
    "no": "11010519491231002X",
    "code": "13812341234",
    "channel": "身份证110105194912310038",
}


def test_no_personal_value_in_any_output(kit, contract, caplog, capsys):
    bad = kit.rows(
        60, PEOPLE | {"count": "x"}, {"person": ("司马某", 1), "no": "A1"}, {"person": "诸葛某\x01"}
    )
    bad += [bad[5] | {"person": "慕容某"}]
    judgement = kit.run(contract, kit.table(contract, bad))
    out = capsys.readouterr()
    everything = " ".join(
        [
            judgement.accepted.to_pandas().to_csv(),
            judgement.quarantined.to_csv(),
            judgement.duplicates.to_csv(),
            judgement.warnings.to_csv(),
            repr(judgement.results),
            repr(judgement.held),
            caplog.text,
            out.out,
            out.err,
        ]
    )
    assert len(judgement.quarantined) >= 5
    for secret in (
        "欧阳某某",
        "司马某",
        "诸葛某",
        "慕容某",
        "张三",
        "11010519491231002X",
        "13812341234",
        "110105194912310038",
    ):
        assert secret not in everything, secret
    assert "欧*" not in everything  # nothing is wrong with that cell, so it is not shown at all
    assert "诸*" in everything
