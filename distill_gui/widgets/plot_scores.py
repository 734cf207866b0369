"""A small chart of scores: lines with a band along a value, or named dots by their cost. Knows no models and no runs.

Imports pyqtgraph, as only plot.py and its parts may. For tens of points that rarely change, not for streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGraphicsSimpleTextItem, QVBoxLayout, QWidget

from distill_gui import theme
from distill_gui.plain import set_tip, show_tip
from distill_gui.widgets.plot_axis import Axis
from distill_gui.widgets.plot_curves import cosmetic_pen
from distill_gui.widgets.plot_view import View

DOT = 9  # px
NEAR = 9.0  # px from the pointer at which a dot is meant
CLEAR = 4  # px between a dot and its name
ROOM = 0.09  # of the range, free on every side
BAND_ALPHA = 44
MOST_BANDS = 3  # lines; the bands of more would hide each other
RING = 17  # px, around the dot the keyboard stands on
NAME_SIZE = 11  # px


@dataclass(frozen=True)
class Dot:
    """A point with its name. ``spread`` is drawn as a bar up and down; ``tip`` is said on pointing at it; a dot with a
    ``key`` can be clicked."""

    x: float
    y: float
    colour: str
    tip: str = ""
    name: str = ""
    key: str = ""
    spread: float | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Line:
    """Dots joined by a line, in the order of x, with a band of their spreads where neighbours have one."""

    dots: tuple[Dot, ...]
    colour: str
    dash: tuple[float, ...] = ()


class ScorePlot(QWidget):
    """``show_scores`` draws; ``clicked(key, where)`` is a dot that a person chose, and its place on the screen.

    With the keyboard: arrows go from dot to dot, Return or Space chooses.
    """

    clicked = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes = {side: Axis(side) for side in ("left", "bottom")}
        self._view = View(self._axes, self)
        self._box = self._view.box
        self._box.setMouseEnabled(x=False, y=False)
        self._view.viewport().installEventFilter(self)
        self._items: list[pg.GraphicsObject] = []
        self._names: list[tuple[QGraphicsSimpleTextItem, Dot]] = []
        self._lines: tuple[Line, ...] = ()
        self._dots: tuple[Dot, ...] = ()
        self._frontier: tuple[tuple[float, float], ...] = ()
        self._level: float | None = None
        self._pressed: Dot | None = None
        self._at_key = ""  # of the dot the keyboard stands on
        self._ring: pg.ScatterPlotItem | None = None
        self._log_x = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self.setMinimumHeight(210)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._box.sigResized.connect(self._place_names)
        theme.notifier().changed.connect(self._draw)

    def show_scores(
        self,
        lines: Sequence[Line] = (),
        dots: Sequence[Dot] = (),
        *,
        frontier: Sequence[tuple[float, float]] = (),
        level: float | None = None,
        log_x: bool = False,
    ) -> None:
        """Draw these instead: a dashed ``frontier`` through (x, y), and a dashed ``level`` (y) across.

        ``log_x`` needs every x above 0.
        """
        shown = (tuple(lines), tuple(dots), tuple(frontier), level, log_x)
        if shown == (self._lines, self._dots, self._frontier, self._level, self._log_x) and self._items:
            return
        self._lines, self._dots, self._frontier, self._level, self._log_x = shown
        self._axes["bottom"].log = log_x
        self._draw()

    def dots(self) -> list[Dot]:
        """All that are drawn, those of lines first."""
        return [*(dot for line in self._lines for dot in line.dots), *self._dots]

    def position_of(self, dot: Dot) -> QPointF:
        """Where a dot stands in this widget, px."""
        return QPointF(self._view.mapFromScene(self._box.mapViewToScene(QPointF(self._at(dot.x), dot.y))))

    def restyle(self) -> None:
        for axis in self._axes.values():
            axis.restyle()
            axis.picture = None

    # drawing ----------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        self.restyle()
        for item in self._items:
            self._view.remove(item)
        for name, _ in self._names:
            self._view.remove(name)
        self._items, self._names = [], []
        self._set_range()
        if self._level is not None:
            pen = cosmetic_pen(theme.current().muted, style=Qt.PenStyle.DashLine)
            self._add(pg.InfiniteLine(pos=self._level, angle=0, pen=pen))
        for line in self._lines:
            self._draw_line(line)
        if len(self._frontier) > 1:
            x, y = (np.array(values) for values in zip(*((self._at(x), y) for x, y in self._frontier), strict=True))
            accent = theme.current().accent
            self._add(pg.PlotCurveItem(x, y, pen=cosmetic_pen(accent, style=Qt.PenStyle.DashLine), antialias=True))
        self._draw_bars(self._dots)
        self._draw_dots()
        self._draw_ring()
        for dot in self._dots:
            if dot.name:
                name = QGraphicsSimpleTextItem(dot.name)
                name.setFont(theme.number_font(NAME_SIZE))
                name.setBrush(QColor(theme.current().muted))
                name.setFlag(QGraphicsSimpleTextItem.GraphicsItemFlag.ItemIgnoresTransformations)
                name.setZValue(20)
                self._view.add(name)
                self._names.append((name, dot))
        self._place_names()

    def _set_range(self) -> None:
        dots = self.dots()
        for axis in self._axes.values():
            axis.blank = not dots
        if not dots:
            return
        x = [self._at(dot.x) for dot in dots]
        y = [dot.y for dot in dots]
        for dot in dots if len(self._lines) <= MOST_BANDS else self._dots:  # those whose spread is drawn
            y += [dot.y - (dot.spread or 0.0), dot.y + (dot.spread or 0.0)]
        y += [self._level] if self._level is not None else []
        self._box.setRange(xRange=_widened(x), yRange=_widened(y), padding=0)

    def _draw_line(self, line: Line) -> None:
        x = np.array([self._at(dot.x) for dot in line.dots])
        y = np.array([dot.y for dot in line.dots])
        spread = np.array([dot.spread or np.nan for dot in line.dots])
        shade = QColor(line.colour)
        shade.setAlpha(BAND_ALPHA)
        if len(self._lines) > MOST_BANDS:
            spread[:] = np.nan
        for piece in _stretches(
            np.isfinite(spread)
        ):  # where a spread is not known, a band would claim that there is none
            if piece.stop - piece.start == 1:
                self._draw_bars(line.dots[piece])
                continue
            ends = [pg.PlotCurveItem(x[piece], (y + sign * spread)[piece], pen=None) for sign in (1, -1)]
            for end in ends:
                self._add(end)
            self._add(pg.FillBetweenItem(*ends, brush=pg.mkBrush(shade)))
        pen = cosmetic_pen(line.colour, width=2.0)
        if line.dash:
            pen.setDashPattern([length / pen.widthF() for length in line.dash])
        self._add(pg.PlotCurveItem(x, y, pen=pen, antialias=True))

    def _draw_bars(self, dots: Sequence[Dot]) -> None:
        """One item a colour: an item a bar takes longer than all else together where there are a hundred."""
        by_colour: dict[str, list[tuple[float, float]]] = {}
        for dot in dots:
            if dot.spread:
                x = self._at(dot.x)
                by_colour.setdefault(dot.colour, []).extend(((x, dot.y - dot.spread), (x, dot.y + dot.spread)))
        for colour, ends in by_colour.items():
            x_of, y_of = np.array(ends).T
            self._add(pg.PlotCurveItem(x_of, y_of, connect="pairs", pen=cosmetic_pen(colour), antialias=True))

    def _draw_dots(self) -> None:
        surface = QColor(theme.current().surface)
        spots = [
            {
                "pos": (self._at(dot.x), dot.y),
                "size": DOT,
                "brush": pg.mkBrush(surface if dot.hollow else QColor(dot.colour)),
                "pen": pg.mkPen(QColor(dot.colour) if dot.hollow else surface, width=1.5),
            }
            for dot in self.dots()
        ]
        item = pg.ScatterPlotItem(spots=spots, pxMode=True, antialias=True)
        item.setZValue(10)
        self._add(item)

    def _add(self, item: pg.GraphicsObject) -> None:
        self._view.add(item)
        self._items.append(item)

    def _at(self, x: float) -> float:
        return log10(x) if self._log_x else x

    def _place_names(self, *_: object) -> None:
        """Beside each dot where no other dot or name stands: right, left, above or below; else it is left to the tooltip."""
        metrics = QFontMetrics(theme.number_font(NAME_SIZE))
        bounds = QRectF(self._box.sceneBoundingRect())
        around = DOT + 2
        at = {id(dot): self._box.mapViewToScene(QPointF(self._at(dot.x), dot.y)) for dot in self.dots()}
        taken = [QRectF(p.x() - around / 2, p.y() - around / 2, around, around) for p in at.values()]
        for name, dot in self._names:
            point, width, height = at[id(dot)], metrics.horizontalAdvance(dot.name), metrics.height()
            beside = DOT / 2 + CLEAR
            places = (
                (point.x() + beside, point.y() - height / 2),
                (point.x() - beside - width, point.y() - height / 2),
                (point.x() - width / 2, point.y() - beside - height),
                (point.x() - width / 2, point.y() + beside),
            )
            fitting = (QRectF(x, y, width, height) for x, y in places)
            free = next(
                (rect for rect in fitting if bounds.contains(rect) and not any(rect.intersects(o) for o in taken)), None
            )
            name.setVisible(free is not None)
            if free is not None:
                taken.append(free)
                name.setPos(self._box.mapSceneToView(free.topLeft()))

    # the pointer ------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            dot = self._dot_at(event.position())
            set_tip(self._view.viewport(), dot.tip if dot is not None else "")
            hand = dot is not None and bool(dot.key)
            self._view.viewport().setCursor(
                QCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
            )
        elif kind == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            dot, pressed = self._dot_at(event.position()), self._pressed
            self._pressed = None
            if dot is not None and dot is pressed and event.button() == Qt.MouseButton.LeftButton:
                self._choose(dot)
                return True
        elif kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            self._pressed = self._dot_at(event.position())
        return False

    def _choose(self, dot: Dot) -> None:
        if dot.key:
            self.clicked.emit(dot.key, self.mapToGlobal(self.position_of(dot).toPoint()))

    # the keyboard -----------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        dots = sorted(filter(lambda dot: dot.key, self.dots()), key=lambda dot: (dot.x, dot.y))
        place = next((at for at, dot in enumerate(dots) if dot.key == self._at_key), -1)
        to = {
            Qt.Key.Key_Right: min(place + 1, len(dots) - 1),
            Qt.Key.Key_Left: max(place - 1, 0),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(dots) - 1,
        }.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and place >= 0:
            self._choose(dots[place])
        elif to is not None and dots:
            self._stand_on(dots[to])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._draw_ring()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._draw_ring()

    def _stand_on(self, dot: Dot) -> None:
        self._at_key = dot.key
        self._draw_ring()
        self.setAccessibleDescription(dot.tip)
        show_tip(self.mapToGlobal(self.position_of(dot).toPoint()), dot.tip, self)

    def _draw_ring(self) -> None:
        if self._ring is not None:
            self._view.remove(self._ring)
            self._ring = None
        dot = next((dot for dot in self.dots() if dot.key and dot.key == self._at_key), None)
        if dot is not None and self.hasFocus():
            pen = pg.mkPen(QColor(theme.current().accent), width=2)
            self._ring = pg.ScatterPlotItem([self._at(dot.x)], [dot.y], size=RING, pen=pen, brush=None, pxMode=True)
            self._ring.setZValue(11)
            self._view.add(self._ring)

    def _dot_at(self, position: QPointF) -> Dot | None:
        """The nearest dot that is near enough."""
        best, best_distance = None, NEAR
        for dot in self.dots():
            here = self.position_of(dot) - position
            distance = (here.x() ** 2 + here.y() ** 2) ** 0.5
            if distance < best_distance:
                best, best_distance = dot, distance
        return best


def _stretches(known: NDArray[np.bool_]) -> list[slice]:
    """The runs of neighbours that are all known."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False]))))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _widened(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = ROOM * (high - low) if high > low else max(abs(high) * ROOM, 0.5)
    return low - room, high + room
