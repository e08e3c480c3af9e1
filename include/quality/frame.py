"""The pandas frame that Great Expectations judges: values, plus helper columns for faults of form.

Whether a text can be read as its column's type is worked out here again with pandas, apart from DuckDB's reading.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names and texts of our own contracts
from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from include.feeds.contract import Column, Contract
from include.feeds.contract_rules import Matches, OneOf, RequiredIf
from include.quality import grammar
from include.quality.checks import dating_column
from include.quality.grammar import literal, name
from include.quality.references import asked_fields, looked_up
from include.quality.split import DELIVERY

ROW = "_at"
GIVEN, READ, SAID = "__given", "__read", "__said"
"""Suffixes: something stands in the cell · pandas can read it · its text, where its form is sound."""


def judged_cells(con: duckdb.DuckDBPyConnection, contract: Contract) -> pa.Table:
    """One row per row of `marks`, in order; in memory only: it holds values of personal columns."""
    sound = [_sound(column) for column in contract.columns]
    kinds = [_kind(column) for column in contract.columns]
    clean = [
        f"case when {_has(column, grammar.CONTROL)} then '' else {text} end"
        for column, text in zip(contract.columns, sound, strict=True)
    ]
    numbers = [
        f"case when {_kind(column)} = {grammar.NUMBER} then {_text(column)} end"
        for column in contract.columns
        if column.type == "string"
    ]
    fields = [
        ROW,
        DELIVERY,
        f"concat({', '.join(kinds)}) as _kinds",
        f"concat_ws('|', {', '.join(sound)}) as _cells",
        f"concat_ws('|', {', '.join(clean)}) as _clean",
        f"concat_ws('|', {', '.join(numbers) or 'null'}) as _numbers",
        "_unit",
        f"{_due(contract)} as _quarter_due",
        "cast(_quarter[:4] as integer) * 4 + cast(_quarter[6:] as integer) - 1.0 as _quarter_number",
    ]
    listed = {rule.column for rule in contract.rules if isinstance(rule, OneOf | Matches)}
    listed |= {rule.other for rule in contract.rules if isinstance(rule, RequiredIf)}
    demanded = {rule.column for rule in contract.rules if isinstance(rule, RequiredIf)}
    for column in contract.columns:
        fields.append(f"{_plain(column)} as {name(column.name)}")
        if column.required or column.key or column.name in demanded:
            given = f"case when {_kind(column)} >= {grammar.ERROR} then '#' else {_text(column)} end"
            fields.append(f"{given} as {name(column.name + GIVEN)}")
        if column.type != "string":
            strange = f"{_has(column, grammar.CONTROL)} or {_has(column, grammar.STRANGE)}"
            fields.append(
                f"case when not ({strange}) then {_sound(column)} end as {name(column.name + READ)}"
            )
            fields.append(name(f"{column.name}__kind"))
            if column.name in listed:
                code = name(f"{column.name}__code")
                fields.append(f"case when {code} = 0 then {_text(column)} end as {name(column.name + SAID)}")
    asked = list(asked_fields(contract))
    found = con.sql(f"select {', '.join([*fields, *asked])} from marks order by _at").to_arrow_table()
    return looked_up(con, contract, found, keep=len(fields)) if asked else found


def judged_frame(cells: pa.Table, contract: Contract, *, now: date) -> pd.DataFrame:
    """The frame of `judged_cells`, indexed from 0, with whether each text can be read in place of the text."""
    parts = {field: cells[field].to_pandas() for field in cells.column_names}
    return pd.DataFrame(_with_readability(parts, contract, now))


def _with_readability(parts: dict[str, pd.Series], contract: Contract, now: date) -> dict[str, pd.Series]:
    """Put in place of the texts in `<column>__read` whether they can be read, columns of one grammar together."""
    alike: dict[tuple[object, ...], list[Column]] = {}
    for column in contract.columns:
        if column.type != "string":
            grammar_of = (column.type, column.unit, column.formats, column.true_values, column.false_values)
            alike.setdefault(grammar_of, []).append(column)
    for columns in alike.values():
        texts = pd.concat([parts[column.name + READ] for column in columns], ignore_index=True)
        kinds = pd.concat([parts.pop(f"{column.name}__kind") for column in columns], ignore_index=True)
        given = texts.notna()
        readable = np.ones(len(texts), dtype=bool)
        # Dates and figures repeat: each is read once.
        cells = pd.DataFrame({"text": texts[given], "kind": kinds[given]})
        which = cells.groupby(["text", "kind"], sort=False).ngroup()
        distinct = cells[~which.duplicated()]
        readable[given] = _readable(columns[0], distinct["text"], distinct["kind"], now).to_numpy()[which]
        for column, part in zip(columns, np.split(readable, len(columns)), strict=True):
            parts[column.name + READ] = pd.Series(part)
    return parts


def _text(column: Column) -> str:
    return name(f"{column.name}__text")


def _kind(column: Column) -> str:
    """The kind of cell, a merged-away one taken for blank where blank means the value above."""
    kind = name(f"{column.name}__kind")
    return f"case when {kind} = {grammar.MERGED} then 0 else {kind} end" if column.blank_means_above else kind


def _sound(column: Column) -> str:
    return f"case when {_kind(column)} < {grammar.ERROR} then {_text(column)} end"


def _has(column: Column, characters: str) -> str:
    return f"coalesce(regexp_matches({_text(column)}, {literal(characters)}), false)"


def _due(contract: Contract) -> str:
    """The quarter where the column that decides it is sound in form; '-' where it is not."""
    dated = dating_column(contract)
    code = name(f"{dated}__code") if dated else "0"
    return f"case when {code} = 0 then _quarter else '-' end"


def _plain(column: Column) -> str:
    own = name(column.name)
    casts = {"integer": "double", "number": "double", "date": "timestamp", "boolean": "varchar"}
    return f"cast({own} as {casts[column.type]})" if column.type in casts else own


def _readable(column: Column, texts: pd.Series, kinds: pd.Series, now: date) -> pd.Series:
    """Whether each text reads as the column's type."""
    match column.type:
        case "integer" | "number":
            return _reads_as_number(column, texts, kinds == grammar.NUMBER)
        case "boolean":
            declared = texts.isin([grammar.as_read(v) for v in (*column.true_values, *column.false_values)])
            return declared | ((kinds == grammar.BOOL) & texts.str.lower().isin(("true", "false", "1", "0")))
        case _:
            return _reads_as_date(column, texts, kinds, now)


