"""Which ranges a chart shows: round, calm while rows stream in, outliers left out of the view only; knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, log10

import numpy as np

from distill_gui.models.curve_pyramid import Floats

Range = tuple[float, float]
HEADROOM = 1.25  # a live curve that leaves its view gets a quarter more room, so that the view moves rarely
FEW = 32  # below so many points nothing is called an outlier
REACH = 3.0  # times the span of the middle 90 %: what lies further out is an outlier


def nice_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `parts` parts; `span` > 0."""
    rough = span / parts
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


@dataclass(frozen=True)
class Spread:
    """How far the points of one curve reach: all of them, and their middle 90 %."""

    low: float
    high: float
    inner_low: float
    inner_high: float


def spread(drawn: Floats, log: bool = False) -> Spread | None:
    """The spread of a curve's finite points, with `log` of the exponents of the positive ones; None without any."""
    values = np.sort(drawn)  # NaN goes to the end, behind infinity
    values = values[int(np.searchsorted(values, -inf, side="right")) : int(np.searchsorted(values, inf))]
    if log:
        values = np.log10(values[int(np.searchsorted(values, 0.0, side="right")) :])
    if not len(values):
        return None
    cut = int(0.05 * len(values)) if len(values) >= FEW else 0
    return Spread(*(float(values[row]) for row in (0, -1, cut, len(values) - 1 - cut)))


def y_range(
    spreads: Iterable[Spread], levels: Iterable[float] = (), clip: bool = False, log: bool = False, text: float = 0.0
) -> Range:
    """The range that shows all curves and `levels`, rounded outwards; above a level is room for its name, the part `text`
    of the whole height.

    With `clip` the few points far beyond the rest do not stretch it. With `log` the spreads are of exponents and the
    range is positive. Without any curve it is (0, 1), logarithmic (0.1, 1).
    """
    spreads = list(spreads)
    lines = [log10(level) if log else level for level in levels if level > 0 or not log]
    low = min((spread.low for spread in spreads), default=inf)
    high = max((spread.high for spread in spreads), default=-inf)
    if clip and spreads:
        inner_low = min(spread.inner_low for spread in spreads)
        inner_high = max(spread.inner_high for spread in spreads)
        reach = REACH * (inner_high - inner_low)
        if reach > 0:
            low, high = max(low, inner_low - reach), min(high, inner_high + reach)
    low, high = min([low, *lines]), max([high, *lines])
    if low > high:
        return (0.1, 1.0) if log else (0.0, 1.0)
    if lines:
        high = max(high, max(lines) + text * (high - low))
    low, high = _rounded(low, high, from_zero=low >= 0 and not log)
    return (10.0**low, 10.0**high) if log else (low, high)


def _rounded(low: float, high: float, from_zero: bool) -> Range:
    """A little more than `low` to `high`, ending on eighths of a nice step, so that it seldom changes."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        margin = 0.1 * abs(high) or 1.0
        low, high = low - margin, high + margin
    margin = 0.04 * (high - low)
    grain = nice_step(high - low, 16)
    bottom = floor((low - margin) / grain) * grain
    return max(bottom, 0.0) if from_zero else bottom, ceil((high + margin) / grain) * grain


def x_range(extent: Range | None, end: float | None, shown: Range | None, log: bool = False) -> Range:
    """The range that shows x from 0 (logarithmic: from the first row) to the last row.

    While a run streams in, the view jumps ahead by a quarter at a time, at most to `end`, where the run will stop;
    `shown` is kept as long as it is fit.
    """
    if extent is None:
        return shown or ((1.0, 10.0) if log else (0.0, end if end and isfinite(end) else 1.0))
    low = extent[0] if log else min(extent[0], 0.0)
    last = max(extent[1], low * 1.01 if log else low + 1e-9)
    ceiling = max(end, last) if end is not None else last
    if shown and shown[0] == low and last <= shown[1] <= min(last * HEADROOM**2, ceiling):
        return shown
    return low, min(last * HEADROOM, ceiling) if end is not None else last


def outside(values: Floats, low: float, high: float) -> int:
    """How many values lie off the scale from `low` to `high`; NaN lies nowhere."""
    return int(np.count_nonzero(values < low) + np.count_nonzero(values > high))
