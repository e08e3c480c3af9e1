"""Strict grammars for cells, written once as regular expressions and compiled to DuckDB expressions.

Nothing is guessed: what a grammar does not match is a fault, never a value. Numbers go from text to decimals
without passing through a float; dates are read only by the formats that the contract declares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from include.feeds.contract import Column

BLANK, TEXT, NUMBER, DATE, BOOL, ERROR, NO_CACHE, MERGED, LINKED = range(9)
"""Kinds of cell as the reader reports them in `<column>__kind`."""

CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
"""Control characters, but for tab and line ends, which people do type into cells."""

STRANGE = r"[\x{E000}-\x{F8FF}\x{FFFD}\x{FFFE}\x{FFFF}\x{F0000}-\x{10FFFF}]"
"""Private-use characters and U+FFFD, what a wrong encoding leaves behind (RE2 notation)."""

LONG_NUMBER = r"[+-]?(\d{16,}(\.\d+)?|\d(\.\d+)?[eE]\+?(1[5-9]|[2-9]\d|\d{3,}))"
"""A number of 16 digits or more: a spreadsheet keeps 15, so as an identifier it is already wrong."""

QUARTER_KEY = r"(\d{4})\s*(?:年?\s*第?\s*|-)(?:Q\s*([1-4])|([1-4一二三四])\s*季度)"
YEAR_KEY = r"(\d{4})\s*年?"
MONTH_KEY = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?"
EARLIEST = date(1901, 1, 1)
YEARS_AHEAD = 50
WHOLE_BELOW = 10**15
"""Whole numbers are read up to 15 digits, what a spreadsheet keeps."""

_PLAIN = r"[+-]?((\d+|\d{1,3}(,\d{3})+)(\.\d+)?|\.\d+)"
_WHOLE = r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.0+)?"
_EXPONENT = r"[+-]?\d+(\.\d+)?[eE][+-]?\d+"
_SUFFIX = {"": "", "元": "元?", "万元": "(万元|万)?", "百分比": "%?"}
ISO = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
_LOOSE = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%H": r"\d{1,2}", "%I": r"\d{1,2}",
    "%M": r"\d{1,2}", "%S": r"\d{1,2}", "%f": r"\d{1,6}", "%p": "(AM|PM|am|pm)", "%b": "[A-Za-z]{3}", "%%": "%",
}  # fmt: skip


def literal(value: str) -> str:
    """Quote `value` as an SQL string."""
    return "'" + value.replace("'", "''") + "'"


def as_read(value: str) -> str:
    """A value of the contract as the reader would spell it, so that （一） equals (一)."""
    return unicodedata.normalize("NFKC", value).strip()


def among(values: Iterable[str]) -> str:
    """Values of the contract as an SQL list, as the reader would spell them."""
    return f"({', '.join(literal(as_read(value)) for value in values)})"


def name(column: str) -> str:
    """Quote `column` as an SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def latest(now: date) -> date:
    """The day before which dates are believed."""
    return date(now.year + YEARS_AHEAD, 1, 1)


def number_regex(column: Column, *, from_cell: bool) -> str:
    """The grammar of a number as text, or (from_cell) as a spreadsheet's own number, which may be 1e-05."""
    if from_cell:
        return f"({_PLAIN}|{_EXPONENT})"
    whole = column.type == "integer" and not column.unit
    return (_WHOLE if whole else _PLAIN) + _SUFFIX[column.unit]


def date_formats(column: Column) -> tuple[str, ...]:
    """The declared formats; for a timestamp each is also read with a time of day behind it."""
    if column.type != "timestamp":
        return column.formats
    dates = [form for form in column.formats if "%H" not in form and "%I" not in form]
    return column.formats + tuple(f"{form} {time}" for form in dates for time in ("%H:%M:%S", "%H:%M"))


def date_regex(form: str) -> str:
    """The regular expression behind a strptime format; parts that touch have fixed widths (20260105)."""
    out = []
    parts = re.findall(r"%.|[^%]+", form)
    for index, part in enumerate(parts):
        touches = any(
            0 <= other < len(parts) and parts[other] in _LOOSE and parts[other] != "%%"
            for other in (index - 1, index + 1)
        )
        loose = _LOOSE.get(part, re.escape(part))
        out.append(loose.replace("{1,2}", "{2}") if touches else loose)
    return "".join(out)


