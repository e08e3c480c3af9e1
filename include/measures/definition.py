"""A measures file: one SQL statement whose leading comment declares, in YAML, every measure it computes.

The YAML ends at the first empty comment line (`--`); what follows is for people.
"""

from __future__ import annotations

import hashlib
from itertools import takewhile
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from include.config import ConfigError, Strict, Words, load_yaml, parse

AbsentRule = Literal["zero", "not_applicable", "missing"]


class Measure(Strict):
    """What one measure means, where it comes from, and what a unit without figures gets."""

    title: Words
    formula: Words
    source: str = Field(min_length=1)
    absent: AbsentRule
    """For a unit without a figure although the feed arrived."""
    keys: tuple[str, ...] = ()
    """Keys of a keyed measure, so that its columns stand in every quarter; empty: the keys that are found."""
    together: tuple[str, ...] | Literal["unit"] = ()
    """Rows that count only together, for `rows_behind`: those equal in these columns, or all of a unit's. Without it
    each row counts by itself."""


class MeasuresDefinition(Strict):
    """The measures of one feed, in the order of the file."""

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    reads: tuple[str, ...] = ()
    """Other feeds whose views the statement uses."""
    measures: dict[str, Measure] = Field(min_length=1)
    sql: str = Field(min_length=1)
    path: Path
    digest: str
    """SHA-256 of the file, for `input_digest`."""

    @classmethod
    def from_sql(cls, path: Path) -> MeasuresDefinition:
        """Read a measures file; raise ConfigError that names file, path, found and allowed."""
        text = _text(path)
        lines = text.splitlines()
        comment = list(takewhile(lambda line: line.startswith("--") and line.strip() != "--", lines))
        found = _header(comment, path)
        sql = "\n".join(lines[len(comment) :]).strip().removesuffix(";")
        digest = hashlib.sha256(text.encode()).hexdigest()
        definition = parse(cls, {**found, "sql": sql, "path": path, "digest": digest}, file=path)
        if bad := [code for code in definition.measures if not code.isidentifier() or "__" in code]:
            raise ConfigError(
                path, [f"计量值代码 {bad} 不允许。 Measure codes {bad}: allowed are like on_time."]
            )
        return definition

    def columns(self, code: str) -> tuple[str, str, str]:
        """Names of the numerator, denominator and n columns of a measure in the result."""
        return f"{code}__num", f"{code}__den", f"{code}__n"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(path, ["文件不存在。 The file does not exist."]) from error


def _header(comment: list[str], path: Path) -> dict[str, object]:
    lines = [line.removeprefix("--").removeprefix(" ") for line in comment]
    try:
        found = load_yaml("\n".join(lines))
    except yaml.YAMLError as error:
        raise ConfigError(path, [f"文件头不是合法的 YAML:{error}。 The header is not YAML."]) from error
    if not isinstance(found, dict):
        raise ConfigError(
            path,
            ["文件须以 `-- feed:` 注释开头并声明计量值。 The file must open with a `-- feed:` comment."],
        )
    return found
