"""One spelling for text that looks the same, for matching and typing; the original is kept beside it."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
_SPACES = " \t\r\n\u1680\u2028\u2029"
"""What is trimmed, after NFKC; control characters that some libraries count as spaces are a fault and stay."""
_PLAIN = re.compile(rf"\s|{_INVISIBLE}")


def normalise(column: pa.Array) -> pa.Array:
    """NFKC, invisible characters removed, trimmed; null where nothing is left.

    Full-width digits and letters, Kangxi radicals and the ideographic and no-break spaces become ordinary
    ones (Unicode Standard Annex 15). Inner spaces stay.
    """
    if len(column) == column.null_count:
        return column
    text = column
    if not pc.all(pc.string_is_ascii(text)).as_py():
        text = pc.utf8_normalize(text, "NFKC")
        if pc.any(pc.match_substring_regex(text, _INVISIBLE)).as_py():
            text = pc.replace_substring_regex(text, _INVISIBLE, "")
    text = pc.utf8_trim(text, characters=_SPACES)
    empty = pc.equal(text, "")
    return pc.if_else(empty, pa.scalar(None, pa.string()), text) if pc.any(empty).as_py() else text


def originals(column: pa.Array, normalised: pa.Array) -> pa.Array | None:
    """The original text where `normalised` differs from it, null elsewhere; None where nothing differs."""
    same = pc.fill_null(pc.equal(column, normalised), False)
    changed = pc.and_not(column.is_valid(), same)
    if not pc.any(changed).as_py():
        return None
    return pc.if_else(changed, column, pa.scalar(None, pa.string()))


def plain(text: str) -> str:
    """A header or sheet name as it is compared: NFKC, no spaces, no invisible characters, case folded."""
    return _PLAIN.sub("", unicodedata.normalize("NFKC", text)).casefold()
