"""How well each unit does: a stable level, a little noise, and the planted offenders."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import yaml

from include.demo.county import QUARTERS, units
from include.quarters import Quarter

SEED = 20_241_001
_PLANTED = Path(__file__).with_name("planted.yaml")
_SPREAD = {"unit": 0.026, "feed": 0.010, "quarter": 0.004}
_LEVEL = {"county_body": 0.948, "township": 0.942}


def stream(*names: str | Quarter) -> np.random.Generator:
    """The random numbers of one purpose: the same for the same names, whatever was drawn before."""
    return np.random.Generator(np.random.PCG64([SEED, *(crc32(str(name).encode()) for name in names)]))


@cache
def planted() -> Mapping[str, Any]:
    """The offenders and the accidents of delivery, as planted.yaml says."""
    found: Mapping[str, Any] = yaml.safe_load(_PLANTED.read_text(encoding="utf-8"))
    return found


def offenders(effect: str, quarter: Quarter) -> list[int]:
    """Positions of the units that show `effect` in `quarter`."""
    codes = [unit.code for unit in units()]
    return [
        codes.index(one["unit"])
        for one in planted()["offenders"]
        if one["effect"] == effect and Quarter.parse(one["from"]) <= quarter <= Quarter.parse(one["to"])
    ]


@cache
def well(feed: str, quarter: Quarter) -> np.ndarray:
    """Share of its business in `feed` that each unit does as it should; shape (units,), 0 to 1."""
    size = len(units())
    level = np.array([_LEVEL[unit.peer_group] for unit in units()])
    # Nobody is far below by chance: those who are were planted.
    level += _SPREAD["unit"] * np.clip(stream("unit").standard_normal(size), -1.9, 1.9)
    level += _SPREAD["feed"] * stream("feed", feed).standard_normal(size)
    level += _SPREAD["quarter"] * stream("quarter", feed, quarter).standard_normal(size)
    level[offenders("low_throughout", quarter)] = 0.90
    for place in _falling():
        # The planted fall takes a step each quarter from 2025Q4; planted.yaml says when it must be seen.
        level[place] = 0.97 - 0.029 * max(0, quarter.since(Quarter(2025, 3)))
    return np.clip(level, 0.5, 0.995)


def hits(rng: np.random.Generator, owners: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mark, among each unit's rows, very nearly `share[unit]` of them.

    Systematic sampling in random order: a unit with six rows does not lose three of them by bad luck, so that
    figures move between quarters because units do, not because of the dice.

    Args:
        owners: unit position of each row; shape (rows,).
        share: wanted share by unit; shape (units,).
    """
    order = np.lexsort((rng.random(owners.size), owners))
    counts = np.bincount(owners, minlength=share.size)
    rank = np.arange(owners.size) - np.repeat(np.cumsum(counts) - counts, counts)
    start = rng.random(share.size)[owners[order]]
    wanted = share[owners[order]]
    marked = np.floor((rank + 1) * wanted + start) > np.floor(rank * wanted + start)
    result = np.empty(owners.size, dtype=bool)
    result[order] = marked
    return result


def _falling() -> list[int]:
    return offenders("falling", QUARTERS[-1])
