"""When a whole file is held: nothing of it is used and the previous figures stand."""

# ruff: file-ignore[hardcoded-sql-expression] -- composed of quoted names of our own contracts
from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from include.feeds.contract import Contract
from include.feeds.faults import Fault, fault
from include.feeds.mojibake import meant
from include.quality.checks import must_have_value
from include.quality.counts import Counts
from include.quality.grammar import name
from include.quality.personal import PersonalColumn, find_personal
from include.quality.second import Opinion
from include.quality.sentences import file_fault
from include.quality.split import DELIVERY, ResolveUnits
from include.quarters import Quarter

LEAST_BAD_ROWS = 2
"""One bad row never holds a file by its share."""
_NAMES_TRIED = 200

_NUMBERS = str.maketrans("一二三四", "1234")


def file_quarter(
    contract: Contract, file_name: str, declared: str | None, now: date, first: Quarter
) -> tuple[str | None, Fault | None]:
    """The quarter of the whole file, where no column decides it, and what is wrong with it.

    A file name that names no quarter leaves it to the declared one; two that differ hold the file.
    """
    source = contract.time.quarter_from
    if source is not None and source.column:
        return None, None
    named = _named(source.filename, file_name) if source is not None else None
    quarter = named or declared
    if source is not None and quarter is None:
        return None, file_fault("F-PERIOD", file=file_name, expected="2026Q3", found="—")
    if named and declared and named != declared:
        return named, file_fault("F-PERIOD", file=file_name, expected=declared, found=named)
    current = Quarter.of(now)
    if source is not None and quarter and not first <= Quarter.parse(quarter) <= current:
        return quarter, file_fault("F-PERIOD", file=file_name, expected=f"{first} … {current}", found=quarter)
    return quarter, None


@dataclass(frozen=True)
class RowsSay:
    """What rows of a delivery say that holds all of it."""

    personal: PersonalColumn | None
    """A column that carries what the contract says it does not."""
    quarters: tuple[str, ...]
    """The quarters of its rows, in order."""


def held(
    contract: Contract,
    counts: Counts,
    opinion: Opinion,
    said: RowsSay,
    *,
    file_name: str,
    declared_quarter: str | None,
    confirmed: Collection[str] = (),
) -> Fault | None:
    """The first reason to hold a judged file that nobody confirmed, if any: no second opinion, judges at odds,
    personal data, wrong quarter, blank required column, hold_file rule, all rows bad, too many bad rows.
    """
    reasons = _reasons(
        contract, counts, opinion, said, file_name=file_name, declared_quarter=declared_quarter
    )
    return next((reason for reason in reasons if reason.code not in confirmed), None)


