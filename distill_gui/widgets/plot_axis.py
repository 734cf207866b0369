"""Axes with few, round ticks and hairlines instead of a frame; imports pyqtgraph, as only plot.py also may."""

from __future__ import annotations

from math import ceil, floor, log10

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont

from distill_gui import theme

TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)  # seconds
MOST_DECIMALS = 4  # of a number below a thousandth; smaller ones are written as 2e-5
HALF_A_LINE = 9  # px
LEFT_WIDTH = 46  # px, the same for every chart, so that charts below each other share their x


def linear_ticks(low: float, high: float, parts: int, whole: bool = False) -> tuple[float, list[float]]:
    """The step (1, 2 or 5 times a power of 10) and its multiples from `low` to `high`, at most `parts` + 1."""
    span = high - low
    if not span > 0:
        return 1.0, []
    rough = span / max(parts, 1)
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    if whole:
        step = max(step, 1.0)
    return step, _multiples(step, low, high)


def time_ticks(low: float, high: float, parts: int) -> tuple[float, list[float]]:
    """Like `linear_ticks`, in steps that divide minutes, hours and days."""
    rough = (high - low) / max(parts, 1)
    if rough < 1 or rough > TIME_STEPS[-1]:
        return linear_ticks(low, high, parts)
    step = float(next(step for step in TIME_STEPS if step >= rough * (1 - 1e-9)))
    return step, _multiples(step, low, high)


def log_ticks(low: float, high: float, parts: int) -> list[float]:
    """Round values between 10**`low` and 10**`high`, given back as exponents: powers of ten, 2s and 5s if few."""
    decades = high - low
    if decades <= 0.5:
        step, values = linear_ticks(10.0**low, 10.0**high, parts)
        return [log10(value) for value in values if value > step * 1e-6]
    factors = (1, 2, 5) if decades * 3 <= parts + 1 else (1, 3) if decades * 2 <= parts + 1 else (1,)
    every = max(1, ceil(decades / max(parts, 1)))
    exponents = [exponent for exponent in range(floor(low), ceil(high) + 1) if exponent % every == 0]
    values = [exponent + log10(factor) for exponent in exponents for factor in factors]
    return [value for value in values if low - 1e-9 <= value <= high + 1e-9]


def number_text(value: float, step: float, largest: float | None = None) -> str:
    """`value` in as few figures as tell it from its neighbours `step` away, written like the `largest` beside it."""
    if abs(value) < step * 1e-6:
        return "0"
    decimals = max(0, -floor(log10(step) + 1e-9))
    far = abs(value) if largest is None else largest
    if (far < 1e-3 and decimals > MOST_DECIMALS) or far >= 1e7:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    if step >= 1000 and value % 1000 == 0:
        return f"{value / 1000:.0f}k"
    return f"{value:.{decimals}f}"


def time_text(seconds: float, step: float) -> str:
    """Seconds as 45 s, 2:30 or 1.5 h, as fine as `step` asks for."""
    if abs(seconds) < step * 1e-6:
        return "0"
    if step >= 1800:
        return f"{seconds / 3600:.3g} h"
    if step < 1:
        return f"{number_text(seconds, step)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


class Axis(pg.AxisItem):
    """A left or bottom axis in the theme's colours. `log` says that the view's values are exponents of ten."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=0)
        self.log = False
        self.kind = "number"  # number | whole | time
        self.blank = False
        self.enableAutoSIPrefix(False)
        self.setStyle(tickAlpha=255, tickTextOffset=6, autoExpandTextSpace=False, hideOverlappingLabels=False)
        if orientation == "left":
            self.setWidth(LEFT_WIDTH)
            self.setGrid(255)
        else:
            self.setHeight(20)

    def restyle(self) -> None:
        """Take the theme's colours and size."""
        colours = theme.current()
        font = QFont(theme.number_font(11))
        self.setStyle(tickFont=font)
        self.setTextPen(pg.mkPen(QColor(colours.muted)))
        self.setTickPen(pg.mkPen(QColor(colours.line)))
        self.setPen(pg.mkPen(QColor(colours.line)) if self.orientation == "bottom" else pg.mkPen(None))

    def boundingRect(self) -> QRectF:
        """With room for half a line above and below a left axis: a figure that does not fit is left out, and the line of the
        grid at the upper end stood there without its own."""
        rect: QRectF = super().boundingRect()
        return rect.adjusted(0, -HALF_A_LINE, 0, HALF_A_LINE) if self.orientation == "left" else rect

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """One level of ticks: at most every 30 px upwards, every 64 px sideways."""
        if self.blank:
            return [(1.0, [])]
        low, high = sorted((minVal, maxVal))
        parts = max(2, int(size / (30 if self.orientation == "left" else 64)))
        if self.log:
            return [(1.0, log_ticks(low, high, parts))]
        if self.kind == "time":
            return [time_ticks(low, high, parts)]
        return [linear_ticks(low, high, parts, whole=self.kind == "whole")]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.log:
            shown = [10.0**value for value in values]
            text = time_text if self.kind == "time" else number_text
            return [text(value, 10.0 ** floor(log10(value) + 1e-9)) for value in shown]
        if self.kind == "time":
            return [time_text(value, spacing) for value in values]
        largest = max(map(abs, values), default=0.0)
        return [number_text(value, spacing, largest) for value in values]
