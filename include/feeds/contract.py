"""The data contract of a feed: an Open Data Contract Standard v3 document with our own custom properties.

The standard's fields carry what other tools understand (columns, types, keys, classification, deadlines);
`customProperties` carry what department spreadsheets need (headers, layout, the feed's time, row rules).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from include.config import ConfigError, Strict, Words, parse, read_yaml
from include.feeds.contract_extract import ExtractFrom
from include.feeds.contract_history import History
from include.feeds.contract_layout import Layout, layout_mistakes
from include.feeds.contract_rules import Rule, rule_mistakes

ColumnType = Literal["string", "integer", "number", "date", "timestamp", "boolean"]
Privacy = Literal["public", "internal", "personal", "pseudonym"]


class Column(Strict):
    """One declared column. Columns that are not declared never leave landing."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    type: ColumnType
    required: bool = False
    """Every row must carry a value."""
    may_be_absent: bool = False
    """A file without this column is read all the same, with no values in it."""
    key: bool = False
    privacy: Privacy = "internal"
    """`personal`: judged but never staged. `pseudonym`: staged as a keyed pseudonym only."""
    domain: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    """Of a pseudonym: feeds that name the same domain can be joined by it; empty: the feed's own."""
    headers: tuple[str, ...] = ()
    """Accepted headers, compared after normalisation; a header over two rows is written `上|下`."""
    formats: tuple[str, ...] = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
    unit: Literal["", "元", "万元", "百分比"] = ""
    """万元 is staged in 元 (× 10,000); 百分比 is staged as a share (÷ 100)."""
    blank_means_above: bool = False
    true_values: tuple[str, ...] = ("是", "Y", "y", "1", "TRUE", "True", "true", "√")
    false_values: tuple[str, ...] = ("否", "N", "n", "0", "FALSE", "False", "false", "×")
    null_values: tuple[str, ...] = ("", "-", "—", "/", "无")
    description: str = ""
    examples: tuple[str, ...] = ()
    """For people: what a cell may look like."""

    @property
    def is_hidden(self) -> bool:
        """Whether its values are those of persons, shown and stored masked or keyed at most."""
        return self.privacy in ("personal", "pseudonym")


class UnitColumns(Strict):
    """How a row names its unit: the column, compared with codes, names and approved aliases of the register."""

    column: str
    on: str = ""
    """The date column that decides which day's register counts; empty: the last day of the row's quarter."""
    register_from_feed: bool = False
    """The feed itself declares its units (a register feed); nothing is looked up."""


class QuarterFrom(Strict):
    """What decides the quarter of a row; never the time of arrival."""

    column: str = ""
    """A date column, or a text column that holds keys like 2026Q3."""
    filename: str = ""
    """A regular expression with groups `year` and `quarter` over the file's name."""

    @model_validator(mode="after")
    def _one(self) -> QuarterFrom:
        if bool(self.column) == bool(self.filename):
            raise ValueError("exactly one of: column, filename")
        return self


class FeedTime(Strict):
    """The feed's time: what a file covers and how a later file changes an earlier one."""

    kind: Literal["events", "snapshot", "cumulative", "register", "extract"]
    delivery: Literal["replace", "upsert", "append"]
    """replace: a supplier's newest file of a quarter stands; upsert: newest row per key; append: all rows."""
    quarter_from: QuarterFrom | None = None
    as_of_filename: str = ""
    """A regular expression over the file's name; its groups, joined, say how recent a snapshot is. Of two files that
    carry the same key the more recent counts, whatever the order of arrival. Empty: the later arrival counts."""
    cadence: Literal["month", "quarter", "year", "on_event"] = "quarter"
    lookback_quarters: int = Field(default=0, ge=0)
    """Earlier quarters that the measures may read."""
    stability_seconds: int = 120
    hold_above_bad_share: float = Field(default=0.05, ge=0, le=1)

    @property
    def of_events(self) -> bool:
        """Whether a key is one event wherever it is dated, in files or in extracts."""
        return self.kind in ("events", "extract")


