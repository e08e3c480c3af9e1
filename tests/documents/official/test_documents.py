"""Every kind of document: it opens, says what it must, looks as declared, and comes out in the same bytes."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm
from openpyxl import load_workbook

from include.documents.official.distribution import KINDS, Kind
from include.documents.official.facts import Changes, ConfirmedWarning, RankBand, Term
from include.documents.official.feedback import feedback_context
from include.documents.official.notice import notice_context
from include.documents.official.pdf import to_pdf
from include.documents.official.phrases import read_phrases
from include.documents.official.report import report_context
from include.documents.official.templates import FILES, placeholders
from tests.documents.official import sample

WORD: list[Kind] = [kind for kind in KINDS if FILES[kind].endswith(".docx")]
REPOSITORY = Path(__file__).resolve().parents[3]


def words(document: bytes) -> str:
    """All text of a document, headers and footers too."""
    book = zipfile.ZipFile(io.BytesIO(document))
    parts = [
        name for name in book.namelist() if re.search(r"document|header|footer|sharedStrings|sheet\d", name)
    ]
    text = "\n".join(book.read(name).decode() for name in sorted(parts))
    return html.unescape(re.sub(r"<[^>]+>", "", text.replace("</w:p>", "\n").replace("</t>", "\n")))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_whole(kind: Kind) -> None:
    text = words(sample.rendered(kind))
    assert "{{" not in text
    assert "{%" not in text
    assert "None" not in text
    assert "nan" not in text
    facts = sample.facts_of(kind)
    assert facts.paper.title in text
    assert "评价工作联络岗" in text
    assert "2026年第三季度" in text or kind == "year_report"


def test_a_notice_says_all_that_a_unit_must_be_told() -> None:
    text = words(sample.rendered("warning_notice"))
    for said in (
        "明镜县石口乡人民政府：", "80.02分", "80.0%", "◆ 黄色", "下降5.31分", "29.92", "74.8%", "75.3%",
        "共性评价得分率74.8%：大类得分率偏低", "信访按期答复率失2.25分", "18/30（60.0%）", "先改得分率最低的维度",
        "2026年12月4日", "暂定", "内线 8002", "预警是线索，不是结论", "抄送：县委办公室、县政府办公室、县委组织部。",
        "明研预〔2026〕7号", "2026年11月20日", "第6至8位", "组内3个单位不分先后",
    ):  # fmt: skip
        assert said in text, said


def test_only_the_lowest_dimensions_are_drawn_and_in_order() -> None:
    context = notice_context(sample.notice(), read_phrases())
    assert [row["title"] for row in context["dimensions"]] == [
        "权力运行约束度",
        "政治责任落实度",
        "纪律规矩严明度",
    ]
    assert [row["rate"] for row in context["dimensions"]] == ["70.0%", "73.8%", "73.9%"]


def test_advice_stands_once_and_there_is_always_some() -> None:
    twice = (ConfirmedWarning("a", "甲", "指数", "red", advice="同一条建议。"),) * 2
    facts = sample.notice(warnings=twice)
    assert [one["text"] for one in notice_context(facts, read_phrases())["advice"]] == ["同一条建议。"]
    facts = sample.notice(warnings=(ConfirmedWarning("a", "甲", "指数", "red"),))
    assert notice_context(facts, read_phrases())["advice"][0]["text"].startswith("请对照失分指标")


def test_a_unit_without_an_index_gets_a_notice_that_says_so() -> None:
    facts = sample.notice()
    unrated = replace(
        facts.unit, published=None, rank=RankBand(0, 0, 0, 0, 0, ""), certainty=None, colour="red"
    )
    text = words(sample.rendered("warning_notice", replace(facts, unit=unrated, losses=())))
    assert "未形成总分" in text
    assert "▲ 红色" in text
    assert "nan" not in text


def test_the_report_says_what_it_must() -> None:
    text = words(sample.rendered("quarter_report"))
    for said in (
        "县委、县政府：", "68个单位", "评出67个", "绿色59个", "2个，未评1个", "好30个，较好31个，一般6个",
        "1个单位颜色好转",
        "由● 绿色转为◆ 黄色（85.33分至80.02分", "由2025.1改为2026.1", "涉及5个单位，占参评8个单位的62.5%",
        "牵头单位：县信访局",
        "共提出预警15条，经两次审核确认12条", "本期缺报：环境监管", "颜色界限由评价系统设定", "经500次测算",
        "组内不分先后", "共性评价平均得分率90.3%，较上期上升1.3个百分点", "数据量化平均得分率87.0%，较上期持平",
        "58—60",
    ):  # fmt: skip
        assert said in text, said
    assert "短板" not in text


def test_the_report_of_a_year_has_three_dimensions_with_shortfalls_and_measures() -> None:
    text = words(sample.rendered("year_report"))
    for said in (
        "（一）组织作用发挥", "（二）重点任务完成", "（三）职责履行", "短板：政治责任落实度（平均得分率83.0%）",
        "措施：针对“政治责任落实度”，把责任清单与任务节点挂钩。", "由牵头部门会同有关单位分析原因",
        "取自2026年第四季度发布结果", "2026年度",
    ):  # fmt: skip
        assert said in text, said


def test_a_first_report_has_nothing_to_compare_with() -> None:
    context = report_context(sample.report(changes=Changes(), problems=(), missing_feeds=()), read_phrases())
    assert context["changed"] == "没有可比的上期发布。"
    assert context["no_problems"] == "本期没有达到共性问题标准的失分。"
    assert context["missing"] == ""


def test_without_certainty_no_band_is_claimed() -> None:
    plain = RankBand(3, 3, 0, 0, 8, "乡镇", is_interval=False)
    one = replace(sample.report().units[0], rank=plain, certainty=None)
    context = report_context(sample.report(units=(one,), draws=0), read_phrases())
    assert context["ranked"][0]["band"] == "—"
    assert context["ranked"][0]["rank"] == "3"
    assert any("未声明" in one["text"] for one in context["methods"])


def test_rectification_is_point_to_point() -> None:
    text = words(sample.rendered("rectification_notice"))
    for said in ("得分率提高到76%以上", "2027年1月8日（暂定）", "党委书记", "逾期或者虚假整改"):
        assert said in text


def test_the_transfer_sheet_goes_to_the_department_in_charge() -> None:
    text = words(sample.rendered("transfer_sheet"))
    for said in (
        "县信访局：",
        "作风方面—落实不力—办理超期",
        "8个参评单位中有5个得分偏低（占62.5%）",
        "明镜县水利局",
    ):
        assert said in text


def test_the_form_can_be_filled_in_where_it_should_and_nowhere_else() -> None:
    sheet = load_workbook(io.BytesIO(sample.rendered("feedback_form"))).active
    rows = {
        sheet.cell(row, 12).value: row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 12).value
    }
    assert {"common", "power", "survey", "petition_reply_on_time", "audit_01", "award", "safety"} <= set(rows)
    assert sheet.protection.sheet
    lists = {rule.type: rule.sqref for rule in sheet.data_validations.dataValidation}
    for code in ("common", "survey", "petition_reply_on_time", "audit_01", "award", "safety"):
        row = rows[code]
        assert [sheet.cell(row, column).protection.locked for column in range(1, 13)] == [True] * 8 + [
            False
        ] * 3 + [True]
        assert f"I{row}" in lists["list"], code
        assert f"J{row}" in lists["textLength"], code
    row = rows["petition_reply_on_time"]
    assert [sheet.cell(row, column).value for column in (3, 4, 5, 6, 7)] == [
        "信访按期答复率", "3", "0.75", "2.25", "18/30（60.0%）",
    ]  # fmt: skip
    assert sheet.cell(rows["audit_01"], 8).value == "县审计局 未评"
    merged = {str(one) for one in sheet.merged_cells.ranges}
    for row in range(1, sheet.max_row + 1):
        value = str(sheet.cell(row, 1).value or "")
        if value.startswith(("二、", "三、", "联系：", "填表岗位")):
            assert f"A{row}:L{row}" in merged, value


def test_text_stays_text_in_the_form() -> None:
    facts = sample.feedback()
    facts = replace(facts, unit=replace(facts.unit, name="=1+1"))
    sheet = load_workbook(io.BytesIO(sample.rendered("feedback_form", facts))).active
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_a_form_without_adjustments_keeps_its_foot() -> None:
    sheet = load_workbook(
        io.BytesIO(sample.rendered("feedback_form", sample.feedback(adjustments=())))
    ).active
    text = [str(sheet.cell(row, 1).value or "") for row in range(1, sheet.max_row + 1)]
    assert any(one.startswith("填表岗位") for one in text)
    assert not any("{{" in one for one in text)


@pytest.mark.parametrize("kind", WORD)
def test_the_page_is_that_of_an_official_document(kind: Kind) -> None:
    book = docx.Document(io.BytesIO(sample.rendered(kind)))
    section = book.sections[0]
    for found, wanted in (
        (section.page_width, 210), (section.page_height, 297), (section.top_margin, 37), (section.bottom_margin, 35),
        (section.left_margin, 28), (section.right_margin, 26),
    ):  # fmt: skip
        assert abs(found - Mm(wanted)) < Mm(0.1)
    styles = {style.name: style.element for style in book.styles}
    for name, font, half_points in (
        ("公文标题", "方正小标宋简体", "44"), ("公文正文", "仿宋_GB2312", "32"), ("一级标题", "黑体", "32"),
        ("二级标题", "楷体_GB2312", "32"),
    ):  # fmt: skip
        run = styles[name].find(qn("w:rPr"))
        assert run.find(qn("w:rFonts")).get(qn("w:eastAsia")) == font
        assert run.find(qn("w:sz")).get(qn("w:val")) == half_points
    spacing = styles["公文正文"].find(qn("w:pPr")).find(qn("w:spacing"))
    assert 560 <= int(spacing.get(qn("w:line"))) <= 600
    assert spacing.get(qn("w:lineRule")) == "exact"
    used = {paragraph.style.name for paragraph in book.paragraphs}
    assert "Normal" not in used
    fonts = zipfile.ZipFile(io.BytesIO(sample.rendered(kind))).read("word/fontTable.xml").decode()
    assert "FandolFang" in fonts
    footers = [
        part.blob.decode() for part in book.part.package.iter_parts() if "footer" in str(part.partname)
    ]
    assert len(footers) == 2
    assert all(" PAGE " in one and "— " in one for one in footers)


def test_no_language_but_chinese_and_no_colour_without_its_word() -> None:
    text = words(sample.rendered("warning_notice"))
    assert not re.search(r"[A-Za-z]{3,}", re.sub(r"3f3f\w+|PAGE", "", text))
    for shape, word in (("▲", "红色"), ("◆", "黄色"), ("●", "绿色")):
        assert len(re.findall(shape, text)) == len(re.findall(f"{shape} {word}", text))


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_may_use_whatever_the_facts_give(kind: Kind) -> None:
    contexts = {
        "warning_notice": notice_context, "feedback_form": feedback_context, "quarter_report": report_context,
        "year_report": report_context,
    }  # fmt: skip
    if kind in contexts:
        context = contexts[kind](sample.facts_of(kind), read_phrases())
        pictures = {name for name in placeholders(kind).names if name.endswith("chart")}
        assert set(context) | pictures == set(placeholders(kind).names)
        for name, items in placeholders(kind).names.items():
            for item in context[name] if items else ():
                assert set(items or ()) <= set(item), name


_DIGESTS = """
import hashlib
from include.documents.official.distribution import KINDS
from tests.documents.official import sample
print([hashlib.sha256(sample.rendered(kind)).hexdigest() for kind in KINDS])
"""


def test_the_same_facts_give_the_same_bytes_whatever_the_hash_seed_and_the_zone() -> None:
    here = str([hashlib.sha256(sample.rendered(kind)).hexdigest() for kind in KINDS])
    for seed, zone in (("1", "America/New_York"), ("77", "Asia/Shanghai")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, "-c", _DIGESTS],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here


def test_the_file_is_dated_by_its_release() -> None:
    core = zipfile.ZipFile(io.BytesIO(sample.rendered("warning_notice"))).read("docProps/core.xml").decode()
    assert core.count("2026-10-23T12:00:00Z") == 2
    assert "python" not in core


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice")
def test_a_pdf_where_libreoffice_is_present(tmp_path: Path) -> None:
    made = to_pdf(sample.rendered("rectification_notice"))
    assert made is not None
    assert made.startswith(b"%PDF")
    if shutil.which("pdftotext"):
        (tmp_path / "a.pdf").write_bytes(made)
        text = subprocess.run(
            ["pdftotext", str(tmp_path / "a.pdf"), "-"], capture_output=True, text=True, check=True
        )
        assert "整改通知书" in text.stdout.replace("\n", "").replace(" ", "")
        assert "—1—" in text.stdout.replace(" ", "")


def test_no_pdf_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert to_pdf(b"anything") is None


def test_a_term_that_may_move_says_so() -> None:
    facts = sample.notice(answer_by=Term(date(2027, 2, 1), True))
    assert "2027年2月1日（暂定" in notice_context(facts, read_phrases())["answer"]
