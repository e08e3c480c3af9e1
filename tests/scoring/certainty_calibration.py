"""Do 90 % intervals hold the truth nine times in ten? A county whose true rates are known, drawn many times over.

`python -m tests.scoring.certainty_calibration [replications]` runs the large form and prints the table.

Each replication draws true rates and means of every unit, then the cases that happen to come up: binomial hits of
n cases (n from 5 to 60, heavy-tailed), the mean of n answers. The truth is the index that `score` gives from the
true values; the interval is what `certainty` makes of the observed ones.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from include.scoring import Framework, score
from include.scoring.certainty import certainty

RATES, MEANS, GIVEN = 12, 3, 10


@dataclass(frozen=True)
class World:
    """How true rates are spread over the units."""

    name: str
    mean: float
    strength: float
    """Alpha + beta of the Beta distribution; the higher, the more alike the units."""
    shape: str = "beta"
    """beta, or two: a tenth of the units are bad at a rate; or through: a tenth are worse at all of them."""
    units: int = 99


WORLDS = (
    World("alike", 0.85, 40),
    World("apart", 0.75, 8),
    World("nearly perfect", 0.95, 20),
    World("two kinds", 0.85, 40, shape="two"),
    World("bad throughout", 0.85, 40, shape="through"),
    World("few units", 0.8, 15, units=20),
)


def framework(draws: int = 400) -> Framework:
    """Twelve rates, three survey means and ten rated items, most of them with a ceiling inside their range."""
    rates = [
        {"code": f"r{n}", "points": 3 + n % 3, "rule": {"kind": "rate", "full_at": 1.0, "zero_at": 0.2}}
        for n in range(RATES)
    ]
    means = [
        {"code": f"m{n}", "points": 8, "rule": {"kind": "rate", "full_at": 100, "zero_at": 20}}
        for n in range(MEANS)
    ]
    given = [
        {"code": f"g{n}", "points": 2, "rule": {"kind": "rate", "full_at": 1, "zero_at": 0}}
        for n in range(GIVEN)
    ]
    sampling = {
        "rates": [one["code"] for one in rates],
        "means": [{"indicator": one["code"], "sd": 20} for one in means],
    }
    return Framework.from_dict(
        {
            "framework": "calibration", "version": "1", "indicators": rates + means + given,
            "peer_groups": ["a", "b"],
            "certainty": {"draws": draws, "seed": 7, "sampling": sampling},
        }
    )  # fmt: skip


def coverage(world: World, replications: int, *, seed: int, draws: int = 400) -> tuple[float, float]:
    """Share of units whose true index lies within the interval, and the intervals' mean width in points."""
    rules = framework(draws)
    random = np.random.default_rng([seed, len(world.name)])
    held = width = total = 0.0
    for _ in range(replications):
        truth, seen, counts, units = _county(world, rules, random)
        true_index = score(truth, rules, units=units).index
        found = certainty(seen, rules, units=units, counts=counts, sobol=False).units
        held += ((found["index_low"] <= true_index) & (true_index <= found["index_high"])).sum()
        width += (found["index_high"] - found["index_low"]).sum()
        total += len(found)
    return float(held / total), float(width / total)


def _county(
    world: World, rules: Framework, random: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    shape = (world.units, RATES)
    mean = np.full(shape, world.mean)
    if world.shape == "two":
        mean = np.where(random.random(shape) < 0.1, 0.5, mean)
    if world.shape == "through":
        mean = np.where(random.random((world.units, 1)) < 0.1, 0.6, mean)
    rates = random.beta(mean * world.strength, (1 - mean) * world.strength)
    n = np.minimum(5 + random.exponential(15, shape).astype(int), 60)
    hits = random.binomial(n, rates) / n
    means = random.normal(75, 6, (world.units, MEANS))
    answers = random.integers(30, 200, means.shape)
    averages = means + random.normal(0, 20, means.shape) / np.sqrt(answers)
    given = random.beta(8, 2, (world.units, GIVEN))
    names = [f"u{number:03d}" for number in range(world.units)]
    columns = list(rules.measures)

    def frame(*parts: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(np.concatenate(parts, axis=1).astype(float), index=names, columns=columns)

    groups = np.where(np.arange(world.units) % 4 == 0, "a", "b")
    units = pd.DataFrame({"peer_group": groups}, index=names)
    counts = frame(n, answers, np.full(given.shape, np.nan))
    return frame(rates, means, given), frame(hits, averages, given), counts, units


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"{'world':<16}{'units':>6}{'draws of the county':>21}{'held by 90 %':>14}{'width':>8}")
    for one in WORLDS:
        share, points = coverage(one, wanted, seed=2026)
        print(f"{one.name:<16}{one.units:>6}{wanted:>21}{share:>14.3f}{points:>8.2f}")
