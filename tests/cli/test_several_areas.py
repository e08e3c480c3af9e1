"""Commands on a site of two areas and two frameworks: one document, one workbook, and only areas that there are."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from include.cli.main import app
from include.pipeline.nil_returns import Declaration, NotNil, declare_nil
from include.warehouse.register import import_units
from include.warehouse.store import writing
from tests.pipeline.small_site import NOW, PLACE, SENT, UNITS, SmallSite, cases, on_time

OTHER = "other"


def mingjing(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def register(small, area):
    units = pd.DataFrame({"unit_code": list(UNITS), "name": list(UNITS.values()), "peer_group": "office"})
    aliases = pd.DataFrame({"unit_code": [], "alias": [], "kind": [], "approved_by": []}, dtype=object)
    with writing(small.engine) as connection:
        import_units(
            connection,
            jurisdiction=area,
            at=SENT,
            sha256="",
            units=units,
            peer_groups=pd.DataFrame({"peer_group": ["office"], "title_zh": ["单位"]}),
            aliases=aliases,
        )


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Two areas that sent the same, scored for two quarters under two frameworks of the same rules."""
    places = [{"code": code, "name": {"zh": code, "en": code}} for code in (PLACE, OTHER)]
    settings = {"jurisdictions": places, "frameworks": ["small", "second"]}
    feeds = ("cases", "ratings", "appraisal", "praise")
    small = SmallSite.make(tmp_path_factory.mktemp("several") / "site", *feeds, settings=settings)
    first = yaml.safe_load((small.folder / "packs" / "small" / "framework.yaml").read_text(encoding="utf-8"))
    (small.folder / "packs" / "second").mkdir()
    (small.folder / "packs" / "second" / "framework.yaml").write_text(
        yaml.safe_dump(first | {"framework": "second"}, allow_unicode=True), encoding="utf-8"
    )
    register(small, OTHER)
    for quarter in ("2026Q2", "2026Q3"):
        content = cases(*on_time("U1", 1, 2, quarter=quarter), *on_time("U2", 2, 2, quarter=quarter))
        path = small.send("cases", f"{quarter}.csv", content)
        other = small.folder / "inbox" / OTHER / "cases"
        other.mkdir(parents=True, exist_ok=True)
        (other / path.name).write_bytes(path.read_bytes())
        os.utime(other / path.name, (SENT.timestamp(), SENT.timestamp()))
    small.ingest()
    assert len(small.score()) >= 8
    draft = small.folder / "draft.yaml"
    draft.write_text(
        "extends: small@1\nframework: small\nversion: draft\neffective_from: 2027Q1\ntitle: {zh: 草案}\n",
        encoding="utf-8",
    )
    return small


@pytest.fixture
def small(scored, monkeypatch):
    monkeypatch.setenv("MINGJING_SITE", str(scored.folder))
    monkeypatch.delenv("MINGJING_WAREHOUSE_URL", raising=False)
    return scored


@pytest.mark.parametrize(
    ("arguments", "name", "documents"),
    [
        (["explain", "U1", "2026Q3", "--rows", "all"], "explanations", 4),
        (["why", "U1", "2026Q2", "2026Q3"], "moves", 4),
        (["certainty", "2026Q3"], "analyses", 4),
        (["compare", "2026Q3"], "comparisons", 4),
        (["preview", "draft.yaml"], "areas", 2),
    ],
)
def test_json_is_one_document_however_many_areas_and_frameworks(small, arguments, name, documents):
    arguments = [str(small.folder / one) if one.endswith(".yaml") else one for one in arguments]
    result = mingjing(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)[name]
    assert len(found) == documents
    assert {one["jurisdiction"] for one in found} == {PLACE, OTHER}


def test_the_second_area_does_not_overwrite_the_first_in_the_workbook(small, tmp_path):
    target = tmp_path / "preview.xlsx"
    assert mingjing("preview", small.folder / "draft.yaml", "-o", target).exit_code == 0
    for sheet in ("units", "scores"):
        table = pd.read_excel(target, sheet_name=sheet)
        assert table.columns[0] == "jurisdiction"
        assert set(table["jurisdiction"]) == {PLACE, OTHER}


def test_a_unit_that_no_quarter_knows_is_refused_in_a_preview(small, tmp_path):
    target = tmp_path / "preview.xlsx"
    result = mingjing("preview", small.folder / "draft.yaml", "--units", "U1", "--units", "U99", "-o", target)
    assert result.exit_code == 2
    assert "U99" in result.output and "[U1" not in result.output
    assert "没有" in result.output and "no quarter" in result.output
    assert not target.exists()
    assert mingjing("preview", small.folder / "draft.yaml", "--units", "U1").exit_code == 0


def test_a_nil_return_of_an_area_that_does_not_exist_is_refused(small):
    signed = ("--by", "王某", "--reason", "电话确认")
    result = mingjing("nil", "cases", "office", "2026Q1", *signed, "--jurisdiction", "999999")
    assert result.exit_code == 2
    assert "999999" in result.output and PLACE in result.output
    with pytest.raises(NotNil, match="999999"):
        declare_nil(
            small.site, Declaration("999999", "cases", "office", "2026Q1", "王某", "电话确认"), now=NOW
        )
    assert not (small.folder / "lake" / "999999").exists()
    assert not small.rows("select * from delivery where jurisdiction = '999999'")