def typed(column: Column) -> str:
    """The DuckDB expression that reads `<column>__text` and `__kind` into a value; NULL where it cannot.

    integer and number → DECIMAL(28, 6) (rounded half away from zero at the sixth place, after 万元 → 元 and
    百分比 → share), date and timestamp → TIMESTAMP, boolean → BOOLEAN, string → VARCHAR.
    """
    text, kind = name(f"{column.name}__text"), name(f"{column.name}__kind")
    match column.type:
        case "integer" | "number":
            return _number(column, text, kind)
        case "date" | "timestamp":
            return _moment(column, text, kind)
        case "boolean":
            return _boolean(column, text, kind)
        case _:
            return text


def believed(column: Column, value: str, now: date) -> str:
    """The DuckDB predicate that `value`, as `typed` reads it, is one the column can hold."""
    match column.type:
        case "integer":
            return f"{value} = floor({value}) and abs({value}) < {WHOLE_BELOW}"
        case "date" | "timestamp":
            return f"{value} >= date '{EARLIEST}' and {value} < date '{latest(now)}'"
        case _:
            return f"{value} is not null"


def quarter_of_text(text: str, *, cadence: str) -> str:
    """The DuckDB expression that reads a key like 2026Q3 or 2026年第三季度; NULL for anything else.

    A year stands for its last quarter where the cadence is a year, a month for the quarter that holds it where
    the cadence is a month.
    """
    full = f"regexp_full_match({text}, {literal(QUARTER_KEY)})"
    digit = (
        f"translate(coalesce(nullif(regexp_extract({text}, {literal(QUARTER_KEY)}, 2), ''), "
        f"regexp_extract({text}, {literal(QUARTER_KEY)}, 3)), '一二三四', '1234')"
    )
    cases = [f"when {full} then {text}[:4] || 'Q' || {digit}"]
    if cadence == "year":
        cases.append(f"when regexp_full_match({text}, {literal(YEAR_KEY)}) then {text}[:4] || 'Q4'")
    if cadence == "month":
        month = f"try_cast(regexp_extract({text}, {literal(MONTH_KEY)}, 2) as integer)"
        matched = f"regexp_full_match({text}, {literal(MONTH_KEY)}) and {month} between 1 and 12"
        cases.append(f"when {matched} then {text}[:4] || 'Q' || (({month} + 2) // 3)")
    return f"case {' '.join(cases)} end"


def _number(column: Column, text: str, kind: str) -> str:
    bare = f"replace(regexp_replace({text}, '(万元|万|元|%)$', ''), ',', '')"
    # Rounding the text to the place that becomes the sixth after scaling means it is rounded once, exactly.
    scaled = {
        "": f"try_cast({bare} as decimal(28, 6))",
        "元": f"try_cast({bare} as decimal(28, 6))",
        "万元": f"try_cast(try_cast({bare} as decimal(32, 10)) * 10000::decimal(5, 0) as decimal(28, 6))",
        "百分比": f"try_cast(try_cast({bare} as decimal(30, 4)) * 0.01::decimal(3, 2) as decimal(28, 6))",
    }[column.unit]
    cell = literal(number_regex(column, from_cell=True))
    plain = literal(number_regex(column, from_cell=False))
    return (
        f"case when {kind} = {NUMBER} and regexp_full_match({text}, {cell}) then {scaled} "
        f"when {kind} = {TEXT} and regexp_full_match({text}, {plain}) then {scaled} end"
    )


def _moment(column: Column, text: str, kind: str) -> str:
    reads = " ".join(
        f"when regexp_full_match({text}, {literal('|'.join(map(date_regex, forms)))}) "
        f"then try_strptime({text}, [{', '.join(map(literal, forms))}])"
        for forms in _together(date_formats(column))
    )
    iso = f"regexp_full_match({text}, {literal(ISO)})"
    return (
        f"case when {kind} = {DATE} then case when {iso} then try_cast({text} as timestamp) end "
        f"when {kind} in ({TEXT}, {NUMBER}) then case {reads} end end"
    )


def _together(formats: tuple[str, ...]) -> list[list[str]]:
    """Formats by how safely they are tried at once: 202611 must never reach %Y%m%d by way of %Y%m."""
    apart = [form for form in formats if not re.search(r"%[a-zA-Z]%|%y", form)]
    return ([apart] if apart else []) + [[form] for form in formats if form not in apart]


def _boolean(column: Column, text: str, kind: str) -> str:
    yes, no = among(column.true_values), among(column.false_values)
    return (
        f"case when {kind} = {BOOL} then case lower({text}) when 'true' then true when '1' then true "
        f"when 'false' then false when '0' then false end "
        f"when {text} in {yes} then true when {text} in {no} then false end"
    )
