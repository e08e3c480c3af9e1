"""The register between its workbook or feed, the warehouse that keeps it, and the lookups that use it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine

from include.feeds.faults import Fault, Held
from include.pipeline.approved_aliases import check_unambiguous, with_approved
from include.site import Site
from include.units import PEER_GROUPS, Register, RegisterError, read_register_workbook
from include.units.vocabulary import POST_COLUMNS, UNIT_COLUMNS
from include.warehouse import register as store
from include.warehouse.aliases import decisions, standing
from include.warehouse.errors import WarehouseError
from include.warehouse.ledger import Delivery
from include.warehouse.store import migrate, open_warehouse, reading, writing

_OPEN_FROM, _OPEN_TO = "0001-01-01", "9999-12-31"
_DEFAULT_PEER_GROUP = "unit"
_AS_IN_THE_WORKBOOK = {
    "effective_from": "valid_from",
    "effective_to": "valid_to",
    "merged_into": "successor_code",
    "area": "region",
}
_SHOWN_FAULTS = 5


@dataclass(frozen=True)
class StandingRegister:
    """The register as the warehouse has it now, and the warehouse's digest of it."""

    register: Register
    digest: str

    @cached_property
    def _successors(self) -> dict[date, dict[str, str]]:
        return {}

    def successors(self, day: date) -> dict[str, str]:
        """Units that have ended by `day` → the unit that stands for them then, where there is one."""
        if day not in self._successors:
            self._successors[day] = self._successors_on(day)
        return self._successors[day]

    def _successors_on(self, day: date) -> dict[str, str]:
        every, standing = set(self.register.units["unit_code"]), set(self.register.on(day).index)
        found = {code: self.register.successor_on(code, day) for code in sorted(every - standing)}
        return {code: successor for code, successor in found.items() if successor}

    def digest_on(self, day: date) -> str:
        """Digest of the units valid on `day` and of mergers: all that a quarter's figures take from the register."""
        units = self.register.on(day).reset_index().astype("string").fillna("")
        units = units.loc[:, (units != "").any()].sort_values("unit_code")
        text = units.to_csv(index=False, lineterminator="\n") + json.dumps(self.successors(day))
        return hashlib.sha256(text.encode()).hexdigest()


_standing: dict[tuple[str, str], StandingRegister] = {}


def standing_register(engine: Engine, jurisdiction: str) -> StandingRegister:
    """Read the register of a jurisdiction; an empty one before the first import.

    Building the lookups costs more than reading the digest, so one register per jurisdiction is kept in memory.
    """
    key = (str(engine.url), jurisdiction)
    with reading(engine) as connection:
        digest = store.register_digest(connection, jurisdiction)
        kept = _standing.get(key)
        if kept is None or kept.digest != digest:
            kept = _standing[key] = StandingRegister(register_of(connection, jurisdiction), digest)
    return kept


def register_of(connection: Connection, jurisdiction: str) -> Register:
    """The register of a jurisdiction as it stands in this transaction, approved aliases included."""
    units = store.read_units(connection, jurisdiction)
    aliases = store.read_aliases(connection, jurisdiction)
    posts = store.read_posts(connection, jurisdiction)
    attributes = (
        pd.json_normalize(units.pop("attributes").tolist()).astype("string").fillna("").astype(object)
    )
    units = pd.concat([units.drop(columns=["name_en"]), attributes], axis=1)
    return Register.from_frames(
        _dated_in(units),
        _dated_in(aliases[["unit_code", "alias", "valid_from", "valid_to"]]),
        posts[list(POST_COLUMNS)],
        allow_shared_names=True,
    )


def import_workbook(site: Site, workbook: Path, *, now: datetime) -> dict[str, int]:
    """Make the register of every jurisdiction of the site say what the workbook says.

    Returns:
        Jurisdiction → number of units.

    Raises:
        include.units.RegisterError: lists every fault with sheet and cell; nothing is imported.
    """
    register = read_register_workbook(workbook)
    sha256 = hashlib.sha256(workbook.read_bytes()).hexdigest()
    migrate(site.warehouse_url)
    engine = open_warehouse(site.warehouse_url)
    counts = {}
    for jurisdiction in site.jurisdictions:
        with writing(engine) as connection:
            _store(connection, jurisdiction, register, sha256=sha256, now=now, posts=True)
        counts[jurisdiction] = int(register.units["unit_code"].nunique())
    return counts


