"""Variance-based sensitivity: which choice moves a figure, alone (first order) and with all others (total)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_COLUMNS = {"first": "S1", "first_conf": "S1_conf", "total": "ST", "total_conf": "ST_conf"}
Model = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def sobol_indices(
    model: Model, bounds: Mapping[str, tuple[float, float]], *, samples: int = 1024, seed: int
) -> pd.DataFrame:
    """Estimate Sobol indices by Saltelli's scheme.

    Args:
        model: rows of inputs, shape (runs, inputs), to one figure each, shape (runs,).
        bounds: input → lowest and highest value, uniform in between.
        samples: base sample, a power of two; `model` sees samples × (inputs + 2) rows.
        seed: of the scrambled sequence and of the bootstrap; the same seed gives the same figures.

    Returns:
        Index input; columns first, first_conf, total, total_conf (95 % half-widths).
    """
    names = list(bounds)
    low, high = np.array(list(bounds.values()), dtype=np.float64).T
    inputs = low + sobol_sample(names, samples=samples, seed=seed) * (high - low)
    return sobol_of(names, model(inputs), seed=seed)


def sobol_sample(names: list[str], *, samples: int, seed: int) -> NDArray[np.float64]:
    """Inputs of Saltelli's scheme between 0 and 1, shape (samples × (inputs + 2), inputs)."""
    from SALib.sample import sobol as sample

    found: NDArray[np.float64] = sample.sample(_problem(names), samples, calc_second_order=False, seed=seed)
    return found


def sobol_of(names: list[str], outputs: NDArray[np.float64], *, seed: int) -> pd.DataFrame:
    """Indices from the outputs of a model on `sobol_sample`, as `sobol_indices` returns them."""
    from SALib.analyze import sobol as analyze

    if not np.ptp(outputs) > 0:
        # Nothing varies, so nothing has a share in it; SALib would divide by zero.
        return pd.DataFrame(0.0, index=pd.Index(names, name="input"), columns=list(_COLUMNS))
    found = analyze.analyze(_problem(names), outputs, calc_second_order=False, seed=seed)
    return pd.DataFrame(
        {name: found[key] for name, key in _COLUMNS.items()}, index=pd.Index(names, name="input")
    )


def _problem(names: list[str]) -> dict[str, object]:
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
