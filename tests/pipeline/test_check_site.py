"""`mingjing check` finds every mistake of a site before anything runs, and says each in one sentence."""

from __future__ import annotations

import pytest
import yaml

from include.pipeline.check_site import check_site
from include.pipeline.new_site import new_site
from include.site import CONTRACTS, FRAMEWORKS, MEASURES, open_site
from include.units import write_register_template


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("MINGJING_WAREHOUSE_URL", raising=False)
    new_site(tmp_path / "site", code="000001", name_zh="示例县", first_quarter="2026Q3")
    return tmp_path / "site"


def change(folder, **settings):
    path = folder / "site.yaml"
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(found | settings, allow_unicode=True), encoding="utf-8")


def put(folder, place, text):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder):
    return [finding.text for finding in check_site(open_site(folder)) if finding.fatal]


def notes(folder):
    return [finding.text for finding in check_site(open_site(folder)) if not finding.fatal]


def test_a_fresh_site_is_fit_but_for_its_empty_register(folder):
    assert mistakes(folder) == []
    (note,) = notes(folder)
    assert "The register of units is empty" in note


def test_a_new_site_is_never_written_over(folder):
    before = (folder / "site.yaml").read_bytes()
    with pytest.raises(ValueError, match="holds a site already"):
        new_site(folder, code="2", name_zh="另一县")
    assert (folder / "site.yaml").read_bytes() == before


def test_a_site_with_a_wrong_setting_is_not_begun(tmp_path):
    with pytest.raises(ValueError, match="such as 2026Q3"):
        new_site(tmp_path / "site", code="1", name_zh="县", first_quarter="2026-3")
    assert not (tmp_path / "site").exists()


PETITIONS = (CONTRACTS / "petitions.yaml").read_text(encoding="utf-8")
SURVEY = (MEASURES / "public_survey.sql").read_text(encoding="utf-8")
JIAOKOU = (FRAMEWORKS / "jiaokou" / "framework.yaml").read_text(encoding="utf-8")
WRONG_FILES = {
    "a contract that is no YAML": ("feeds/petitions.yaml", "id: [", "Not valid YAML"),
    "a contract with an unknown key": ("feeds/petitions.yaml", PETITIONS + "colour: red\n", "['colour']"),
    "a contract of another feed": (
        "feeds/petitions.yaml",
        PETITIONS.replace("\nid: petitions", "\nid: letters"),
        "The contract's id is [letters]",
    ),
    "a contract whose supplier is not listed": (
        "feeds/petitions.yaml",
        PETITIONS.replace("[petitions_office]", "[letters_office]"),
        "['letters_office'] are not listed under suppliers",
    ),
    "a header that is no YAML": ("measures/public_survey.sql", "-- feed: [\nSELECT 1", "header is not YAML"),
    "no header": ("measures/public_survey.sql", "SELECT 1", "must open with a `-- feed:` comment"),
    "a header of another feed": (
        "measures/public_survey.sql",
        SURVEY.replace("-- feed: public_survey", "-- feed: petitions"),
        "It declares feed [petitions]",
    ),
    "SQL that does not parse": (
        "measures/public_survey.sql",
        SURVEY.replace("GROUP BY unit", "GROUP unit"),
        "does not run",
    ),
    "SQL over a column that is not declared": (
        "measures/public_survey.sql",
        SURVEY.replace("    invited,", "    asked,"),
        "asked",
    ),
    "SQL that leaves out a measure": (
        "measures/public_survey.sql",
        SURVEY.replace(" AS response__num", " AS replies__num"),
        "lacking ['response__num']",
    ),
    "SQL with binary fractions": (
        "measures/public_survey.sql",
        SURVEY.replace("SUM(respondents) AS response__num", "AVG(respondents) AS response__num"),
        "[response__num] is double",
    ),
    "SQL that reads a feed that was not given": (
        "measures/public_survey.sql",
        SURVEY.replace("-- feed: public_survey\n", "-- feed: public_survey\n-- reads: [parking]\n"),
        "The feed [parking] under reads was not given",
    ),
    "a measure that is judged but not declared": (
        "measures/public_survey.sql",
        SURVEY.replace("--   conduct:", "--   manners:").replace("AS conduct__", "AS manners__"),
        "Measure [public_survey.conduct] is not declared",
    ),
    "a framework whose points do not add up": (
        "packs/jiaokou/framework.yaml",
        JIAOKOU.replace('version: "2026.1"', 'version: "2026.9"').replace("points: 14", "points: 15"),
        "points",
    ),
    "a framework that extends nothing": (
        "packs/jiaokou/framework.yaml",
        "{framework: jiaokou, extends: jiaokou@1, version: ours, effective_from: 2026Q1}",
        "[extends] found [jiaokou@1]",
    ),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_is_one_mistake_that_names_it(folder, name):
    place, text, words = WRONG_FILES[name]
    path = put(folder, place, text)
    mistake, *more = mistakes(folder)
    assert words in mistake
    # Each version of the framework that judges the measure names it.
    assert len(more) == ("not declared" in words)
    if "listed" not in words and "not declared" not in words:
        assert str(path) in mistake


def test_a_feed_without_a_contract_and_a_measured_feed_without_sql(folder):
    change(folder, feeds={"parking": None}, suppliers={})
    assert any("contract of feed [parking]" in text for text in mistakes(folder))


def test_no_framework_in_force_says_when_they_begin(folder):
    change(folder, first_quarter="2020Q1")
    (mistake,) = mistakes(folder)
    assert "No version of [jiaokou] is in force in 2020Q1; versions begin in ['2024Q4', '2026Q4']" in mistake


def test_a_later_version_is_checked_before_it_is_in_force(folder):
    later = JIAOKOU.replace('version: "2026.1"', 'version: "2028.1"').replace("2024Q4", "2028Q1")
    put(folder, "packs/jiaokou/framework-2028.yaml", later.replace("kind: per_event", "kind: per_evnt"))
    (mistake,) = mistakes(folder)
    assert "per_evnt" in mistake


def test_feeds_that_the_site_has_not_are_told_and_allowed(folder):
    feeds = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))["feeds"]
    change(folder, feeds=feeds | {"message_board": {"absent": True}})
    assert mistakes(folder) == []
    assert any(
        "no feeds ['message_board']: their indicators are not applicable" in text for text in notes(folder)
    )


