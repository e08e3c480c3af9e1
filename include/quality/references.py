"""Row rules that look beyond one column of one file, for both judges: sums in decimals, and rows of other feeds.

DuckDB joins and adds in its pass; the second judge looks up with pandas and adds with Arrow, so that a mistake in
one way of doing it shows as a dispute.
"""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names of our own contracts
from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.feeds.contract import Contract
from include.feeds.contract_rules import ExistsIn, Sum
from include.quality.checks import apart_column, found_column
from include.quality.grammar import name

References = Mapping[str, pa.Table]
"""Rule id → the rows of the other feed: `_0`, `_1`, … the values as DuckDB casts them to text, `_quarter`; distinct."""

_ASKED = "__asked"
_PLACES = pa.decimal128(28, 6)


def exists_rules(contract: Contract) -> tuple[ExistsIn, ...]:
    """The contract's rules that look into other feeds."""
    return tuple(rule for rule in contract.rules if isinstance(rule, ExistsIn))


def register_references(con: duckdb.DuckDBPyConnection, contract: Contract, references: References) -> None:
    """Make `sent_<n>`, the rows as given, and `known_<n>`, one row per tuple with the quarter since which it stands.

    KeyError where a rule's rows were not given.
    """
    for number, rule in enumerate(exists_rules(contract)):
        con.register(f"sent_{number}", references[rule.id])
        values = ", ".join(f"_{place}" for place in range(len(rule.columns)))
        since = "_quarter" if rule.quarters == "same" else "min(_quarter)"
        grouped = f"{values}, _quarter" if rule.quarters == "same" else values
        known = f"select {values}, {since} as _since from sent_{number} group by {grouped}"
        con.execute(f"create temp table known_{number} as {known}")


def found_fields(contract: Contract) -> Iterator[str]:
    """The fields of `marks` that say per rule whether the row's values were found."""
    for number, rule in enumerate(exists_rules(contract)):
        asked = [f"cells.{name(column)} is null" for column in rule.columns]
        found = f"known_{number}._0 is not null"
        if rule.quarters != "any":
            asked.append("cells._quarter is null")
            found += f" and known_{number}._since <= cells._quarter"
        yield f"case when {' or '.join(asked)} then null else {found} end as {name(found_column(rule))}"


def found_joins(contract: Contract) -> Iterator[str]:
    """The joins of `cells` that those fields need."""
    for number, rule in enumerate(exists_rules(contract)):
        same = [
            f"known_{number}._{place} = {_text(f'cells.{name(column)}')}"
            for place, column in enumerate(rule.columns)
        ]
        if rule.quarters == "same":
            same.append(f"known_{number}._since = cells._quarter")
        yield f"left join known_{number} on {' and '.join(same)}"


def asked_fields(contract: Contract) -> Iterator[str]:
    """The fields of `marks` that `looked_up` needs."""
    for rule in exists_rules(contract):
        for place, column in enumerate(rule.columns):
            yield f"{_text(name(column))} as {name(f'{rule.id}{_ASKED}{place}')}"
        yield f"_quarter as {name(f'{rule.id}{_ASKED}')}"
    for adds_up in (rule for rule in contract.rules if isinstance(rule, Sum)):
        for column in dict.fromkeys((adds_up.column, *adds_up.of, *adds_up.less)):
            yield f"cast({name(column)} as decimal(28, 6)) as {name(f'{adds_up.id}{_ASKED}{column}')}"


def looked_up(con: duckdb.DuckDBPyConnection, contract: Contract, found: pa.Table, *, keep: int) -> pa.Table:
    """The first `keep` columns of `found`, and in place of the asked fields what the second judge makes of them.

    `<rule>__found`: whether the values stand in the other feed, null where not asked. `<rule>__apart`: how far a sum is
    from its terms, null where a value is missing.
    """
    cells = found.select(found.column_names[:keep])
    for number, rule in enumerate(exists_rules(contract)):
        sent = con.table(f"sent_{number}").to_arrow_table().to_pandas()
        stands = pa.array(_stands(rule, found, sent).tolist(), pa.bool_())
        cells = cells.append_column(found_column(rule), stands)
    for adds_up in (rule for rule in contract.rules if isinstance(rule, Sum)):
        cells = cells.append_column(apart_column(adds_up), _apart(adds_up, found))
    return cells


def _stands(rule: ExistsIn, found: pa.Table, sent: pd.DataFrame) -> pd.Series:
    values = [f"_{place}" for place in range(len(rule.columns))]
    asked = pd.DataFrame({value: found[f"{rule.id}{_ASKED}{value[1:]}"].to_pandas() for value in values})
    asked["_quarter"] = found[f"{rule.id}{_ASKED}"].to_pandas()
    if rule.quarters == "same":
        values.append("_quarter")
        sent = sent.drop_duplicates(values).assign(_since="")
    else:
        sent = sent.groupby(values, sort=False)["_quarter"].min().rename("_since").reset_index()
    since = asked.merge(sent[[*values, "_since"]], how="left", on=values)["_since"]
    stands = since.notna()
    if rule.quarters == "same_or_earlier":
        stands &= (since <= asked["_quarter"]).fillna(False).astype(bool)
    complete = asked.drop(columns=["_quarter"] if rule.quarters == "any" else []).notna().all(axis=1)
    return stands.astype(object).where(complete, None)


def _apart(rule: Sum, found: pa.Table) -> pa.ChunkedArray:
    def value(column: str) -> pa.ChunkedArray:
        return found[f"{rule.id}{_ASKED}{column}"].cast(_PLACES)

    apart = value(rule.column)
    for column in rule.of:
        apart = pc.subtract(apart, value(column))
    for column in rule.less:
        apart = pc.add(apart, value(column))
    return apart.cast(pa.float64())


def _text(column: str) -> str:
    return f"cast({column} as varchar)"