def _reasons(
    contract: Contract,
    counts: Counts,
    opinion: Opinion,
    said: RowsSay,
    *,
    file_name: str,
    declared_quarter: str | None,
) -> Iterator[Fault]:
    if opinion.ended:
        yield file_fault("H-ONEJUDGE", file=file_name, reason=opinion.ended)
    if opinion.disputed:
        yield file_fault(
            "F-JUDGES", file=file_name, rules="、".join(opinion.disputed), rows=opinion.disputed_rows
        )
    if personal := said.personal:
        zh, en = (
            file_fault(
                "F-PERSONAL", file=file_name, title=personal.column.title, rows=personal.rows, kind=kind,
                sheet=f" [{personal.sheet}]" if personal.sheet else "", row=personal.row,
            )
            for kind in (personal.kind_zh, personal.kind_en)
        )  # fmt: skip
        yield Fault("F-PERSONAL", zh.zh, en.en, personal.sheet)
    dated = declared_quarter is not None and contract.time.quarter_from is not None
    if dated and said.quarters and declared_quarter not in said.quarters:
        yield file_fault(
            "F-PERIOD", file=file_name, expected=declared_quarter, found="、".join(said.quarters)
        )
    # A column of formulas without results is not empty: its rows say what is wrong with them.
    elsewise = {check.column for check, _ in counts.failed if check.rule_id in ("R-NOCACHE", "R-MERGED")}
    for column in contract.columns:
        if column.name in elsewise:
            continue
        if not counts.filled[column.name] and must_have_value(column, delivered=not column.may_be_absent):
            yield file_fault("F-NULLCOL", file=file_name, title=column.title, rows=counts.rows)
    for check, number in counts.failed:
        if check.severity == "hold_file" and check.rule is not None:
            title = check.rule.title
            facts = {"file": file_name, "bad": number, "rows": counts.rows}
            zh, en = (
                file_fault("H-RULE", rule=title.zh, **facts),
                file_fault("H-RULE", rule=title.en or title.zh, **facts),
            )
            yield Fault("H-RULE", zh.zh, en.en)
    if counts.bad == counts.rows:
        yield file_fault("H-ALLBAD", file=file_name, rows=counts.rows)
        return
    whole = contract.time.kind == "register"
    share, allowed = counts.bad / counts.rows, 0.0 if whole else contract.time.hold_above_bad_share
    if counts.bad >= (1 if whole else LEAST_BAD_ROWS) and share > allowed:
        yield file_fault(
            "H-BADSHARE", file=file_name, rows=counts.rows, bad=counts.bad,
            share_pct=f"{share * 100:.1f}", allowed_pct=f"{allowed * 100:g}",
        )  # fmt: skip


def rows_say(con: duckdb.DuckDBPyConnection, contract: Contract, *, deliveries: int) -> list[RowsSay]:
    """Look through `cells` and `marks`; one answer per delivery."""
    personal = find_personal(con, contract)
    quarters: dict[int, list[str]] = {}
    for delivery, quarter in con.execute(
        f"select distinct {DELIVERY}, _quarter from marks where _quarter is not null order by all"
    ).fetchall():
        quarters.setdefault(delivery, []).append(quarter)
    return [RowsSay(personal.get(at), tuple(quarters.get(at, ()))) for at in range(deliveries)]


def garbled_units(
    con: duckdb.DuckDBPyConnection, contract: Contract, resolve_units: ResolveUnits, now: date
) -> dict[int, Fault]:
    """Deliveries whose unit names are of the register, but were read in a wrong encoding; each with its fault."""
    own = contract.unit.column
    if contract.unit.register_from_feed:
        return {}
    # What is garbled is often refused as a cell before it is looked up, and normalising changes it further.
    columns = con.table("delivered").columns
    said = f"coalesce({name(own + '__raw')}, {name(own)})" if f"{own}__raw" in columns else name(own)
    unknown = con.execute(
        f"select distinct {DELIVERY}, {said} as _said from delivered where {name(own)} not in "
        f"(select _name from units where _unit <> '') and {name(own)} is not null "
        f"qualify row_number() over (partition by {DELIVERY} order by _said) <= {_NAMES_TRIED} order by all"
    ).fetchall()
    tries = [(delivery, text, meaning) for delivery, text in unknown for meaning in meant(text)]
    if not tries:
        return {}
    meanings = pa.array([meaning for _, _, meaning in tries], pa.string())
    codes = resolve_units(meanings, pa.array([now] * len(tries), pa.date32())).to_pylist()
    found: dict[int, Fault] = {}
    for (delivery, text, meaning), code in zip(tries, codes, strict=True):
        if code and delivery not in found:
            found[delivery] = fault("F-MOJIBAKE", found=text[:40], meant=meaning)
    return found


def _named(pattern: str, file_name: str) -> str | None:
    match = re.search(pattern, unicodedata.normalize("NFKC", file_name))
    if match is None:
        return None
    parts = match.groupdict()
    key = f"{parts['year']}Q{(parts.get('quarter') or '4').translate(_NUMBERS)}"
    return str(Quarter.parse(key))
