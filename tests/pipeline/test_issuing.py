"""From a reviewed release to documents that can be checked, withdrawn and superseded."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook
from sqlalchemy import text
from typer.testing import CliRunner

from include.cli.main import app
from include.config import ConfigError
from include.documents.official.errors import PersonalText, TemplateError
from include.documents.official.signing import is_signed
from include.keys import KeyRing
from include.pipeline import issued_files, issuing
from include.pipeline.access import NotAllowed
from include.pipeline.check_site import check_site
from include.pipeline.document_texts import mistaken_documents
from include.pipeline.issuing import IssueRefused, issue, list_documents, withdraw_notice
from include.pipeline.manifests import NAME
from include.pipeline.objections import decide_objection
from include.pipeline.publicity import OnShow
from include.pipeline.rectify import open_items
from include.pipeline.verifying import verify_document
from include.quarters import Quarter
from include.site import open_site
from include.warehouse import audit
from include.warehouse.releases import ReleaseKey
from include.warehouse.store import reading
from tests.documents.official.test_documents import words
from tests.pipeline.small_site import NOW, PLACE, SmallSite, cases, on_time
from tests.pipeline.test_objections import PEOPLE, correct, register
from tests.pipeline.test_review import opened, say

KEY = ReleaseKey(PLACE, "small", "2026Q3")
THEN = NOW + timedelta(days=2)
KEPT = {"东坡镇": 9, "西沟乡": 4, "县水利局": 8, "县林业局": 2}


def site_of(
    tmp_path: Path, *, reviewed: bool = True, kept: dict[str, int] | None = None, **answers: object
) -> SmallSite:
    """Four units, two of them yellow; ten cases each; both reviews done unless told otherwise."""
    people = PEOPLE | {"clerk": {"roles": ["issuer"]}}
    made = SmallSite.make(tmp_path / "site", "cases", settings={"accounts": people})
    KeyRing(file=made.folder / "keys.yaml").with_new("sign", Quarter(2025, 4)).with_new(
        "vault", Quarter(2025, 4)
    ).save()
    made.send(
        "cases",
        "cases.csv",
        cases(*(row for name, count in (kept or KEPT).items() for row in on_time(name, count, 10))),
    )
    made.ingest()
    made.score()
    if reviewed:
        review_id = opened(made)
        say(made, review_id, 1, "first", **answers)
        say(made, review_id, 2, "second", **answers)
    return made


@pytest.fixture
def small(tmp_path: Path) -> SmallSite:
    return site_of(tmp_path)


def issued(small: SmallSite, **more: object) -> issuing.IssueReport:
    return issue(small.site, KEY, **({"account": "clerk", "now": THEN} | more))  # type: ignore[arg-type]


def test_what_goes_out_of_a_reviewed_quarter(small: SmallSite) -> None:
    report = issued(small)
    names = [one.file_name for one in report.issued]
    assert names == [
        "warning_notice-U2.docx", "warning_notice-U4.docx", *(f"feedback_form-U{one}.xlsx" for one in range(1, 5)),
        "quarter_report-2026Q3.docx",
    ]  # fmt: skip
    folder = Path(report.folder)
    assert folder.is_relative_to(small.folder / "lake" / PLACE / "documents" / "small" / "2026Q3" / "r1")
    assert {one.name for one in folder.iterdir()} == {*names, NAME, f"{NAME}.sig", f"{NAME}.pub"}
    for one in report.issued:
        assert one.status == "issued"
        assert one.size_bytes == (folder / one.file_name).stat().st_size
        assert one.review_id > 0
    notice = report.issued[0]
    assert notice.number == "明研预〔2026〕1号"
    assert report.issued[1].number == "明研预〔2026〕2号"
    assert notice.recipients == {"to": ["西沟乡"], "copies": ["县委办公室", "县政府办公室", "县委组织部"]}
    assert notice.answer_by == "2026-11-05"
    assert not notice.answer_by_provisional


def test_the_notice_holds_the_figures_of_the_release_and_no_small_count(small: SmallSite) -> None:
    report = issued(small, units=["U2"], kinds=("warning_notice", "feedback_form"))
    said = words((Path(report.folder) / "warning_notice-U2.docx").read_bytes())
    scores = small.facts("fct_unit_score").set_index("unit_code")
    assert f"总分{scores.loc['U2', 'published']:.2f}分" in said
    assert "指数得分率40.0%：偏低（◆ 黄色）" in said
    assert "4/10" not in said
    assert "6/10" not in said
    sheet = load_workbook(Path(report.folder) / "feedback_form-U2.xlsx").active
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert "件数过少，不列" in cells
    assert not any("4/10" in one for one in cells)


def test_issuing_twice_issues_once(small: SmallSite) -> None:
    first = issued(small)
    again = issued(small, now=THEN + timedelta(hours=1))
    assert again.issued == ()
    assert again.known == len(first.issued)
    assert len(list_documents(small.site, KEY)) == len(first.issued)


def test_one_unit_first_and_the_rest_later_keep_their_numbers_apart(small: SmallSite) -> None:
    issued(small, units=["U4"])
    rest = issued(small, now=THEN + timedelta(hours=1))
    assert "warning_notice-U4.docx" not in {one.file_name for one in rest.issued}
    numbers = [one.number for one in list_documents(small.site, KEY) if one.kind == "warning_notice"]
    assert numbers == ["明研预〔2026〕1号", "明研预〔2026〕2号"]


def test_the_same_release_and_day_give_the_same_bytes(small: SmallSite, tmp_path: Path) -> None:
    other = small.copy(tmp_path / "copy")
    one, two = issued(small), issued(other)
    assert [doc.sha256 for doc in one.issued] == [doc.sha256 for doc in two.issued]
    assert one.manifest_sha256 == two.manifest_sha256


def test_the_manifest_says_it_all_and_is_signed(small: SmallSite) -> None:
    with reading(small.engine) as connection:
        before = audit.head(connection)
    report = issued(small)
    folder = Path(report.folder)
    content = (folder / NAME).read_bytes()
    manifest = json.loads(content)
    release = small.release()
    assert release is not None
    assert manifest["result_digest"] == release.result_digest
    assert manifest["revision"] == 1
    assert manifest["status"] == "final"
    assert manifest["audit_head"] == {"seq": before.seq, "hash": before.hash}
    assert manifest["key_id"] == small.site.keys.of("sign")[-1].id
    entry = next(one for one in manifest["documents"] if one["file"] == "warning_notice-U2.docx")
    assert entry["unit"] == "U2"
    assert entry["purpose"].startswith("告知预警情况")
    assert entry["recipients"]["to"] == ["西沟乡"]
    public = (folder / f"{NAME}.pub").read_text().strip()
    assert is_signed(content, (folder / f"{NAME}.sig").read_bytes(), public)
    assert not is_signed(content + b" ", (folder / f"{NAME}.sig").read_bytes(), public)
    with reading(small.engine) as connection:
        last = (
            connection.execute(text("select * from audit_entry order by seq desc limit 1")).mappings().one()
        )
        assert audit.verify(connection).ok
    assert (last["action"], last["actor"], last["after_digest"]) == (
        "document.issue",
        "clerk",
        report.manifest_sha256,
    )


def test_a_document_is_known_by_its_bytes(small: SmallSite) -> None:
    report = issued(small)
    content = (Path(report.folder) / "warning_notice-U2.docx").read_bytes()
    verdict = verify_document(small.site, content)
    assert verdict.state == "genuine"
    assert "明研预〔2026〕1号" in verdict.zh
    assert "[clerk]" in verdict.zh
    assert verify_document(small.site, content + b"\n").state == "unknown"


def test_a_key_that_was_rotated_still_proves_what_it_signed(small: SmallSite) -> None:
    report = issued(small)
    small.site.keys.with_new("sign", Quarter(2026, 4)).save()
    assert verify_document(small.site, Path(report.folder) / "warning_notice-U2.docx").state == "genuine"
    second = issued(small, kinds=("rectification_notice",), now=THEN + timedelta(days=1))
    manifest = json.loads((Path(second.folder) / NAME).read_bytes())
    assert manifest["key_id"] == small.site.keys.of("sign")[-1].id
    assert (
        verify_document(small.site, Path(second.folder) / "rectification_notice-U2.docx").state == "genuine"
    )


@pytest.mark.parametrize("broken", ["signature", "manifest", "gone", "forged", "key"])
def test_what_cannot_be_proven_is_not_called_genuine(small: SmallSite, broken: str) -> None:
    report = issued(small)
    folder = Path(report.folder)
    if broken == "signature":
        (folder / f"{NAME}.sig").write_bytes(b"AAAA\n")
    elif broken == "manifest":
        (folder / NAME).write_bytes((folder / NAME).read_bytes().replace(b'"revision":1', b'"revision":9'))
    elif broken == "gone":
        shutil.rmtree(folder)
    elif broken == "forged":  # signed anew, by a key of somebody else's and with its public key beside it
        from include.documents.official.signing import public_key, sign

        content = (folder / NAME).read_bytes()
        (folder / f"{NAME}.sig").write_bytes(sign(content, b"x" * 32))
        (folder / f"{NAME}.pub").write_text(public_key(b"x" * 32))
    else:
        (small.folder / "keys.yaml").unlink()
    found = list_documents(small.site, KEY)[0]
    assert found.stands
    content = b"" if broken == "gone" else (folder / found.file_name).read_bytes()
    state = verify_document(small.site, content).state if content else "unproven"
    assert state == "unproven"


def test_a_withdrawn_document_stays_listed_and_is_issued_anew(small: SmallSite) -> None:
    report = issued(small)
    path = Path(report.folder) / "warning_notice-U2.docx"
    made = withdraw_notice(
        small.site,
        report.issued[0].notice_id,
        account="clerk",
        reason="送达对象有误",
        now=THEN + timedelta(hours=1),
    )
    assert made.status == "withdrawn"
    verdict = verify_document(small.site, path)
    assert verdict.state == "withdrawn"
    assert "送达对象有误" in verdict.zh
    with pytest.raises(IssueRefused, match="不能撤回"):
        withdraw_notice(
            small.site, made.notice_id, account="clerk", reason="再撤", now=THEN + timedelta(hours=2)
        )
    again = issued(small, now=THEN + timedelta(hours=3))
    assert [one.file_name for one in again.issued] == ["warning_notice-U2.docx"]
    assert again.issued[0].number == "明研预〔2026〕3号"
    assert verify_document(small.site, path).state == "withdrawn"
    listed = [
        one.status for one in list_documents(small.site, KEY) if one.file_name == "warning_notice-U2.docx"
    ]
    assert listed == ["withdrawn", "issued"]


def test_withdrawing_asks_for_a_reason_and_the_role(small: SmallSite) -> None:
    number = issued(small).issued[0].notice_id
    with pytest.raises(IssueRefused, match="理由"):
        withdraw_notice(small.site, number, account="clerk", reason=" ", now=THEN)
    with pytest.raises(NotAllowed):
        withdraw_notice(small.site, number, account="first", reason="x", now=THEN)
    with pytest.raises(IssueRefused, match="没有文书"):
        withdraw_notice(small.site, 999, account="clerk", reason="x", now=THEN)


def test_an_upheld_objection_supersedes_what_was_issued(small: SmallSite) -> None:
    first = issued(small)
    old = Path(first.folder) / "warning_notice-U2.docx"
    objection = register(small, now=THEN, filed_on=THEN.date())
    decide_objection(
        small.site, objection, "upheld", corrections=correct(small), reason="查实", account="judge", now=THEN
    )
    small.ingest(now=THEN + timedelta(hours=1))
    small.score(now=THEN + timedelta(hours=1))
    with pytest.raises(IssueRefused, match="正在审核"):
        issued(small, now=THEN + timedelta(hours=2))
    review_id = opened(small)
    later = THEN + timedelta(hours=3)
    say(small, review_id, 1, "first", now=later)
    say(small, review_id, 2, "second", now=later)
    assert verify_document(small.site, old).state == "superseded"
    second = issued(small, now=THEN + timedelta(hours=4))
    assert "warning_notice-U2.docx" not in {one.file_name for one in second.issued}
    statuses = {one.notice_id: one.status for one in list_documents(small.site, KEY)}
    assert all(statuses[one.notice_id] == "superseded" for one in first.issued)
    assert all(statuses[one.notice_id] == "issued" for one in second.issued)
    assert second.superseded == len(first.issued)


def test_only_confirmed_warnings_leave(tmp_path: Path) -> None:
    key = "U4/low/index"
    made = site_of(tmp_path, dismissed={key: "数据正在补报"})
    report = issued(made, kinds=("warning_notice", "quarter_report"))
    assert [one.file_name for one in report.issued] == [
        "warning_notice-U2.docx",
        "quarter_report-2026Q3.docx",
    ]
    said = words((Path(report.folder) / "quarter_report-2026Q3.docx").read_bytes())
    assert "共提出预警2条，经两次审核确认1条" in said


def test_the_reviewers_advice_is_printed_instead_of_the_rules(tmp_path: Path) -> None:
    made = site_of(tmp_path, advice={"U2/low/index": "请逐件核对台账后答复。"})
    report = issued(made, units=["U2"], kinds=("warning_notice",))
    assert "请逐件核对台账后答复。" in words((Path(report.folder) / "warning_notice-U2.docx").read_bytes())


def test_an_advice_with_a_small_count_stops_the_issue_and_leaves_nothing(tmp_path: Path) -> None:
    made = site_of(tmp_path, advice={"U2/low/index": "有3件超期,请说明。"})
    with pytest.raises(PersonalText):
        issued(made)
    assert list_documents(made.site, KEY) == []
    assert not list((made.folder / "lake").glob("*/documents/**/*.docx"))


def test_nothing_goes_out_before_both_reviews_or_without_the_role(tmp_path: Path) -> None:
    made = site_of(tmp_path, reviewed=False)
    with pytest.raises(IssueRefused, match="尚未定稿"):
        issued(made)
    with pytest.raises(NotAllowed):
        issued(made, account="first")


def test_nothing_goes_out_while_the_release_is_on_show(small: SmallSite) -> None:
    loop = yaml.safe_load(Path("include/reviews/loop.yaml").read_text())
    loop["publicity"] = {"term": {"days": 5, "kind": "working"}, "place": {"zh": "公示栏"}}
    (small.folder / "packs" / "small" / "loop.yaml").write_text(yaml.safe_dump(loop, allow_unicode=True))
    with pytest.raises(OnShow):
        issued(small)


def test_an_unknown_unit_is_a_sentence(small: SmallSite) -> None:
    with pytest.raises(IssueRefused, match="U9"):
        issued(small, units=["U9"])


def test_without_a_key_for_signatures_nothing_goes_out(small: SmallSite) -> None:
    (small.folder / "keys.yaml").unlink()
    with pytest.raises(ConfigError, match="mingjing keys new"):
        issued(small)


def test_a_failure_while_storing_takes_the_files_away_again(
    small: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(issuing.notices, "trace", fails)
    with pytest.raises(RuntimeError):
        issued(small)
    assert list_documents(small.site, KEY) == []
    assert not list((small.folder / "lake").glob("*/documents/**/manifest.json"))


def test_somebody_else_who_issued_meanwhile_wins(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    write = issuing.write_files

    def meanwhile(*given: object) -> None:
        monkeypatch.setattr(issuing, "write_files", write)
        write(*given)  # type: ignore[arg-type]
        issued(small, now=THEN + timedelta(minutes=1))

    monkeypatch.setattr(issuing, "write_files", meanwhile)
    with pytest.raises(IssueRefused, match="重办"):
        issued(small)
    assert {one.issued_at for one in list_documents(small.site, KEY)} == {THEN + timedelta(minutes=1)}


def test_the_sites_own_template_and_words_are_used(small: SmallSite) -> None:
    texts, templates = small.folder / "texts", small.folder / "templates" / "small"
    texts.mkdir()
    (texts / "phrases.yaml").write_text('say: {caveat_lead: "本县说明。"}\n', encoding="utf-8")
    (texts / "distribution.yaml").write_text(
        "ask: {department: 小县督办室, role: 督办岗, phone: 内线 1}\n"
        "kinds: {warning_notice: {copies: [县档案馆], mark: 小督}}\n",
        encoding="utf-8",
    )
    templates.mkdir(parents=True)
    shipped = Path("include/documents/templates/warning_notice.docx")
    book = zipfile.ZipFile(shipped)
    with zipfile.ZipFile(templates / "warning_notice.docx", "w") as target:
        for name in book.namelist():
            target.writestr(
                name, book.read(name).replace("四、答复要求".encode(), "四、本县答复要求".encode())
            )
    report = issued(small, kinds=("warning_notice",), units=["U2"])
    said = words((Path(report.folder) / "warning_notice-U2.docx").read_bytes())
    for one in (
        "本县说明。",
        "小县督办室",
        "内线 1",
        "抄送：县档案馆。",
        "四、本县答复要求",
        "小督〔2026〕1号",
    ):
        assert one in said, one


def test_a_misspelt_template_stops_the_issue(small: SmallSite) -> None:
    folder = small.folder / "templates"
    folder.mkdir()
    book = load_workbook("include/documents/templates/feedback_form.xlsx")
    book.active["A4"] = "{{ rnak }}"
    book.save(folder / "feedback_form.xlsx")
    with pytest.raises(TemplateError, match="rnak"):
        issued(small)
    assert list_documents(small.site, KEY) == []
    (said,) = mistaken_documents(small.site, {"small": {"all"}})
    assert "rnak" in said


def test_wrong_texts_are_told_before_anything_is_issued(small: SmallSite) -> None:
    assert mistaken_documents(small.site, {"small": {"all"}, "jiaokou": {"all"}})[0].startswith("[jiaokou]")
    (small.folder / "texts").mkdir()
    (small.folder / "texts" / "phrases.yaml").write_text("say: {openning: x}", encoding="utf-8")
    (said,) = [one.text for one in check_site(small.site) if "openning" in one.text]
    assert "notice_opening" in said


def test_a_pdf_is_known_too(small: SmallSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issued_files, "to_pdf", lambda content, suffix: b"%PDF " + content[-20:])
    report = issued(small, units=["U2"], kinds=("warning_notice",), pdf=True)
    pdf = Path(report.folder) / "warning_notice-U2.pdf"
    assert verify_document(small.site, pdf).state == "genuine"
    assert verify_document(small.site, b"%PDF other").state == "unknown"


def test_the_yearly_report_and_the_rectification_notice(small: SmallSite) -> None:
    report = issued(small, kinds=("year_report", "rectification_notice"))
    folder = Path(report.folder)
    said = words((folder / "year_report-2026.docx").read_bytes())
    assert "2026年度" in said
    assert "取自2026年第三季度发布结果" in said
    said = words((folder / "rectification_notice-U2.docx").read_bytes())
    assert "“指数”得分率提高到50.0%以上" in said
    assert "2026年12月" in said


def test_a_rectification_notice_says_what_the_item_on_record_says(small: SmallSite) -> None:
    document = yaml.safe_load((small.folder / "site.yaml").read_text())
    document["accounts"]["officer"] = {"roles": ["rectification_officer"]}
    (small.folder / "site.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    small.site = open_site(small.folder)
    open_items(small.site, PLACE, "small", "2026Q3", now=NOW - timedelta(days=0), actor="officer")
    (item,) = [row for row in small.rows("select * from rectification_item") if row["unit_code"] == "U2"]
    report = issued(small, kinds=("rectification_notice",), units=["U2"])
    said = words((Path(report.folder) / "rectification_notice-U2.docx").read_bytes())
    year, month, day = (int(part) for part in item["due_on"].split("-"))
    assert f"{year}年{month}月{day}日" in said
    assert item["required_action_zh"] in said
    assert "4/10" not in said


def test_common_problems_go_to_the_department_in_charge(tmp_path: Path) -> None:
    made = site_of(tmp_path, kept={"东坡镇": 9, "西沟乡": 1, "县水利局": 3, "县林业局": 2})
    report = issued(made, kinds=("transfer_sheet",))
    assert [one.file_name for one in report.issued] == ["transfer_sheet-office.docx"]
    assert report.issued[0].recipients["to"] == ["office"]
    said = words((Path(report.folder) / "transfer_sheet-office.docx").read_bytes())
    assert "“cases.on_time”在" in said
    assert "西沟乡" in said
    assert "东坡镇" not in said
    assert "4个参评单位中有3个得分偏低（占75.0%）" in said


def run(small: SmallSite, *given: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*given, "--site", str(small.folder)])
    return done.exit_code, done.output


def test_at_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = site_of(tmp_path)
    monkeypatch.setenv("MINGJING_ACCOUNT", "")
    document = yaml.safe_load((made.folder / "site.yaml").read_text())
    document["accounts"]["clerk"]["logins"] = ["*"]
    (made.folder / "site.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    small = replace(made, site=open_site(made.folder))
    code, said = run(small, "issue", "2026Q3", "--as", "clerk", "--kind", "warning_notice")
    assert code == 0, said
    assert "已出具 2 份" in said
    code, said = run(small, "documents", "2026Q3", "--json")
    (first, second) = json.loads(said)["documents"]
    assert (first["unit_code"], second["unit_code"]) == ("U2", "U4")
    path = next(small.folder.glob("lake/**/warning_notice-U2.docx"))
    code, said = run(small, "verify", str(path))
    assert (code, "文书真实有效" in said) == (0, True)
    code, said = run(small, "withdraw-document", str(first["notice_id"]), "--reason", "误发", "--as", "clerk")
    assert code == 0, said
    code, said = run(small, "verify", str(path))
    assert (code, "撤回" in said) == (1, True)
    code, said = run(small, "documents", "2026Q3")
    assert "withdrawn" in said
    code, said = run(small, "issue", "2026Q3", "--as", "clerk", "--kind", "letter")
    assert (code, "letter" in said) == (2, True)
    strange = tmp_path / "strange.docx"
    strange.write_bytes(io.BytesIO(b"x").getvalue())
    code, said = run(small, "verify", str(strange), "--json")
    assert (code, json.loads(said)["state"]) == (1, "unknown")
