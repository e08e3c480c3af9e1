"""Names that the register does not know: what stands in quarantine, what may be meant, and what a steward decides.

Nothing is applied by itself. A decision is appended with its audit entry and changes the register in one transaction;
rows of unknown units are judged again at the next ingest, because the register has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from include.pipeline.approved_aliases import check_unambiguous, with_approved
from include.pipeline.catalogue import contracts_of
from include.pipeline.registers import register_of, standing_register
from include.quarters import Quarter
from include.site import Site
from include.units import Register, RegisterError, normalise_names
from include.units.likeness import differences, may_be_a_person, shortens
from include.warehouse import aliases as store
from include.warehouse import audit
from include.warehouse import register as register_store
from include.warehouse.aliases import AliasDecision
from include.warehouse.errors import WarehouseError
from include.warehouse.register import FOREVER
from include.warehouse.store import lock, open_warehouse, reading, writing

UNKNOWN_UNIT_RULE = "R-UNIT"
_CUT = "..."
"""How a name ends that the quarantine cut: its … as names are compared (NFKC)."""
_ROWS = text(
    "SELECT feed, supplier, quarter, column_name, masked_value AS name, COUNT(*) AS row_count "
    "FROM vw_quarantine WHERE jurisdiction = :jurisdiction AND rule_id = :rule "
    "GROUP BY feed, supplier, quarter, column_name, masked_value"
)


@dataclass(frozen=True)
class NearUnit:
    """A unit that may be meant: its code and name, the text of it that is nearest, and how the two differ."""

    unit_code: str
    name: str
    matched: str
    likeness_pct: float
    difference_zh: str
    difference_en: str


@dataclass(frozen=True)
class UnknownName:
    """A name that rows in quarantine carry; `whole` is False where the quarantine shows only its beginning."""

    name: str
    rows: int
    feeds: tuple[str, ...]
    suppliers: tuple[str, ...]
    quarters: tuple[str, ...]
    whole: bool
    nearest: tuple[NearUnit, ...]


@dataclass(frozen=True)
class UnknownNames:
    """What is to be decided in one area, the name of most rows first.

    `hidden`: (feed, rows) whose unit column seems to hold persons: those texts are neither shown nor kept.
    """

    jurisdiction: str
    names: tuple[UnknownName, ...]
    hidden: tuple[tuple[str, int], ...]


def unknown_names(site: Site, jurisdiction: str) -> UnknownNames:
    """Names of unknown units in quarantine that the register still does not know and nobody rejected."""
    engine = open_warehouse(site.warehouse_url)
    with reading(engine) as connection:
        rows = pd.DataFrame(
            connection.execute(_ROWS, {"jurisdiction": jurisdiction, "rule": UNKNOWN_UNIT_RULE})
            .mappings()
            .all(),
            columns=["feed", "supplier", "quarter", "column_name", "name", "row_count"],
        )
        rejected = store.rejected_names(store.decisions(connection, jurisdiction))
    register = standing_register(engine, jurisdiction).register
    shown = {
        contract.feed: contract.unit.column
        for contract in contracts_of(site)
        if not contract.column(contract.unit.column).is_hidden
    }
    rows = rows[rows["column_name"] == rows["feed"].map(shown)]
    rows = rows.assign(name=normalise_names(rows["name"]))
    rows = rows[_unknown_still(register, rows) & (rows["name"] != "") & ~rows["name"].isin(rejected)]
    names, hidden = [], []
    for name, same in rows.groupby("name", sort=True):
        nearest = _nearest(register, str(name))
        if _may_name_a_person(str(name), (near.name for near in nearest)):
            hidden.append(same)
        else:
            names.append(_unknown_name(str(name), same, nearest))
    secret = pd.concat([*hidden, rows.head(0)]).groupby("feed")["row_count"].sum()
    return UnknownNames(
        jurisdiction,
        tuple(sorted(names, key=lambda one: (-one.rows, one.name))),
        tuple((str(feed), int(count)) for feed, count in secret.items()),
    )


def approve_alias(
    site: Site,
    jurisdiction: str,
    name: str,
    unit_code: str,
    *,
    by: str,
    reason: str,
    valid_from: date = date.min,
    valid_to: date = FOREVER,
    now: datetime,
) -> str:
    """Let `name` mean a unit from `valid_from` to `valid_to`, both inclusive; return the name as it is compared.

    Raises:
        WarehouseError: the unit is unknown, the name may be a person's, it means something already, or the days or
            the person or reason are missing; nothing is stored.
    """
    name = _compared(name)
    _must_be_signed(by, reason)
    if valid_to < valid_from:
        raise WarehouseError(
            f"失效日 {valid_to} 早于生效日 {valid_from},请更正日期。",
            f"The last day {valid_to} is before the first day {valid_from}; correct the days.",
        )
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "register", jurisdiction)
        register = register_of(connection, jurisdiction)
        unit_names = register.units.loc[register.units["unit_code"] == unit_code, "name"].tolist()
        if not unit_names:
            raise _unknown_unit(register, unit_code)
        if _may_name_a_person(name, unit_names):
            raise WarehouseError(
                "该名称像是人名或号码,又不是该单位名称的缩写,为保护个人信息不予登记。"
                "请核对报送文件的单位列是否错位;如确为单位名称,请写入名录的别名列。",
                "The name may be a person's or a number and does not abbreviate the unit's name, so it is not stored. "
                "See whether the unit column of the file is shifted; if it is a unit's name, list it in the register.",
            )
        decision = AliasDecision(name, "approved", by, reason, now, unit_code, valid_from, valid_to)
        before = register_store.read_aliases(connection, jurisdiction)
        made = store.decisions(connection, jurisdiction)
        after = with_approved(
            before[before["kind"] != "approved"], [*store.standing(made), decision], register.units
        )
        if len(after) == len(before):
            raise WarehouseError(
                f"“{name}”在这些日期已经是 {unit_code} 的别名,无需再批准。",
                f"[{name}] is an alias of {unit_code} on these days already; there is nothing to approve.",
            )
        try:
            check_unambiguous(register.units, after)
        except RegisterError as error:
            raise WarehouseError(
                f"未批准“{name}”:同一天会指向两个单位。" + "".join(one.zh for one in error.faults[:3]),
                f"[{name}] was not approved: it would mean two units on one day. "
                + " ".join(one.en for one in error.faults[:3]),
            ) from None
        _decide(connection, jurisdiction, decision, after)
    return name


def reject_alias(site: Site, jurisdiction: str, name: str, *, by: str, reason: str, now: datetime) -> str:
    """Say that `name` means no unit: it is not proposed again, and aliases approved for it end.

    Raises:
        WarehouseError: the name may be a person's, or the person or reason is missing; nothing is stored.
    """
    name = _compared(name)
    _must_be_signed(by, reason)
    with writing(open_warehouse(site.warehouse_url)) as connection:
        lock(connection, "register", jurisdiction)
        made = store.decisions(connection, jurisdiction)
        if may_be_a_person(name) and all(one.name != name for one in made):
            raise WarehouseError(
                "该名称像是人名或号码,为保护个人信息不予登记,也不会列为待定名称,无需否决。",
                "The name may be a person's or a number: it is neither stored nor proposed; nothing is to reject.",
            )
        register = register_of(connection, jurisdiction)
        decision = AliasDecision(name, "rejected", by, reason, now)
        before = register_store.read_aliases(connection, jurisdiction)
        after = with_approved(
            before[before["kind"] != "approved"], store.standing([*made, decision]), register.units
        )
        _decide(connection, jurisdiction, decision, None if len(after) == len(before) else after)
    return name


def _decide(
    connection: Connection, jurisdiction: str, decision: AliasDecision, aliases: pd.DataFrame | None
) -> None:
    """Decision, register and audit entry live or die together; the register is left alone without `aliases`."""
    before = after = register_store.register_digest(connection, jurisdiction)
    store.record_decision(connection, jurisdiction, decision)
    if aliases is not None:
        after = register_store.import_units(
            connection, jurisdiction=jurisdiction, at=decision.at, sha256="", aliases=aliases
        ).register_digest
    audit.append(
        connection,
        jurisdiction=jurisdiction,
        at=decision.at,
        actor=decision.decided_by,
        action=f"alias.{decision.decision}",
        subject=f"name:{decision.name}",
        before_digest=before,
        after_digest=after,
        reason=decision.reason,
        detail={
            "unit_code": decision.unit_code,
            "valid_from": decision.valid_from.isoformat(),
            "valid_to": decision.valid_to.isoformat(),
        },
    )


def _unknown_still(register: Register, rows: pd.DataFrame) -> pd.Series:
    """Whether the register knows no such name on the last day of the row's quarter; without a quarter it does not."""
    ends = [Quarter.parse(key).end.isoformat() if key else "NaT" for key in rows["quarter"]]
    days = np.array(ends, dtype="datetime64[D]")
    return pd.Series(register.resolve(rows["name"].tolist(), days) == "", index=rows.index)


