"""When a whole file is held: nothing of it is used and the previous figures stand."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import duckdb

from include.feeds.contract import Contract
from include.feeds.faults import Fault
from include.quality.checks import must_have_value
from include.quality.counts import Counts
from include.quality.second import Opinion
from include.quality.sentences import file_fault
from include.quarters import Quarter

LEAST_BAD_ROWS = 2
"""One bad row never holds a file by its share."""

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


def held(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    counts: Counts,
    opinion: Opinion,
    *,
    file_name: str,
    declared_quarter: str | None,
) -> Fault | None:
    """The first reason to hold a judged file, if any: no second opinion, judges at odds, wrong quarter, blank
    required column, hold_file rule, all rows bad, too many bad rows.
    """
    if opinion.ended:
        return file_fault("H-ONEJUDGE", file=file_name, reason=opinion.ended)
    if opinion.disputed:
        return file_fault(
            "F-JUDGES", file=file_name, rules="、".join(opinion.disputed), rows=opinion.disputed_rows
        )
    if elsewhere := _all_elsewhere(con, contract, declared_quarter):
        return file_fault("F-PERIOD", file=file_name, expected=declared_quarter, found=elsewhere)
    for column in contract.columns:
        if not counts.filled[column.name] and must_have_value(column, delivered=not column.may_be_absent):
            return file_fault("F-NULLCOL", file=file_name, title=column.title, rows=counts.rows)
    for check, _, number in counts.failed:
        if check.severity == "hold_file" and check.rule is not None:
            title = check.rule.title
            fault = {"file": file_name, "bad": number, "rows": counts.rows}
            zh, en = (
                file_fault("H-RULE", rule=title.zh, **fault),
                file_fault("H-RULE", rule=title.en or title.zh, **fault),
            )
            return Fault("H-RULE", zh.zh, en.en)
    if counts.bad == counts.rows:
        return file_fault("H-ALLBAD", file=file_name, rows=counts.rows)
    whole = contract.time.kind == "register"
    share, allowed = counts.bad / counts.rows, 0.0 if whole else contract.time.hold_above_bad_share
    if counts.bad >= (1 if whole else LEAST_BAD_ROWS) and share > allowed:
        return file_fault(
            "H-BADSHARE", file=file_name, rows=counts.rows, bad=counts.bad,
            share_pct=f"{share * 100:.1f}", allowed_pct=f"{allowed * 100:g}",
        )  # fmt: skip
    return None


def _named(pattern: str, file_name: str) -> str | None:
    match = re.search(pattern, unicodedata.normalize("NFKC", file_name))
    if match is None:
        return None
    parts = match.groupdict()
    key = f"{parts['year']}Q{(parts.get('quarter') or '4').translate(_NUMBERS)}"
    return str(Quarter.parse(key))


def _all_elsewhere(con: duckdb.DuckDBPyConnection, contract: Contract, declared: str | None) -> str:
    """The quarters of the rows, where a quarter was declared and no row is of it; '' if all is well."""
    if declared is None or contract.time.quarter_from is None:
        return ""
    found = con.execute(
        "select distinct _quarter from marks where _quarter is not null order by 1"
    ).fetchall()
    quarters = [quarter for (quarter,) in found]
    return "" if declared in quarters else "、".join(quarters)
