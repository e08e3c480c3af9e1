"""From the rows that measures SQL returns to one figure per unit, measure and key, with its state."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from include.measures.definition import MeasuresDefinition
from include.measures.errors import MeasureError
from include.measures.matrix import STATES
from include.measures.ratios import EXACT, quotient

_log = logging.getLogger(__name__)
_VALUE, _MISSING, _NOT_APPLICABLE = (STATES.index(name) for name in ("value", "missing", "not_applicable"))


def check(result: pa.Table, definition: MeasuresDefinition) -> None:
    """Raise MeasureError where the result's columns, types or rows break the convention."""
    where = str(definition.path)
    found = set(result.column_names)
    allowed = {"unit", "key"} | {name for code in definition.measures for name in definition.columns(code)}
    needed = {"unit"} | {definition.columns(code)[0] for code in definition.measures}
    if found - allowed or needed - found:
        raise MeasureError(
            where,
            f"结果列与声明不符:多出 {sorted(found - allowed)},缺少 {sorted(needed - found)}。",
            f"Result columns: undeclared {sorted(found - allowed)}, lacking {sorted(needed - found)}.",
        )
    for field in result.schema:
        if field.name not in {"unit", "key"} and not _is_exact(field.type):
            raise MeasureError(
                where,
                f"列 [{field.name}] 的类型是 {field.type},应为整数或小数(CAST … AS DECIMAL)。",
                f"Column [{field.name}] is {field.type}; allowed: integers, decimals (CAST … AS DECIMAL).",
            )
    if result["unit"].null_count:
        raise MeasureError(where, "结果有空的 unit。", "The result has rows without a unit.")
    by = [name for name in ("unit", "key") if name in found]
    if result.group_by(by).aggregate([]).num_rows != result.num_rows:
        raise MeasureError(where, f"同一 {by} 有多行,应先汇总。", f"Several rows of one {by}: aggregate.")


def to_frame(
    result: pa.Table, definition: MeasuresDefinition, codes: pd.Index, *, arrived: bool
) -> pd.DataFrame:
    """Return the frame that `run_measures` documents, for the units `codes`.

    Units of the result that are not among `codes` (abolished within the look-back) are left out and logged.
    """
    place = codes.get_indexer(pd.Index(result["unit"].to_pandas()))
    if (place == -1).any():
        strangers = sorted(set(result["unit"].filter(pa.array(place == -1)).to_pylist()))
        _log.warning("%s: units not in the register are left out: %s", definition.feed, strangers)
    exact = result.cast(pa.schema([(f.name, EXACT if _is_exact(f.type) else f.type) for f in result.schema]))
    exact = exact.combine_chunks()
    blocks = list(_blocks(exact, definition, place, len(codes)))
    return pd.DataFrame(
        {
            "unit_code": np.tile(codes.to_numpy(), len(blocks)),
            "measure": pd.Index([f"{definition.feed}.{block.code}" for block in blocks]).repeat(len(codes)),
            "key": pd.Index([block.key for block in blocks]).repeat(len(codes)),
            **_figures(exact, definition, blocks, len(codes), arrived=arrived),
        }
    )


def _is_exact(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind))


@dataclass(frozen=True)
class _Block:
    """One measure and key, and for each unit the row of the result that holds it (null: no row)."""

    code: str
    key: str
    rows: pa.Array


def _blocks(
    result: pa.Table, definition: MeasuresDefinition, place: NDArray[np.intp], units: int
) -> Iterator[_Block]:
    keys = np.full(result.num_rows, "", dtype=object)
    if "key" in result.column_names:
        keys = np.asarray(result["key"].fill_null("").to_pylist(), dtype=object)
    numbers, names = pd.factorize(keys)
    number_of = {name: number for number, name in enumerate(names)}
    rows_of: dict[str, pa.Array] = {}
    for code, measure in definition.measures.items():
        numerator = _column(result, definition.columns(code)[0])
        held = np.asarray(pc.is_valid(numerator)) & (place >= 0)
        found = sorted(set(keys[held]))
        if measure.keys and (strange := sorted(set(found) - set(measure.keys))):
            raise MeasureError(
                str(definition.path),
                f"计量值 [{code}] 出现未声明的键 {strange},声明的是 {list(measure.keys)}。",
                f"Measure [{code}] has undeclared keys {strange}; declared: {list(measure.keys)}.",
            )
        for key in measure.keys or found or [""]:
            if key not in rows_of:
                chosen = np.flatnonzero((numbers == number_of.get(key, -1)) & (place >= 0))
                rows = np.full(units, -1, np.int64)
                rows[place[chosen]] = chosen
                rows_of[key] = pa.array(rows, mask=rows < 0)
            yield _Block(code, key, rows_of[key])


def _figures(
    result: pa.Table, definition: MeasuresDefinition, blocks: Sequence[_Block], units: int, *, arrived: bool
) -> dict[str, object]:
    """Return the figures of all blocks, one below the other, each for all units in the register's order."""
    given = set(result.column_names)
    names = [definition.columns(block.code) for block in blocks]

    def stacked(part: int) -> pa.Array:
        columns = [
            _column(result, name[part]).take(block.rows) for name, block in zip(names, blocks, strict=True)
        ]
        return pa.concat_arrays(columns)

    def in_each(of_blocks: Sequence[object]) -> NDArray[Any]:
        return np.repeat(np.array(of_blocks), units)

    numerator, denominator, n = (stacked(part) for part in range(3))
    is_ratio, has_n = (pa.array(in_each([name[part] in given for name in names])) for part in (1, 2))
    divisor = pc.if_else(is_ratio, denominator, pa.scalar(1).cast(EXACT))
    known = np.asarray(pc.and_(pc.is_valid(numerator), pc.is_valid(divisor)))
    value = quotient(numerator, divisor)
    state = np.where(np.isnan(value), _NOT_APPLICABLE, _VALUE)
    state[~known] = _MISSING
    if arrived:
        absent = in_each([definition.measures[block.code].absent for block in blocks])
        state[~known & (absent == "not_applicable")] = _NOT_APPLICABLE
        nothing = ~known & (absent == "zero")
        numerator = pc.if_else(pa.array(nothing), pa.scalar(0).cast(EXACT), numerator)
        value[nothing], state[nothing] = 0.0, _VALUE
    count = pc.if_else(has_n, n, pc.if_else(is_ratio, denominator, numerator))
    whole = pc.floor(count).cast(pa.decimal128(38, 0)).cast(pa.int64()).fill_null(0)
    counted = pc.if_else(pa.array(state != _MISSING), whole, pa.scalar(None, pa.int64()))
    return {
        "numerator": pd.arrays.ArrowExtensionArray(numerator),
        "denominator": pd.arrays.ArrowExtensionArray(denominator),
        "n": counted.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get),
        "value": value,
        "state": pd.Categorical.from_codes(state, categories=pd.Index(STATES)),
    }


def _column(result: pa.Table, name: str) -> pa.Array:
    if name not in result.column_names:
        return pa.nulls(result.num_rows, EXACT)
    return result[name].combine_chunks()
