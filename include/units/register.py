"""The register itself: units valid on a day, texts resolved to codes, successors, proposals."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from include.units.checks import check_aliases, check_posts, check_units
from include.units.faults import Fault, RegisterError
from include.units.identity import every_text, identities, unambiguous
from include.units.names import normalise_names
from include.units.spans import Lookup, with_days
from include.units.tables import clean_aliases, clean_posts, clean_units
from include.units.vocabulary import ALIAS_COLUMNS, POST_COLUMNS, UNIT_COLUMNS

# Below this likeness (percent) a proposal would only mislead.
_LEAST_LIKENESS_PCT = 50


@dataclass(frozen=True)
class Proposal:
    """A unit that an unknown text may have meant: for a person to decide, never applied."""

    unit_code: str
    name: str
    matched: str
    likeness_pct: float


@dataclass(frozen=True, eq=False)
class Register:
    """Units, aliases and posts, checked; treat the frames as read-only.

    `units`: one row per unit and span of validity (UNIT_COLUMNS, then attributes by name; valid_from and
    valid_to are datetime64[s], both inclusive, NaT = open). `aliases`: ALIAS_COLUMNS. `posts`: POST_COLUMNS,
    then attributes. `shared_names`: names of several units at once, which identify none of them.
    """

    units: pd.DataFrame
    aliases: pd.DataFrame
    posts: pd.DataFrame
    shared_names: tuple[str, ...]
    _identities: pd.DataFrame
    _lookup: Lookup

    @classmethod
    def from_frames(
        cls,
        units: pd.DataFrame,
        aliases: pd.DataFrame | None = None,
        posts: pd.DataFrame | None = None,
        *,
        peer_groups: Mapping[str, str] | None = None,
        allow_shared_names: bool = False,
    ) -> Self:
        """Build a register from plain frames.

        Args:
            units: `unit_code` and `name`; optional `peer_group`, `parent_code`, `valid_from`, `valid_to`,
                `successor_code`; any further column is an attribute.
            aliases: `unit_code`, `alias`; optional `valid_from`, `valid_to`.
            posts: `post_code`, `unit_code`, `title`; optional `duties`; any further column is an attribute.
            peer_groups: allowed codes → Chinese titles (either may stand in the frame); None allows any. A
                blank peer group is a unit that is not scored, such as the county itself.
            allow_shared_names: let several units carry one name; such a name then identifies none of them.

        Raises:
            RegisterError: lists all faults.
        """
        register, faults = cls.checked(
            units.reset_index(drop=True),
            None if aliases is None else aliases.reset_index(drop=True),
            None if posts is None else posts.reset_index(drop=True),
            peer_groups=peer_groups,
            allow_shared_names=allow_shared_names,
        )
        if faults:
            raise RegisterError(faults)
        return register

    @classmethod
    def checked(
        cls,
        units: pd.DataFrame,
        aliases: pd.DataFrame | None,
        posts: pd.DataFrame | None,
        *,
        peer_groups: Mapping[str, str] | None,
        allow_shared_names: bool,
    ) -> tuple[Self, list[Fault]]:
        """Return the register with its faults, whose `row` is the row's label in the frame given.

        Raises:
            RegisterError: columns that are missing or refused.
        """
        own_units, faults = clean_units(units, peer_groups)
        own_aliases, alias_faults = clean_aliases(aliases)
        own_posts, post_faults = clean_posts(posts)
        every = identities(own_units, own_aliases)
        spans, shared_names, shared_faults = unambiguous(every, allow_shared_names=allow_shared_names)
        faults += alias_faults + post_faults + shared_faults
        faults += check_units(own_units, peer_groups)
        faults += check_aliases(own_aliases, own_units) + check_posts(own_posts, own_units)
        register = cls(
            units=_sorted(own_units, UNIT_COLUMNS),
            aliases=_sorted(own_aliases, ALIAS_COLUMNS),
            posts=_sorted(own_posts, POST_COLUMNS),
            shared_names=shared_names,
            _identities=every,
            _lookup=Lookup.of(spans),
        )
        return register, faults

    @property
    def attributes(self) -> list[str]:
        """Names of the further columns of units, such as region or population."""
        return [column for column in self.units.columns if column not in UNIT_COLUMNS]

    def on(self, day: date) -> pd.DataFrame:
        """Return the units valid on `day`: index unit_code; name, peer_group, parent_code, attributes."""
        valid = self.units[_valid_on(self.units, day)]
        return valid.set_index("unit_code")[["name", "peer_group", "parent_code", *self.attributes]]

    def resolve(self, names: ArrayLike | Sequence[Any], day: date | ArrayLike) -> NDArray[np.object_]:
        """Return the unit code that each text meant on its day, '' for unknown.

        A text must be a code, a name or an approved alias, but for width, spaces and invisible characters.

        Args:
            names: texts, shape (n,); a missing one is unknown.
            day: one day for all, or one per text (dates or datetime64, shape (n,)); a missing one is unknown.
        """
        numbers, texts = pd.factorize(pd.Series(names, dtype=object))
        # The last slot answers number -1, a missing text.
        keys = pd.Index(normalise_names(pd.Series(texts, dtype=object)))
        key_ids = np.append(self._lookup.keys.get_indexer(keys), -1)
        days = np.broadcast_to(np.asarray(day, dtype="datetime64[D]"), numbers.shape)
        return self._lookup.find(key_ids[numbers].astype(np.int64), days)

    def nearest(self, name: str, n: int = 3) -> list[Proposal]:
        """Return up to `n` units whose code, name or alias (of any day) looks like `name`, likest first."""
        from rapidfuzz import fuzz, process

        texts, unit_codes = self._texts
        asked = normalise_names(pd.Series([name], dtype=object)).iloc[0]
        likely = process.extract(
            asked, texts, scorer=fuzz.ratio, limit=None, score_cutoff=_LEAST_LIKENESS_PCT
        )
        best: dict[str, Proposal] = {}
        for matched, likeness_pct, place in likely:
            code = str(unit_codes[place])
            best.setdefault(code, Proposal(code, self._latest_names[code], matched, round(likeness_pct, 1)))
            if len(best) == n:
                break
        return list(best.values())

    def successor_on(self, code: str, day: date) -> str:
        """Return what stands for `code` on `day`: itself, or the end of its chain of mergers; '' if none."""
        seen: set[str] = set()
        while code and code not in seen:
            seen.add(code)
            rows = self.units[self.units["unit_code"] == code]
            if _valid_on(rows, day).any():
                return code
            ended = rows[rows["valid_to"] < np.datetime64(day)]
            code = "" if ended.empty else ended.sort_values("valid_to")["successor_code"].iloc[-1]
        return ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all units, aliases and posts, whatever their order."""
        digest = hashlib.sha256()
        for frame in (self.units, self.aliases, self.posts):
            text = frame.to_csv(
                index=False, date_format="%Y-%m-%d", quoting=csv.QUOTE_ALL, lineterminator="\n"
            )
            digest.update(text.encode() + b"\0")
        return digest.hexdigest()

    @cached_property
    def _texts(self) -> tuple[list[str], NDArray[np.object_]]:
        return every_text(self._identities)

    @cached_property
    def _latest_names(self) -> dict[str, str]:
        spans = with_days(self.units).sort_values("from_day", kind="stable")
        return dict(zip(spans["unit_code"], spans["name"], strict=True))


def _valid_on(units: pd.DataFrame, day: date) -> NDArray[np.bool_]:
    moment = np.datetime64(day, "s")
    first, last = units["valid_from"].to_numpy(), units["valid_to"].to_numpy()
    return (np.isnat(first) | (first <= moment)) & (np.isnat(last) | (last >= moment))


def _sorted(frame: pd.DataFrame, known: Sequence[str]) -> pd.DataFrame:
    columns = [*known, *sorted(frame.columns.difference(list(known)))]
    return frame[columns].sort_values(columns, ignore_index=True)
