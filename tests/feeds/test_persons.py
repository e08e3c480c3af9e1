from __future__ import annotations

import pytest

from include.feeds.persons import in_a_sentence, looks_like_a_name, masked, masked_title


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("110101199003078515.xlsx", "110***********8515.xlsx"),
        ("13812345678举报材料.xlsx", "138****5678举报材料.xlsx"),
        ("信访登记表(李秀英).xlsx", "信访登记表(李*).xlsx"),
        ("张伟_2026Q3.csv", "张*_2026Q3.csv"),
        ("张三丰信访材料2026年第3季度.xlsx", "张*信访材料2026年第3季度.xlsx"),
        ("欧阳明华-申请.xls", "欧*-申请.xls"),
        ("姓名:王建国 电话:138 1234 5678", "姓名:王* 电话:138****5678"),
    ],
)
def test_names_and_numbers_in_titles_are_hidden(sent, shown):
    assert masked_title(sent) == shown


@pytest.mark.parametrize(
    "title",
    [
        "信访台账2026Q3.xlsx", "2026年第三季度财政支出.xlsx", "县水利局_报送.csv",
        "金额", "时间", "单位", "Sheet1", "汇总表",
        "责任单位", "办理结果", "20260930.xlsx", "2026-09-30 巡察问题.xlsx", "高新区", "安全", "方案", "任务", "党风",
    ],
)  # fmt: skip
def test_ordinary_titles_stay_as_they_are(title):
    assert masked_title(title) == title


def test_free_text_keeps_words_that_only_could_be_names():
    assert masked("石楼江苏联系人:县信访局") == "石楼江苏联系人:县信访局"
    assert masked("联系人:张伟,已办结") == "联系人:张*,已办结"


def test_what_reads_as_a_name():
    assert all(map(looks_like_a_name, ["张伟", "李秀英", "欧阳明华"]))
    assert not any(
        map(looks_like_a_name, ["东坡镇", "县水利局", "王庄村", "来信", "网上", "张某", "张家湾村委会"])
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("330106750505002", "330********5002"),
        ("6222021234567890", "622*********7890"),
        ("330106 19750505 0021", "330***********0021"),
        ("办结 13812341234", "办结 138****1234"),
    ],
)
def test_no_number_of_a_person_stands_in_a_sentence_of_an_open_column(text, shown):
    assert in_a_sentence(text, hidden=False) == shown