def test_what_lies_in_the_site_and_is_not_used_is_told(folder):
    put(folder, "feeds/reception_days.yaml", PETITIONS)
    put(folder, "measures/reception_days.sql", SURVEY)
    put(folder, "packs/ours/framework.yaml", "{}")
    assert mistakes(folder) == []
    told = notes(folder)
    for place, key in (
        ("feeds/reception_days.yaml", "feeds"),
        ("measures/reception_days.sql", "feeds"),
        ("packs/ours", "frameworks"),
    ):
        assert any(f"[{place}] is not used" in text and f"among {key} in" in text for text in told)


def test_a_missing_inbox_is_told_with_the_command_that_makes_it(folder):
    (folder / "inbox" / "000001" / "petitions").rmdir()
    assert any(f"mkdir -p {folder}/inbox/000001/petitions" in text for text in notes(folder))


def test_a_warehouse_that_cannot_be_opened_is_a_mistake_without_its_password(folder, monkeypatch):
    monkeypatch.setenv("MINGJING_WAREHOUSE_URL", "mysql://loader:hunter2@warehouse/mingjing")
    (mistake,) = mistakes(folder)
    assert "[warehouse] The warehouse cannot be opened" in mistake and "hunter2" not in mistake


def test_a_peer_group_that_no_framework_knows_is_told(folder):
    from datetime import UTC, datetime

    import openpyxl

    from include.pipeline.registers import import_workbook

    path = folder / "register.xlsx"
    write_register_template(path)
    workbook = openpyxl.load_workbook(path)
    for place, value in ((1, "T01"), (2, "青石镇"), (3, "乡镇")):
        workbook["单位"].cell(3, place, value)
    workbook.save(path)
    import_workbook(open_site(folder), path, now=datetime(2026, 10, 1, tzinfo=UTC))
    assert mistakes(folder) == [] and notes(folder) == []
    put(
        folder,
        "packs/ours/framework.yaml",
        "{framework: ours, extends: jiaokou@2026.1, version: '1', effective_from: 2026Q1, peer_groups: [bank]}",
    )
    change(folder, frameworks=["ours"])
    (mistake,) = mistakes(folder)
    assert "peer groups ['township'] are not among those of ours@1" in mistake
