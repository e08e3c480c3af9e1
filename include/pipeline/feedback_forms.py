"""A feedback form that a unit has filled in and sent back: each objection on it is registered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from include.feeds.child import Sheet, parse_in_child
from include.feeds.faults import Held
from include.pipeline.objections import ObjectionRefused, register_objection
from include.site import Site

SHEET = "评价情况反馈表"
_KIND, _WHY, _PROOF, _CODE = "异议类型", "异议理由", "佐证材料名称", "代码"
_UNIT = re.compile(r"单位：.*（(?P<unit>[0-9A-Za-z_.-]+)）")


@dataclass(frozen=True)
class FormLine:
    """One objection on a form: row of the sheet, what it is about, and what is said."""

    row: int
    target: str
    claim: str


@dataclass(frozen=True)
class Form:
    """A form as the unit sent it back."""

    unit_code: str
    lines: tuple[FormLine, ...]


def read_form(data: bytes, *, file_name: str) -> Form:
    """Read a form in the limited child, as every file from outside.

    Raises:
        ObjectionRefused: it is no feedback form, or cannot be read.
    """
    try:
        parsed = parse_in_child(data, file_name=file_name, kinds=["xlsx"], sheets=[SHEET])
    except Held as held:
        raise ObjectionRefused(held.fault.zh, held.fault.en) from held
    rows = list(_rows(parsed.sheets[0]))
    found = next((match for _, row in rows for text in row if (match := _UNIT.search(text))), None)
    if found is None:
        raise ObjectionRefused(
            f"[{file_name}] 不是本系统发出的评价情况反馈表:找不到单位代码。",
            f"[{file_name}] is no feedback form of ours: it names no unit.",
        )
    return Form(found["unit"], tuple(_lines(rows)))


def register_form(
    site: Site,
    jurisdiction: str,
    framework: str,
    period: str,
    path: Path,
    *,
    filed_on: date,
    account: str,
    now: datetime,
    late_because: str = "",
) -> list[int]:
    """Register every objection of a form, with the form itself as evidence; return their numbers.

    All of them or none is checked first: a form with one objection that cannot be taken registers nothing.

    Raises:
        ObjectionRefused: the form is not readable, or one of its objections cannot be taken.
        include.pipeline.access.NotAllowed: as for `register_objection`.
    """
    form = read_form(path.read_bytes(), file_name=path.name)
    register = partial(
        register_objection,
        site,
        jurisdiction,
        framework,
        period,
        form.unit_code,
        filed_on=filed_on,
        account=account,
        now=now,
        late_because=late_because,
    )
    for line in form.lines:
        register(target=line.target, claim=line.claim, check_only=True)
    return [register(target=line.target, claim=line.claim, evidence=path) for line in form.lines]


def _rows(sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and the texts of their cells; '' where a cell is blank."""
    columns = [sheet.cells.column(name).to_pylist() for name in sheet.cells.column_names if name[0] == "c"]
    for row, *texts in zip(sheet.cells.column("_row").to_pylist(), *columns, strict=True):
        yield row, [text or "" for text in texts]


def _lines(rows: list[tuple[int, list[str]]]) -> Iterator[FormLine]:
    places: dict[str, int] = {}
    for number, row in rows:
        if _KIND in row and _CODE in row:
            places = {head: row.index(head) for head in (_KIND, _WHY, _PROOF, _CODE) if head in row}
            continue
        if not places:
            continue
        told = {head: row[place].strip() for head, place in places.items()}
        kind, why, proof, code = (told.get(head, "") for head in (_KIND, _WHY, _PROOF, _CODE))
        if code and (kind or why):
            said = "；".join(part for part in (kind, why, f"佐证：{proof}" if proof else "") if part)
            yield FormLine(number, code, said)
