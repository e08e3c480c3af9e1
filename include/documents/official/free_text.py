"""What a person typed and a document would print: refused where it could name somebody or hold a small count."""

from __future__ import annotations

import re

from include.documents.official.errors import PersonalText
from include.feeds import persons

_ADDRESSED = persons.as_python(rf"{persons.NAME}(?:同志|先生|女士|某某?)")
_LABELLED = persons.as_python(
    "|".join((persons.LABELLED_NAME, persons.LABELLED_PHONE, persons.LABELLED_NUMBER))
)
_SMALL = re.compile(r"(?<![\d.第前])[1-4]\s*(?:件|起|例|人次|人(?!民|员|大))")


def check_free_text(text: str, *, where: str) -> str:
    """Return the text; raise PersonalText, which never quotes what was found.

    Args:
        text: advice, a reason or a title as somebody wrote it.
        where: what it is, for the sentence.
    """
    if persons.masked(text) != text or persons.without_numbers(text) != text or _is_named(text):
        raise PersonalText(
            f"{where}中似有姓名、证件号、电话或住址,不能写入文书:请改为单位或岗位。",
            f"[{where}] seems to hold a name, a number of a person, a phone or an address: write the unit or the post.",
        )
    if _SMALL.search(text):
        raise PersonalText(
            f"{where}中有不足 5 的件数或人数,不能写入文书:请删去或写作“＜5”。",
            f"[{where}] holds a count under 5: take it out, or write ＜5.",
        )
    return text


def _is_named(text: str) -> bool:
    return bool(_ADDRESSED.search(text) or _LABELLED.search(text) or persons.looks_like_a_name(text))