def _reads_as_number(column: Column, texts: pd.Series, from_cell: pd.Series) -> pd.Series:
    plain, cell = (_full(texts, grammar.number_regex(column, from_cell=own)) for own in (False, True))
    formed = plain.where(~from_cell, cell)
    bare = texts.str.replace(r"(万元|万|元|%)$", "", regex=True).str.replace(",", "", regex=False)
    value = pd.to_numeric(bare.where(formed), errors="coerce") * {"万元": 1e4, "百分比": 0.01}.get(
        column.unit, 1.0
    )
    if column.type == "integer":
        return formed & (value.round(6) % 1 == 0) & (value.abs() < grammar.WHOLE_BELOW)
    return formed & (value.abs() < 1e22)


def _reads_as_date(column: Column, texts: pd.Series, kinds: pd.Series, now: date) -> pd.Series:
    moments = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    iso = (kinds == grammar.DATE) & _full(texts, grammar.ISO)
    moments[iso] = pd.to_datetime(texts[iso], format="ISO8601", errors="coerce")
    left = kinds.isin((grammar.TEXT, grammar.NUMBER))
    for form in grammar.date_formats(column):
        own = left & _full(texts, grammar.date_regex(form))
        if own.any():
            moments[own] = pd.to_datetime(texts[own], format=form, errors="coerce")
            left &= moments.isna()
        if not left.any():
            break
    return (moments >= pd.Timestamp(grammar.EARLIEST)) & (moments < pd.Timestamp(grammar.latest(now)))


def _full(texts: pd.Series, pattern: str) -> pd.Series:
    return texts.str.fullmatch(pattern).astype(bool)
