"""Exponential smoothing of a curve without a bias towards zero at its start, in numpy; knows no Qt and no runs."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log

import numpy as np

from distill_gui.models.curve_pyramid import Floats

NEGLIGIBLE = 1e-18  # a share below this changes no bit of a float64 sum


@dataclass(frozen=True)
class SmoothingState:
    """Where the average stands, so that appended rows continue it."""

    total: float = 0.0
    count: int = 0


def smooth(values: Floats, weight: float, state: SmoothingState = SmoothingState()) -> tuple[Floats, SmoothingState]:
    """The de-biased exponential average of `values`, shape (n,), and the state to go on from.

    s_t = weight * s_(t-1) + (1 - weight) * x_t, shown as s_t / (1 - weight**t) (Kingma and Ba 2015, section 3). A NaN
    stays a NaN in its place and leaves the average as it was. `weight` is in [0, 1); 0 returns the values as they are.
    """
    if not 0.0 <= weight < 1.0:
        raise ValueError(f"a smoothing weight lies in [0, 1), not {weight}")
    if weight == 0.0:
        return values.copy(), state
    finite = ~np.isnan(values)
    average = (1.0 - weight) * values[finite]
    # Doubling the reach at each pass sums weight**k * x over all earlier rows, without a loop over rows.
    reach, share = 1, weight
    while reach < len(average) and share > NEGLIGIBLE:
        average[reach:] += share * average[:-reach]
        reach, share = 2 * reach, share * share
    # Both what came before and the bias fade with weight**t: only the first rows can feel them.
    fading = weight ** np.arange(1, min(len(average), ceil(log(NEGLIGIBLE) / log(weight))) + 1, dtype=np.float64)
    average[: len(fading)] += state.total * fading
    total, count = (float(average[-1]) if len(average) else state.total), state.count + len(average)
    average[: len(fading)] /= 1.0 - fading * weight**state.count
    smoothed = np.full(len(values), np.nan)
    smoothed[finite] = average
    return smoothed, SmoothingState(total, count)