def import_register_rows(
    connection: Connection, jurisdiction: str, delivery: Delivery, accepted: pa.Table, now: datetime
) -> None:
    """Import the accepted rows of a register feed (units, or posts where it has post codes).

    Raises:
        Held: F-REGISTER, the rows contradict each other; nothing is imported and the standing register stays.
    """
    try:
        _import_rows(connection, jurisdiction, delivery, accepted, now)
    except RegisterError as error:
        shown, rows = error.faults[:_SHOWN_FAULTS], accepted["_row"].to_pylist()
        row = {one: rows[one.row] if one.table == "units" else "—" for one in shown}
        zh = "".join(f"第 {row[one]} 行:{one.zh}" for one in shown)
        en = " ".join(f"Row {row[one]}: {one.en}" for one in shown)
        raise Held(_contradiction(delivery, zh, en)) from error
    except WarehouseError as error:
        raise Held(_contradiction(delivery, error.zh, error.en)) from error


def _contradiction(delivery: Delivery, zh: str, en: str) -> Fault:
    return Fault(
        "F-REGISTER",
        f"名册 [{delivery.file_name}] 前后矛盾,未导入,原名册不变。{zh}请改正后重新报送。",
        f"Register [{delivery.file_name}] contradicts itself; nothing of it was imported and the standing register "
        f"stays. {en} Correct it and send it again.",
    )


def _import_rows(
    connection: Connection, jurisdiction: str, delivery: Delivery, accepted: pa.Table, now: datetime
) -> None:
    frame = accepted.to_pandas().drop(columns=["_sheet", "_row", "_quarter", "_unit"], errors="ignore")
    frame = frame.rename(columns=_AS_IN_THE_WORKBOOK)
    if "post_code" in frame.columns:
        posts = frame.reindex(columns=[column for column in POST_COLUMNS if column in frame.columns]).fillna(
            ""
        )
        store.import_units(connection, jurisdiction=jurisdiction, at=now, sha256=delivery.sha256, posts=posts)
        return
    aliases = _split_aliases(frame)
    units = frame.drop(columns=["aliases"], errors="ignore")
    if "peer_group" not in units.columns:
        units = units.assign(peer_group=_DEFAULT_PEER_GROUP)
    else:
        codes = {title: code for code, title in PEER_GROUPS.items()}
        units = units.assign(peer_group=units["peer_group"].replace(codes))
    register = Register.from_frames(units, aliases, allow_shared_names=True)
    _store(connection, jurisdiction, register, sha256=delivery.sha256, now=now, posts=False)


def _store(
    connection: Connection, jurisdiction: str, register: Register, *, sha256: str, now: datetime, posts: bool
) -> None:
    units = _dated_out(register.units)
    extra = [column for column in units.columns if column not in UNIT_COLUMNS] + ["successor_code"]
    texts = units[extra].astype("string").fillna("")
    rows = texts.to_dict("records")
    attributes = pd.Series(
        [{name: value for name, value in row.items() if value} for row in rows], dtype=object
    )
    groups = sorted(set(units["peer_group"]) - {""})
    aliases = _dated_out(register.aliases).assign(kind="alias", approved_by="register")
    if approvals := standing(decisions(connection, jurisdiction)):
        aliases = with_approved(aliases, approvals, register.units)
        check_unambiguous(register.units, aliases)
    store.import_units(
        connection,
        jurisdiction=jurisdiction,
        at=now,
        sha256=sha256,
        units=units.drop(columns=extra).assign(attributes=attributes.to_numpy()),
        peer_groups=pd.DataFrame(
            {"peer_group": groups, "title_zh": [PEER_GROUPS.get(group, group) for group in groups]}
        ),
        aliases=aliases,
        posts=register.posts[list(POST_COLUMNS)] if posts else None,
    )


def _split_aliases(frame: pd.DataFrame) -> pd.DataFrame:
    if "aliases" not in frame.columns:
        return pd.DataFrame({"unit_code": [], "alias": []}, dtype=object)
    texts = frame["aliases"].astype("string").str.split(r"[;；]")
    # An alias holds as long as the row that gives it, as in the workbook.
    kept = ["unit_code", "alias", *frame.columns.intersection(["valid_from", "valid_to"])]
    listed = frame.assign(alias=texts)[kept].explode("alias").dropna(subset=["alias"])
    listed["alias"] = listed["alias"].str.strip()
    return listed[listed["alias"] != ""].drop_duplicates().astype(object)


def _dated_out(frame: pd.DataFrame) -> pd.DataFrame:
    days = {
        column: frame[column].dt.strftime("%Y-%m-%d").fillna(blank)
        for column, blank in (("valid_from", _OPEN_FROM), ("valid_to", _OPEN_TO))
    }
    return frame.assign(**days)


def _dated_in(frame: pd.DataFrame) -> pd.DataFrame:
    days = {
        column: pd.to_datetime(frame[column].astype(str).where(frame[column].astype(str) != blank)).astype(
            "datetime64[s]"
        )
        for column, blank in (("valid_from", _OPEN_FROM), ("valid_to", _OPEN_TO))
    }
    return frame.assign(**days)
