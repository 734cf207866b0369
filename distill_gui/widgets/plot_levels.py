"""Lines across a chart, each with its name where that covers no curve; imports pyqtgraph, as only plot.py and its parts may."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor

from distill_gui import theme
from distill_gui.widgets.plot_curves import Curve, Floats, cosmetic_pen
from distill_gui.widgets.plot_view import View

LEVEL_Z, LEVEL_ALPHA = 11, 215  # just above the curves, for the ground of its name; a curve shines through a little
NEAR = 5.0  # px a name stays away from curves, whose rows may be dots
COVERED = 10  # how much worse it is to lie on a curve than near it
INSET = 3  # px from the edge of the view
TINY = 1e-300  # what a logarithmic axis shows nothing of


@dataclass(frozen=True)
class _Place:
    """``rank`` is 0 for the right end, 1 for the left one, 2 for one between."""

    in_the_way: int  # columns of pixels in which curves, lines or names run near it, those under it counted more
    rank: int
    above: bool
    rect: QRectF

    def is_like(self, other: _Place) -> bool:
        return (self.rank, self.above) == (other.rank, other.above)


class Levels:
    """``set`` and ``remove`` lines; ``place_names`` after curves, lines or the view have changed."""

    def __init__(self, view: View) -> None:
        self._view, self._box = view, view.box
        self._lines: dict[Hashable, tuple[pg.InfiniteLine, float]] = {}
        self._places: dict[Hashable, _Place] = {}

    def set(self, key: Hashable, value: float, text: str, log: bool) -> None:
        """Draw a dashed line at ``value``, in data units also where the axis is logarithmic, with its name beside it."""
        self.remove(key)
        line = pg.InfiniteLine(
            angle=0,
            label=text.replace("{", "{{").replace("}", "}}"),
            labelOpts={"position": 0.0, "anchors": [(0, 1), (0, 1)]},
        )
        line.label.textItem.document().setDocumentMargin(1)
        line.setZValue(LEVEL_Z)
        _dress(line)
        line.setValue(log10(max(value, TINY)) if log else value)
        self._lines[key] = (line, value)
        self._view.add(line)

    def remove(self, key: Hashable) -> None:
        self._places.pop(key, None)
        if found := self._lines.pop(key, None):
            self._view.remove(found[0])

    def clear(self) -> None:
        for key in list(self._lines):
            self.remove(key)

    def values(self) -> dict[Hashable, float]:
        return {key: value for key, (_, value) in self._lines.items()}

    def names(self) -> dict[Hashable, tuple[str, QRectF]]:
        """What each name says, and where it stands: px from the view's upper left corner."""
        return {
            key: (line.label.textItem.toPlainText(), place.rect if (place := self._places.get(key)) else QRectF())
            for key, (line, _) in self._lines.items()
        }

    def restyle(self) -> None:
        """Take the theme's colours."""
        for line, _ in self._lines.values():
            _dress(line)

    # where the names stand --------------------------------------------------------------------------------------------

    def place_names(self, curves: Iterable[Curve]) -> None:
        """Put each name above or below its line, at the right or the left end or between, where no curve runs; it stays where it
        is as long as nothing comes in its way there. Where there is no such place, the one least in the way will do."""
        if not self._lines:
            return
        width, height = int(self._box.width()), self._box.height()
        (left, right), (low, high) = self._box.viewRange()
        if width < 2 or not (right > left and high > low):
            return
        tracks = [_track(curve, left, right, low, high, width, height) for curve in curves]
        heights = {key: height * (high - line.value()) / (high - low) for key, (line, _) in self._lines.items()}
        taken: list[QRectF] = []
        for key, (line, _) in self._lines.items():
            text = line.label.textItem.boundingRect()
            others = [y for other, y in heights.items() if other != key]
            found = list(_places(heights[key], text.width(), text.height(), width, height, tracks, others, taken))
            stays = self._places.get(key)
            place = min(
                found, key=lambda place: (place.in_the_way, stays is None or not place.is_like(stays), place.rank)
            )
            line.label.anchors = [(0, 1 if place.above else 0)] * 2
            line.label.setPosition(place.rect.left() / width)
            self._places[key] = place
            taken.append(place.rect)


def _places(
    y: float,
    wide: float,
    high: float,
    width: int,
    height: float,
    tracks: Sequence[tuple[Floats, Floats]],
    others: Sequence[float],
    taken: Sequence[QRectF],
) -> Iterator[_Place]:
    """Where a name of ``wide`` x ``high`` px may stand at a line at ``y``: at the ends, and where else least is in the way."""
    last = max(width - int(wide) - INSET, 0)  # the name's left edge where it stands at the right end
    for above in (True, False):
        top = y - high if above else y
        if 0 <= y <= height and (top < 0 or top + high > height) and high < height / 2:
            continue  # it would stick out
        blocked = np.zeros(width, dtype=int)
        for upper, lower in tracks:
            blocked[:-1] += (upper <= top + high + NEAR) & (lower >= top - NEAR)
            blocked[:-1] += COVERED * ((upper <= top + high - 1) & (lower >= top + 1))
        blocked += COVERED * any(top - 1 < other < top + high + 1 for other in others)
        for rect in taken:
            if rect.top() < top + high and top < rect.bottom():
                blocked[max(int(rect.left()) - INSET, 0) : int(rect.right()) + INSET] += COVERED
        summed = np.concatenate(([0], np.cumsum(blocked)))
        lefts = np.arange(last + 1)
        in_the_way = summed[np.minimum(lefts + int(wide) + 1, width)] - summed[lefts]
        least = last - int(np.argmin(in_the_way[::-1]))
        for rank, left in enumerate((last, min(INSET, last), least)):
            yield _Place(int(in_the_way[left]), rank, above, QRectF(left, top, wide, high))


def _track(
    curve: Curve, left: float, right: float, low: float, high: float, width: int, height: float
) -> tuple[Floats, Floats]:
    """The upper and lower edge of what a curve passes through between one column of pixels and the next, widened for its dots;
    shape (width - 1,) each, NaN where it is not."""
    if not len(curve.x):
        return np.full(width - 1, np.nan), np.full(width - 1, np.nan)
    x = (curve.x - left) * (width / (right - left))
    y = (high - curve.y) * (height / (high - low))
    columns = np.arange(width, dtype=float)
    # A dot reaches to both sides of its row, and so does a curve of one row.
    at = np.interp(columns, x, y, left=np.nan, right=np.nan)
    for row in (0, -1):
        near = np.abs(columns - x[row]) <= NEAR
        at[near & np.isnan(at)] = y[row]
    return np.fmin(at[:-1], at[1:]), np.fmax(at[:-1], at[1:])


def _dress(line: pg.InfiniteLine) -> None:
    muted = theme.current().muted
    line.setPen(cosmetic_pen(muted, style=Qt.PenStyle.DashLine))
    line.label.setColor(QColor(muted))
    ground = QColor(theme.current().surface)
    ground.setAlpha(LEVEL_ALPHA)
    line.label.fill = pg.mkBrush(
        ground
    )  # where there is no free place a curve crosses the name, which is read all the same
    line.label.textItem.setFont(theme.number_font(11))
