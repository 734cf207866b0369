"""All curves of a chart as one item of its view, so that a frame costs what changed in it; imports pyqtgraph, as only
plot.py and its parts may.

Curves whose points have rested for a while are drawn once into a picture and that is shown; those that move, and the few
in front, are drawn over it. An item a curve would cost the same for each of fifty curves, whether it moved or not.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.graphicsItems.PlotCurveItem import arrayToLineSegments
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QTransform

Floats = NDArray[np.float64]

SMOOTH_EDGES = 12  # curves; measured for 1,000 points each: 12 antialiased curves cost 2 ms a frame, 50 cost 10 ms
DOTS = 24  # points; a curve of fewer shows where its rows are
LONELY = 9  # px; the dot of a curve of one point
OVER = 5  # px to the right of the view that the dot of a last row may reach
AT_REST = 30  # paintings through which a curve's points stay before it is taken into the picture
WORTH = 4  # resting curves; fewer are drawn faster than a picture of the whole chart is shown


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(eq=False)
class Curve:
    """One curve's points, shape (points,) each, and its look; what is made of them waits for the painting."""

    x: Floats = field(default_factory=_nothing)
    y: Floats = field(default_factory=_nothing)
    colour: str = ""
    emphasised: bool = False
    faint: bool = False
    dash: tuple[float, ...] = ()
    pen: QPen = field(default_factory=QPen)
    version: int = 0  # goes up with every change
    moved: int | None = None  # the painting since which its points are these, None for the first ones it was given
    _gaps: bool = False
    _path: QPainterPath | None = None
    _segments: Any = None

    def set_points(self, x: Floats, y: Floats, painting: int) -> None:
        if self.version and len(self.x):
            self.moved = painting
        self.x, self.y = x, y
        self._gaps = not np.isfinite(y).all()
        if self._gaps:
            self.y = np.where(np.isfinite(y), y, np.nan)  # infinity has no place to be drawn at
        self._path = self._segments = None
        self.version += 1

    def set_look(self, colour: str, emphasised: bool, faint: bool, dash: tuple[float, ...]) -> bool:
        """Whether this is another look."""
        if (self.colour, self.emphasised, self.faint, self.dash) == (colour, emphasised, faint, dash):
            return False
        self.colour, self.emphasised, self.faint, self.dash = colour, emphasised, faint, dash
        self.pen = cosmetic_pen(colour, width=2.0 if emphasised else 1.0, alpha=90 if faint else 255)
        if dash:
            self.pen.setDashPattern([length / self.pen.widthF() for length in dash])
        self.version += 1
        return True

    def place(self) -> int:
        """Which curves lie over which: the emphasised in front of the plain, those in front of the faint."""
        return 2 if self.emphasised else 0 if self.faint else 1

    def draw(self, painter: QPainter, smooth: bool) -> None:
        """Draw it with a painter that takes data units."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        painter.setPen(self.pen)
        connect = "finite" if self._gaps else "all"
        if self.emphasised:  # a wide polyline is slow where it overlaps itself; its segments drawn one by one are not
            if self._segments is None:
                self._segments = arrayToLineSegments(self.x, self.y, connect, finiteCheck=False)
            painter.drawLines(*self._segments.drawargs())
        else:
            if self._path is None:
                self._path = pg.arrayToQPath(self.x, self.y, connect, finiteCheck=False)
            painter.drawPath(self._path)
        if len(self.x) <= DOTS:
            self._draw_dots(painter)

    def _draw_dots(self, painter: QPainter) -> None:
        known = np.isfinite(self.y)
        to_pixels = painter.transform()
        # A point without a line to it is all there is of its curve: it must be found in an empty chart.
        radius = (LONELY if known.sum() == 1 else 6 if self.emphasised else 4) / 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.colour))
        painter.resetTransform()
        for x, y in zip(self.x[known].tolist(), self.y[known].tolist(), strict=True):
            painter.drawEllipse(to_pixels.map(QPointF(x, y)), radius, radius)
        painter.restore()


@dataclass
class _Picture:
    """Curves drawn already: which, in which state and where; and the pixels."""

    of: tuple[object, ...]
    corner: QPoint
    pixels: QPixmap


class Curves(pg.GraphicsObject):
    """The curves by their keys, in the units of the view it is added to."""

    def __init__(self) -> None:
        super().__init__()
        self.curves: dict[Hashable, Curve] = {}
        self.paintings = 0
        self._picture: _Picture | None = None

    def set_points(self, key: Hashable, x: Floats, y: Floats) -> None:
        """Give a curve its points, shape (points,) each; NaN is a gap. A key not known yet is a new curve."""
        curve = self.curves.get(key)
        if curve is None:
            curve = self.curves[key] = Curve()
        curve.set_points(x, y, self.paintings)
        self.update()

    def set_look(self, key: Hashable, colour: str, emphasised: bool, faint: bool, dash: tuple[float, ...]) -> None:
        if self.curves[key].set_look(colour, emphasised, faint, dash):
            self.update()

    def remove(self, key: Hashable) -> None:
        if self.curves.pop(key, None) is not None:
            self.update()

    def is_smooth(self) -> bool:
        """Whether edges are antialiased: those of all curves, or of none once they are many."""
        return len(self.curves) <= SMOOTH_EDGES

    def resting(self) -> list[Curve]:
        """Curves that do not move now and are not in front, those behind first."""
        found = [
            curve
            for curve in self.curves.values()
            if not curve.emphasised and (curve.moved is None or self.paintings - curve.moved > AT_REST)
        ]
        return sorted(found, key=Curve.place)

    # painting ---------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        area = self.viewRect()
        if area is None:
            return QRectF()
        return area.adjusted(0, 0, OVER * (self.pixelWidth() or 0), 0)

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewTransformChanged()

    def paint(self, painter: QPainter, *_: object) -> None:
        self.paintings += 1
        smooth = self.is_smooth()
        resting = self.resting()
        if len(resting) < WORTH:
            self._picture, resting = None, []
        else:
            self._show_picture(painter, resting, smooth)
        drawn = set(resting)
        for curve in sorted(self.curves.values(), key=Curve.place):
            if curve not in drawn:
                curve.draw(painter, smooth)

    def _show_picture(self, painter: QPainter, curves: list[Curve], smooth: bool) -> None:
        transform = painter.transform()
        area = transform.mapRect(self.boundingRect()).toAlignedRect().adjusted(-1, -1, 1, 1)  # what is shown is clipped
        ratio = painter.device().devicePixelRatio()
        where = (transform.m11(), transform.m22(), transform.dx(), transform.dy(), area.getRect(), ratio, smooth)
        of = (where, *((curve, curve.version) for curve in curves))
        if self._picture is None or self._picture.of != of:
            pixels = QPixmap(area.size() * ratio)
            pixels.setDevicePixelRatio(ratio)
            pixels.fill(Qt.GlobalColor.transparent)
            own = QPainter(pixels)
            own.setTransform(transform * QTransform.fromTranslate(-area.x(), -area.y()))
            for curve in curves:
                curve.draw(own, smooth)
            own.end()
            self._picture = _Picture(of, area.topLeft(), pixels)
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(self._picture.corner, self._picture.pixels)
        painter.restore()


def cosmetic_pen(colour: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine, alpha: int = 255) -> QPen:
    """A pen ``width`` px wide whatever the zoom."""
    shade = QColor(colour)
    shade.setAlpha(alpha)
    pen = QPen(shade, width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen
