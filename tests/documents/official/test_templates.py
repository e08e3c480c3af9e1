"""Templates: where they are found, that the shipped ones are what the maker writes, and what an edited one may hold."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from include.documents.official.distribution import KINDS, Kind
from include.documents.official.errors import TemplateError
from include.documents.official.phrases import read_phrases
from include.documents.official.templates import FILES, SHIPPED, Template, find_template
from include.documents.templates.make import make
from tests.documents.official import sample


def edited(kind: Kind, old: str, new: str) -> Template:
    """The shipped template of a kind with one text in it replaced."""
    content = find_template(kind).content
    if FILES[kind].endswith(".xlsx"):
        book = load_workbook(io.BytesIO(content))
        cells = [cell for row in book.active.iter_rows() for cell in row if isinstance(cell.value, str)]
        assert any(old in cell.value for cell in cells)
        for cell in cells:
            cell.value = cell.value.replace(old, new)
        written = io.BytesIO()
        book.save(written)
        return Template(kind, "edited.xlsx", written.getvalue())
    source, written = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "word/document.xml":
                assert old.encode() in part
                part = part.replace(old.encode(), new.encode())
            target.writestr(name, part)
    return Template(kind, "edited.docx", written.getvalue())


def render(kind: Kind, template: Template) -> bytes:
    return sample.RENDER[kind](sample.facts_of(kind), template, read_phrases())


def test_the_shipped_templates_are_what_the_maker_writes() -> None:
    made = make()
    assert set(made) == set(FILES.values())
    for name, content in made.items():
        assert (SHIPPED / name).read_bytes() == content, (
            f"run python -m include.documents.templates.make: {name}"
        )


def test_the_first_folder_that_has_one_wins(tmp_path: Path) -> None:
    site, pack = tmp_path / "site", tmp_path / "pack"
    for folder in (site, pack):
        folder.mkdir()
    (pack / "warning_notice.docx").write_bytes(b"pack")
    assert find_template("warning_notice", (site, pack)).content == b"pack"
    (site / "warning_notice.docx").write_bytes(b"site")
    assert find_template("warning_notice", (site, pack)).content == b"site"
    assert find_template("feedback_form", (site, pack)).path == str(SHIPPED / "feedback_form.xlsx")


@pytest.mark.parametrize(
    ("kind", "old", "new", "named"),
    [
        ("warning_notice", "{{ opening }}", "{{ openning }}", "openning"),
        ("warning_notice", "{{ row.points }}", "{{ row.pionts }}", "row.pionts"),
        ("quarter_report", "for item in moves", "for item in move", "move"),
        ("feedback_form", "{{ total }}", "{{ totl }}", "totl"),
        ("feedback_form", "{{ indicators.lost }}", "{{ indicators.lots }}", "indicators.lots"),
        ("feedback_form", "{{ unit }}", "{{ unit.name }}", "unit.name"),
    ],
)
def test_a_misspelt_placeholder_is_named_with_what_there_is(
    kind: Kind, old: str, new: str, named: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        render(kind, edited(kind, old, new))
    for language in (caught.value.zh, caught.value.en):
        assert "edited." in language
        assert f"[{named}]" in language
    right = old.strip("{} ").rpartition(" ")[2].rpartition(".")[2]
    assert right in caught.value.zh


@pytest.mark.parametrize(
    ("kind", "old", "lacking"),
    [("warning_notice", "{{ answer }}", "answer"), ("feedback_form", "{{ how }}", "how")],
)
def test_what_a_document_must_say_cannot_be_taken_out(kind: Kind, old: str, lacking: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(kind, edited(kind, old, ""))
    assert f"['{lacking}']" in caught.value.zh


def test_the_caveat_cannot_be_taken_out() -> None:
    with pytest.raises(TemplateError, match="caveats"):
        render("warning_notice", edited("warning_notice", "for item in caveats", "for item in advice"))


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("warning_notice", "{%p endfor %}", ""),
        ("warning_notice", "{{ opening }}", "{{ opening }"),
        ("feedback_form", "{{ total }}", "{{ total }"),
    ],
)
def test_a_placeholder_that_is_not_whole(kind: Kind, old: str, new: str) -> None:
    with pytest.raises(TemplateError, match="占位符写法有误"):
        render(kind, edited(kind, old, new))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_document(kind: Kind) -> None:
    with pytest.raises(TemplateError, match="另存为"):
        render(kind, Template(kind, "broken", b"not a document"))


def test_a_template_computes_nothing_of_its_own() -> None:
    with pytest.raises(TemplateError):
        render("warning_notice", edited("warning_notice", "{{ title }}", "{{ title.__class__.__mro__ }}"))


def test_an_edited_template_is_used_and_has_another_digest() -> None:
    own = edited("warning_notice", "四、答复要求", "四、本县答复要求")
    assert own.digest != find_template("warning_notice").digest
    made = zipfile.ZipFile(io.BytesIO(render("warning_notice", own))).read("word/document.xml").decode()
    assert "四、本县答复要求" in made