def _unknown_name(name: str, same: pd.DataFrame, nearest: tuple[NearUnit, ...]) -> UnknownName:
    feeds, suppliers, quarters = (
        tuple(sorted(set(same[column]) - {""})) for column in ("feed", "supplier", "quarter")
    )
    rows = int(same["row_count"].sum())
    return UnknownName(name, rows, feeds, suppliers, quarters, not name.endswith(_CUT), nearest)


def _nearest(register: Register, name: str) -> tuple[NearUnit, ...]:
    return tuple(
        NearUnit(near.unit_code, near.name, near.matched, near.likeness_pct, *differences(name, near.matched))
        for near in register.nearest(name.removesuffix(_CUT))
    )


def _may_name_a_person(name: str, unit_names: Iterable[str]) -> bool:
    # Masked already where it was refused: it read as a person's name there.
    if name.endswith("*"):
        return True
    return may_be_a_person(name) and not any(shortens(name, unit_name) for unit_name in unit_names)


def _compared(name: str) -> str:
    compared = str(normalise_names(pd.Series([name], dtype=object)).iloc[0])
    if not compared or compared.endswith(_CUT):
        raise WarehouseError(
            f"名称 [{compared}] 为空或不完整,请写出文件中的全名。",
            f"The name [{compared}] is empty or cut; write it in full as it stands in the file.",
        )
    return compared


def _must_be_signed(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise WarehouseError(
            "缺少决定人或理由:请用 --by 和 --reason 写明。",
            "Who decides, and why, is missing: give --by and --reason.",
        )


def _unknown_unit(register: Register, unit_code: str) -> WarehouseError:
    near = "、".join(f"{one.name}({one.unit_code})" for one in register.nearest(unit_code)) or "—"
    return WarehouseError(
        f"名录中没有单位代码 [{unit_code}],最接近:{near}。请写名录中的单位代码。",
        f"The register has no unit code [{unit_code}]; nearest: {near}. Give a code of the register.",
    )
