"""A contract that may refuse what was fine before raises its version, and the sentence says what broke."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from include.feeds.contract import Column, Contract
from include.feeds.contract_changes import contract_changes, too_low
from include.site import CONTRACTS

PUBLISHED = Path(__file__).with_name("published")


@pytest.mark.parametrize("feed", sorted(path.stem for path in PUBLISHED.glob("*.yaml")))
def test_a_changed_contract_has_a_higher_version_than_the_published_one(feed):
    path = CONTRACTS / f"{feed}.yaml"
    assert path.is_file(), f"契约 [{feed}] 已发布,不可删除。 Contract [{feed}] was published and is gone."
    old, new = Contract.from_yaml(PUBLISHED / f"{feed}.yaml"), Contract.from_yaml(path)
    needed = too_low(old, new)
    told = "\n".join(
        f"{'破坏 breaking' if change.breaking else '相容 compatible'}: {change.zh}。 {change.en}."
        for change in contract_changes(old, new)
    )
    assert not needed, (
        f"契约 [{feed}] 自 {old.version} 起有改动,版本须至少为 {needed},现为 {new.version}。 "
        f"Contract [{feed}] changed since {old.version}: its version must be at least {needed}, it is {new.version}. "
        f"(Since no release: make publish-contracts.)\n{told}"
    )


def test_every_shipped_contract_is_published():
    assert {path.name for path in CONTRACTS.glob("*.yaml")} == {
        path.name for path in PUBLISHED.glob("*.yaml")
    }


def column(document, name):
    return next(one for one in document["schema"][0]["properties"] if one["name"] == name)


def custom(holder, name):
    return next(one for one in holder["customProperties"] if one["property"] == name)


def rule(document, name):
    items = [*document["schema"][0]["quality"]]
    items += [item for one in document["schema"][0]["properties"] for item in one.get("quality", [])]
    return next(item for item in items if item["name"] == name)


def rename(document):
    column(document, "studied_on")["name"] = "considered_on"


def drop_column(document):
    document["schema"][0]["properties"].remove(column(document, "studied_on"))


def add_column(document, **more):
    added = {"name": "note", "businessName": "备注", "logicalType": "string"} | more
    document["schema"][0]["properties"].append(added)


def reads(*formats):
    """Dates of `received_on` are tried in these formats, in this order."""

    def edit(document):
        given = {"property": "formats", "value": list(formats)}
        column(document, "received_on").setdefault("customProperties", []).append(given)

    return edit


DEFAULT = Column.model_fields["formats"].default
ABSENT = {"customProperties": [{"property": "may_be_absent", "value": True}]}
BREAKING = {
    "columns.received_on.type": lambda d: column(d, "received_on").update(logicalType="timestamp"),
    "columns.notified_on.required": lambda d: column(d, "notified_on").update(required=True),
    "columns.channel.headers": lambda d: custom(column(d, "channel"), "headers")["value"].remove("渠道"),
    "columns.notice_exempt.may_be_absent": lambda d: custom(
        column(d, "notice_exempt"), "may_be_absent"
    ).update(value=False),
    "columns.petition_no.key": lambda d: column(d, "petition_no").update(primaryKey=False),
    "columns.petitioner.privacy": lambda d: column(d, "petitioner").update(classification="internal"),
    "columns.studied_on": rename,
    "columns.note": add_column,
    "rules.channel_known.values": lambda d: rule(d, "channel_known")["implementation"]["values"].remove(
        "电话"
    ),
    "rules.returned_not_before_received.severity": lambda d: rule(d, "returned_not_before_received").update(
        severity="hold_file"
    ),
    "files": lambda d: custom(d, "files")["value"].remove("csv"),
    "deadline_days": lambda d: d["slaProperties"][0].update(value=10),
    "time.quarter_from.column": lambda d: custom(d, "time")["value"]["quarter_from"].update(
        column="received_on"
    ),
    "time.delivery": lambda d: custom(d, "time")["value"].update(delivery="upsert"),
}
COMPATIBLE = {
    "columns.channel.headers": lambda d: custom(column(d, "channel"), "headers")["value"].append("来源"),
    "columns.channel.required": lambda d: column(d, "channel").update(required=False),
    "columns.note": lambda d: add_column(d, **ABSENT),
    "rules.channel_known.values": lambda d: rule(d, "channel_known")["implementation"]["values"].append(
        "转办"
    ),
    "rules.returned_not_before_received.severity": lambda d: rule(d, "returned_not_before_received").update(
        severity="warn"
    ),
    "rules.due_not_before_received": lambda d: d["schema"][0]["quality"].remove(
        rule(d, "due_not_before_received")
    ),
    "deadline_days": lambda d: d["slaProperties"][0].update(value=20),
    "suppliers": lambda d: custom(d, "suppliers")["value"].append("other_office"),
}


@pytest.fixture
def changed(tmp_path):
    """Petitions as shipped, and edited."""

    def make(edit) -> tuple[Contract, Contract]:
        shipped = CONTRACTS / "petitions.yaml"
        document = yaml.safe_load(shipped.read_text(encoding="utf-8"))
        edit(document)
        path = tmp_path / "petitions.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return Contract.from_yaml(shipped), Contract.from_yaml(path)

    return make


@pytest.mark.parametrize("where", BREAKING)
def test_what_breaks_needs_a_new_first_number(changed, where):
    old, new = changed(BREAKING[where])
    assert where in [change.where for change in contract_changes(old, new) if change.breaking]
    major = int(old.version[0]) + 1
    assert too_low(old, new) == f"{major}.0.0"
    assert too_low(old, new.model_copy(update={"version": f"{major - 1}.99.0"})) == f"{major}.0.0"
    assert too_low(old, new.model_copy(update={"version": f"{major}.0.0"})) == ""


@pytest.mark.parametrize(
    ("formats", "breaking"),
    [
        (("%d/%m/%Y", *DEFAULT), True),
        ((*DEFAULT[:1], "%m/%d/%Y", *DEFAULT[1:]), True),
        (DEFAULT[::-1], True),
        ((*DEFAULT, "%d/%m/%Y"), False),
    ],
)
def test_a_date_format_put_before_another_may_read_dates_otherwise(changed, formats, breaking):
    (change,) = contract_changes(*changed(reads(*formats)))
    assert (change.where, change.breaking) == ("columns.received_on.formats", breaking)


@pytest.mark.parametrize("where", COMPATIBLE)
def test_what_only_allows_more_needs_a_new_second_number(changed, where):
    old, new = changed(COMPATIBLE[where])
    assert [(change.where, change.breaking) for change in contract_changes(old, new)] == [(where, False)]
    major, minor = old.version.split(".")[:2]
    assert too_low(old, new) == f"{major}.{int(minor) + 1}.0"
    assert too_low(old, new.model_copy(update={"version": f"{major}.{int(minor) + 1}.0"})) == ""


def test_a_renamed_column_is_gone_and_another_is_new(changed):
    old, new = changed(rename)
    told = {change.where: change.zh for change in contract_changes(old, new)}
    assert told == {
        "columns.studied_on": "删除 [columns.studied_on]",
        "columns.considered_on": "新增 [columns.considered_on]",
    }


def test_words_for_people_need_nothing(changed):
    def reworded(document):
        rule(document, "channel_known")["implementation"]["title"]["zh"] = "渠道不对"
        column(document, "extended")["description"] = "延期"
        document["description"]["purpose"] = "信访"

    old, new = changed(reworded)
    assert contract_changes(old, new) == []
    assert too_low(old, new) == ""


def test_a_version_that_is_no_version_is_said(changed):
    old, new = changed(BREAKING["deadline_days"])
    with pytest.raises(ValueError, match="written"):
        too_low(old, new.model_copy(update={"version": "next"}))