class Contract(Strict):
    """One feed's contract, flattened from its ODCS document."""

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str
    title: Words
    purpose: str
    grain: str
    suppliers: tuple[str, ...]
    deadline_days: int = Field(ge=0)
    """Days after the end of the quarter, inclusive to 23:59:59 in the site's zone."""
    files: tuple[Literal["xlsx", "xls", "ods", "csv", "tsv", "parquet"], ...] = Field(min_length=1)
    time: FeedTime
    extract: ExtractFrom | None = None
    """Given with `time.kind: extract`, and with no other."""
    layout: Layout = Layout()
    unit: UnitColumns
    columns: tuple[Column, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    second_judge_rows: int = Field(default=250_000, ge=0)
    """Deliveries of more rows are judged by the first judge alone, and say so."""
    history: History = History()
    digest: str

    @classmethod
    def from_yaml(cls, path: Path) -> Contract:
        """Read a contract; raise ConfigError that names file, path, found and allowed."""
        document = read_yaml(path)
        flat = _flatten(document, path) | {"digest": hashlib.sha256(path.read_bytes()).hexdigest()}
        contract = parse(cls, flat, file=path)
        if mistakes := list(_mistakes(contract)):
            raise ConfigError(path, mistakes)
        return contract

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the key columns, in order."""
        return tuple(column.name for column in self.columns if column.key)

    def column(self, name: str) -> Column:
        """The declared column `name`."""
        return next(column for column in self.columns if column.name == name)


_STANDARD = {
    "apiVersion", "kind", "id", "name", "version", "status", "domain", "description", "schema",
    "slaProperties", "customProperties", "tags", "team", "support", "authoritativeDefinitions",
}  # fmt: skip
_PROPERTY = {
    "name", "businessName", "logicalType", "required", "primaryKey", "primaryKeyPosition", "classification",
    "description", "examples", "quality", "customProperties",
}  # fmt: skip


def _flatten(document: dict[str, Any], path: Path) -> dict[str, Any]:
    if unknown := sorted(set(document) - _STANDARD):
        raise ConfigError(
            path, [f"不认识的键 {unknown}。 Unknown keys {unknown}; allowed: {sorted(_STANDARD)}."]
        )
    schemas = document.get("schema") or []
    if len(schemas) != 1:
        raise ConfigError(path, [f"schema 应恰有一张表,现有 {len(schemas)}。 schema must hold one table."])
    table = schemas[0]
    custom = _custom(document)
    sla = {item["property"]: item["value"] for item in document.get("slaProperties", [])}
    properties = table.get("properties", [])
    rules = [_rule(item) for prop in properties for item in prop.get("quality", [])]
    rules += [_rule(item) for item in table.get("quality", [])]
    return {
        "feed": document.get("id"),
        "version": document.get("version"),
        "title": {"zh": document.get("name"), "en": custom.pop("title_en", "")},
        "purpose": document.get("description", {}).get("purpose", ""),
        "grain": table.get("dataGranularityDescription", ""),
        "deadline_days": sla.get("deadline_days"),
        "columns": [_column(prop, path) for prop in properties],
        "rules": rules,
        **custom,
    }


def _custom(holder: dict[str, Any]) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in holder.get("customProperties", [])}


def _column(prop: dict[str, Any], path: Path) -> dict[str, Any]:
    if unknown := sorted(set(prop) - _PROPERTY):
        name = prop.get("name")
        raise ConfigError(
            path, [f"列 [{name}] 有不认识的键 {unknown}。 Column [{name}] has unknown keys {unknown}."]
        )
    return {
        "name": prop.get("name"),
        "title": prop.get("businessName", prop.get("name")),
        "type": prop.get("logicalType"),
        "required": prop.get("required", False),
        "key": prop.get("primaryKey", False),
        "privacy": prop.get("classification", "internal"),
        "description": prop.get("description", ""),
        "examples": tuple(map(str, prop.get("examples", ()))),
        **_custom(prop),
    }


def _rule(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item.get("name"),
        "severity": item.get("severity", "reject_row"),
        "title": item.get("implementation", {}).get("title", {"zh": item.get("description", "")}),
    } | {key: value for key, value in item.get("implementation", {}).items() if key != "title"}


def _mistakes(contract: Contract) -> Iterable[str]:
    names = [column.name for column in contract.columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"列 [{name}] 重复。 Column [{name}] is declared twice."
    if "filename" in names:
        yield (
            "列名 [filename] 由系统使用,请改名。 "
            "Column [filename] has a name that the system uses itself; give it another."
        )
    references = [("unit.column", contract.unit.column), ("unit.on", contract.unit.on)]
    if contract.time.quarter_from is not None:
        references.append(("time.quarter_from.column", contract.time.quarter_from.column))
    references += [(f"history.sums.{rule.id}", rule.column) for rule in contract.history.sums]
    references.append(("history.sender_column", contract.history.sender_column))
    for where, name in references:
        if name and name not in names:
            yield f"[{where}] 指向未声明的列 [{name}]。 [{where}] names [{name}]; declared: {names}."
    yield from layout_mistakes(contract.layout, names, contract.files)
    numbers = {column.name for column in contract.columns if column.type in ("integer", "number")}
    yield from rule_mistakes(contract.rules, numbers=numbers, names=names)
    # An extract may also come as a file, so that the kind alone asks for no connection.
    if contract.extract is not None and contract.time.kind != "extract":
        yield "[extract] 须与 time.kind: extract 并用。 [extract] needs time.kind: extract."
    if contract.extract is not None and not (
        contract.time.delivery == "upsert" and "parquet" in contract.files and len(contract.suppliers) == 1
    ):
        yield (
            "[extract] 须有 delivery: upsert、files 含 parquet、恰一个 suppliers。 "
            "[extract] needs delivery upsert, parquet among the files and exactly one supplier."
        )
    yield from _history_mistakes(contract)
    unit = next((column for column in contract.columns if column.name == contract.unit.column), None)
    if unit is not None and not (unit.required or unit.key):
        yield f"[unit.column] 列 [{unit.name}] 须为必填。 Column [{unit.name}] finds the unit: it needs required: true."
    if contract.time.cadence == "month" and contract.time.delivery == "replace":
        yield (
            "[time] 按月报送须用 upsert 或 append。 A monthly feed needs delivery upsert or append: "
            "replace keeps one file of a quarter."
        )
    if not contract.key and contract.time.delivery == "upsert":
        yield "upsert 需要主键列。 delivery [upsert] needs at least one column with primaryKey: true."
    if contract.time.quarter_from is None and contract.time.kind != "register":
        yield "[time.quarter_from] 缺少必填项。 [time.quarter_from] is required unless kind is register."


def _history_mistakes(contract: Contract) -> Iterable[str]:
    hidden = {column.name for column in contract.columns if column.is_hidden}
    if contract.history.sender_column in hidden:
        yield (
            f"[history.sender_column] 列 [{contract.history.sender_column}] 含个人信息,不予保存,无从比较。 "
            f"Column [{contract.history.sender_column}] is personal and not kept: it cannot be compared."
        )
