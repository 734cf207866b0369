"""Which ranges a chart shows: round, calm while rows stream in, outliers left out of the view only; knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor, inf, log10

import numpy as np

from distill_gui.models.curve_pyramid import Floats

Range = tuple[float, float]
HEADROOM = 1.25  # a live curve that leaves its view gets a quarter more room, so that the view moves rarely
FEW = 32  # below so many points nothing is called an outlier
REACH = 1.5  # times the span of the middle 96 %: what lies further out is an outlier


def nice_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `parts` parts; `span` > 0."""
    rough = span / parts
    power = 10.0 ** floor(log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def y_range(
    drawn: Iterable[Floats], levels: Iterable[float] = (), clip: bool = False, log: bool = False, text: float = 0.0
) -> Range:
    """The range that shows all `drawn` values and `levels`, rounded outwards; above a level is room for its name, the
    part `text` of the whole height.

    With `clip` the few values far beyond the rest do not stretch it. With `log` only positive values count and the
    range is positive. Without any value it is (0, 1), logarithmic (0.1, 1).
    """
    values = np.concatenate([np.empty(0), *drawn])
    values = values[np.isfinite(values)]
    if log:
        values = np.log10(values[values > 0])
    lines = [log10(level) if log else level for level in levels if level > 0 or not log]
    low, high = (float(values.min()), float(values.max())) if len(values) else (inf, -inf)
    if clip and len(values) >= FEW:
        inner_low, inner_high = np.quantile(values, (0.02, 0.98)).tolist()
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
        return shown or ((1.0, 10.0) if log else (0.0, end or 1.0))
    low = extent[0] if log else min(extent[0], 0.0)
    last = max(extent[1], low * 1.01 if log else low + 1e-9)
    ceiling = max(end, last) if end is not None else last
    if shown and shown[0] == low and last <= shown[1] <= min(last * HEADROOM**2, ceiling):
        return shown
    return low, min(last * HEADROOM, ceiling) if end is not None else last


def outside(values: Floats, low: float, high: float) -> int:
    """How many values lie off the scale from `low` to `high`; NaN lies nowhere."""
    return int(np.count_nonzero(values < low) + np.count_nonzero(values > high))
