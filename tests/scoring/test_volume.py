"""Volume never scores: the same shares of more cases give the same scores, ranks, colours and warnings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.scoring import Framework, score

PACKS = sorted((Path(__file__).parents[2] / "include" / "frameworks").glob("*/framework.yaml"))


@pytest.mark.parametrize("path", PACKS, ids=[path.parent.name for path in PACKS])
@pytest.mark.parametrize("times", [2, 17])
def test_the_same_shares_of_more_cases_score_the_same(path, times):
    framework = Framework.from_yaml(path)
    random = np.random.default_rng(4)
    columns = list(framework.measures)
    units = pd.DataFrame(
        {"peer_group": ["township"] * 5 + ["county_body"] * 15}, index=[f"u{n:02d}" for n in range(20)]
    )
    values = pd.DataFrame(random.uniform(0.3, 1, (20, len(columns))), index=units.index, columns=columns)
    counts = pd.DataFrame(random.integers(30, 90, values.shape), index=units.index, columns=columns).astype(
        float
    )
    once = score(values, framework, units=units, counts=counts)
    assert score(values, framework, units=units, counts=counts * times).digest == once.digest
    # One unit alone with many more cases: nobody moves.
    counts.loc["u03"] *= times
    assert score(values, framework, units=units, counts=counts).digest == once.digest
