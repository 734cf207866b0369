"""A chart of many curves that stays fast: it is handed few points and a view, and obeys. Knows no models and no runs.

With plot_axis.py the only importer of pyqtgraph. What keeps it fast: 1 px pens; no legend, no autorange, no
downsampling here, as points come reduced; antialiasing only while curves are few; unchanged curves are not touched.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from math import log10

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QMouseEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from distill_gui import theme
from distill_gui.widgets.plot_axis import Axis

Floats = NDArray[np.float64]

SMOOTH_EDGES = 12  # curves; measured for 1,000 points each: 12 antialiased curves cost 2 ms a frame, 50 cost 10 ms
DOTS = 24  # points; a curve of fewer shows where its rows are
LONELY = 9  # px; the dot of a curve of one point
NEAR = 8.0  # px from the pointer at which a curve counts as meant
TINY = 1e-300  # what a logarithmic axis shows nothing of


@dataclass
class _Curve:
    line: pg.PlotCurveItem
    dots: pg.ScatterPlotItem
    x: Floats
    y: Floats
    colour: str = ""
    emphasised: bool = False
    faint: bool = False
    dash: tuple[float, ...] = ()


class _View(pg.PlotWidget):
    """The plotting surface: drag pans, Ctrl + wheel zooms; the wheel alone goes on to scroll the page."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()


class Chart(QWidget):
    """Curves over one x. `set_...` obeys and tells nobody; signals are what a person did or what needs new points."""

    resized = Signal()  # there are more or fewer pixels to fill, or the chart came into sight
    panned = Signal(float, float)  # a person moved or zoomed to this range of x
    reset_wanted = Signal()  # a person double-clicked: show everything again
    cursor_moved = Signal(object)  # x under the pointer, None when it left
    curve_pointed = Signal(object)  # key of the curve under the pointer, None when there is none
    curve_clicked = Signal(object)  # key
    menu_wanted = Signal(object)  # QPoint, global

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes = {side: Axis(side) for side in ("left", "bottom")}
        self._view = _View(self, axisItems=dict(self._axes), background=None, enableMenu=False)
        self._plot = self._view.getPlotItem()
        self._box = self._plot.getViewBox()
        self._curves: dict[Hashable, _Curve] = {}
        self._levels: dict[Hashable, tuple[pg.InfiniteLine, float]] = {}
        self._log_x = self._log_y = False
        self._pointed: Hashable | None = None
        self._cursor = pg.InfiniteLine(angle=90)
        self._set_up()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self.setMinimumHeight(120)
        theme.notifier().changed.connect(self.restyle)
        self.restyle()

    def _set_up(self) -> None:
        self._view.setFrameShape(_View.Shape.NoFrame)
        self._view.setStyleSheet("background: transparent")  # the card's surface shows through
        self._view.viewport().setMouseTracking(True)
        self._view.viewport().installEventFilter(self)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        menu = self._plot.ctrlMenu  # never shown; as the view's own window it goes when the chart goes
        menu.setParent(self._view, menu.windowFlags())
        self._plot.hideButtons()
        self._plot.setContentsMargins(0, 6, 12, 0)
        self._plot.disableAutoRange()
        for axis in self._axes.values():
            axis.setZValue(-1)  # the grid lies behind the curves
        self._box.setMouseEnabled(x=True, y=False)
        self._box.setDefaultPadding(0)
        self._box.sigRangeChangedManually.connect(self._on_range_changed_manually)
        self._box.sigResized.connect(self._on_box_resized)
        self._cursor.setZValue(50)
        self._cursor.hide()
        self._plot.addItem(self._cursor, ignoreBounds=True)

    def restyle(self) -> None:
        """Take the theme's colours."""
        for axis in self._axes.values():
            axis.restyle()
        muted = theme.current().muted
        self._cursor.setPen(_pen(muted, style=Qt.PenStyle.DotLine))
        for line, _ in self._levels.values():
            _dress_level(line)

    # curves -----------------------------------------------------------------------------------------------------------

    def set_curve(
        self,
        key: Hashable,
        x: Floats,
        y: Floats,
        colour: str,
        emphasised: bool = False,
        faint: bool = False,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Draw a curve, shape (points,) each; NaN is a gap. At most three should be `emphasised`; `dash` is in px."""
        curve = self._curves.get(key) or self._new_curve(key)
        if self._log_x or self._log_y:
            x = np.log10(np.maximum(x, TINY)) if self._log_x else x
            y = np.log10(np.where(y > 0, y, np.nan)) if self._log_y else y
        gaps = not np.isfinite(y).all()
        if gaps:
            y = np.where(np.isfinite(y), y, np.nan)  # infinity has no place to be drawn at
        curve.x, curve.y = x, y
        curve.line.setData(x, y, connect="finite" if gaps else "all")
        if len(x) <= DOTS or len(curve.dots.data):
            known = np.isfinite(y) if len(x) <= DOTS else np.zeros(len(x), dtype=bool)
            curve.dots.setData(x[known], y[known])
        self._dress(curve, colour, emphasised, faint, dash)
        self._size_dots(curve)

    def set_look(
        self,
        key: Hashable,
        colour: str,
        emphasised: bool = False,
        faint: bool = False,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Change how a drawn curve looks, not its points."""
        self._dress(self._curves[key], colour, emphasised, faint, dash)

    def remove_curve(self, key: Hashable) -> None:
        curve = self._curves.pop(key, None)
        if curve is None:
            return
        for item in (curve.line, curve.dots):
            self._plot.removeItem(item)
        self._set_edges()

    def curve_keys(self) -> list[Hashable]:
        return list(self._curves)

    def _new_curve(self, key: Hashable) -> _Curve:
        nothing = np.empty(0)
        curve = _Curve(pg.PlotCurveItem(skipFiniteCheck=True), pg.ScatterPlotItem(pxMode=True), nothing, nothing)
        for item in (curve.line, curve.dots):
            self._plot.addItem(item, ignoreBounds=True)
        self._curves[key] = curve
        self._set_edges()
        return curve

    def _set_edges(self) -> None:
        """Antialias all curves, or none once they are many."""
        few = len(self._curves) <= SMOOTH_EDGES
        for curve in self._curves.values():
            if curve.line.opts["antialias"] != few:
                curve.line.opts["antialias"] = few
                curve.line.update()

    def _dress(self, curve: _Curve, colour: str, emphasised: bool, faint: bool, dash: tuple[float, ...]) -> None:
        if (curve.colour, curve.emphasised, curve.faint, curve.dash) == (colour, emphasised, faint, dash):
            return
        curve.colour, curve.emphasised, curve.faint, curve.dash = colour, emphasised, faint, dash
        # A wide polyline is slow where it overlaps itself; its segments drawn one by one are not.
        curve.line.setSegmentedLineMode("on" if emphasised else "off")
        pen = _pen(colour, width=2.0 if emphasised else 1.0, alpha=90 if faint else 255)
        if dash:
            pen.setDashPattern([length / pen.widthF() for length in dash])
        curve.line.setPen(pen)
        curve.dots.setPen(None)
        curve.dots.setBrush(QColor(colour))
        self._size_dots(curve)
        for item in (curve.line, curve.dots):
            item.setZValue(20 if emphasised else 5 if faint else 10)

    @staticmethod
    def _size_dots(curve: _Curve) -> None:
        """A point without a line to it is all there is of its curve: it must be found in an empty chart."""
        size = LONELY if len(curve.dots.data) == 1 else 6 if curve.emphasised else 4
        if curve.dots.opts["size"] != size:
            curve.dots.setSize(size)

    # levels -----------------------------------------------------------------------------------------------------------

    def set_level(self, key: Hashable, value: float, text: str) -> None:
        """A dashed line across the chart with its name at the right end; a second one's at the left."""
        self.remove_level(key)
        first = not self._levels
        line = pg.InfiniteLine(
            angle=0,
            label=text.replace("{", "{{").replace("}", "}}"),
            labelOpts={
                "position": 0.995 if first else 0.01,
                "anchors": [(1, 1), (1, 0)] if first else [(0, 1), (0, 0)],
            },
        )
        line.label.textItem.document().setDocumentMargin(1)
        line.setZValue(1)
        _dress_level(line)
        line.setValue(log10(max(value, TINY)) if self._log_y else value)
        self._levels[key] = (line, value)
        self._plot.addItem(line, ignoreBounds=True)

    def remove_level(self, key: Hashable) -> None:
        found = self._levels.pop(key, None)
        if found:
            self._plot.removeItem(found[0])

    def levels(self) -> dict[Hashable, float]:
        return {key: value for key, (_, value) in self._levels.items()}

    # the view ---------------------------------------------------------------------------------------------------------

    def set_view(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show these ranges, in data units also where logarithmic."""
        x, y = self._to_view(x, self._log_x), self._to_view(y, self._log_y)
        shown = self._box.viewRange()
        if tuple(shown[0]) != x or tuple(shown[1]) != y:
            self._box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def x_view(self) -> tuple[float, float]:
        """The range of x in sight, in data units."""
        low, high = self._box.viewRange()[0]
        return (10.0**low, 10.0**high) if self._log_x else (float(low), float(high))

    def y_view(self) -> tuple[float, float]:
        low, high = self._box.viewRange()[1]
        return (10.0**low, 10.0**high) if self._log_y else (float(low), float(high))

    def pixels(self) -> int:
        """How many pixels the range of x is wide."""
        return max(int(self._box.width()), 1)

    def text_share(self) -> float:
        """Which part of the height a line of text takes."""
        return min(0.5, 15 / max(self._box.height(), 1.0))

    def is_in_sight(self) -> bool:
        """Whether any part of the chart can be seen; one that cannot need not be drawn."""
        return not self._view.viewport().visibleRegion().isEmpty()

    def set_log(self, x: bool, y: bool) -> None:
        """Make the axes logarithmic or not; drops the curves and levels, whose points must be handed over again."""
        if (x, y) == (self._log_x, self._log_y):
            return
        for key in self.curve_keys():
            self.remove_curve(key)
        for key in list(self._levels):
            self.remove_level(key)
        self._log_x, self._log_y = x, y
        for axis, log in zip(("bottom", "left"), (x, y), strict=True):
            self._axes[axis].log = log
            self._axes[axis].picture = None
        self._box.setRange(xRange=(0, 1), yRange=(0, 1), padding=0)

    def set_x_kind(self, kind: str) -> None:
        """How x is written: "number", "whole" or "time" (seconds)."""
        self._axes["bottom"].kind = kind
        self._axes["bottom"].picture = None
        self._axes["bottom"].update()

    def set_blank(self, blank: bool) -> None:
        """Hide the ticks, whose figures mean nothing while there is no curve."""
        for axis in self._axes.values():
            if axis.blank != blank:
                axis.blank = blank
                axis.picture = None
                axis.update()

    def set_cursor(self, x: float | None) -> None:
        """Show the x cursor, or hide it with None."""
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setValue(log10(max(x, TINY)) if self._log_x else x)

    @staticmethod
    def _to_view(span: tuple[float, float], log: bool) -> tuple[float, float]:
        return (log10(max(span[0], TINY)), log10(max(span[1], TINY))) if log else (float(span[0]), float(span[1]))

    def _on_box_resized(self, *_: object) -> None:
        self.resized.emit()

    def _on_range_changed_manually(self, *_: object) -> None:
        self.panned.emit(*self.x_view())

    # the pointer ------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._on_pointer_moved(event.position())
        elif kind == QEvent.Type.Leave:
            self._point_at(None)
            self.cursor_moved.emit(None)
        elif kind == QEvent.Type.MouseButtonDblClick:
            self.reset_wanted.emit()
            return True
        elif kind == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            if event.button() == Qt.MouseButton.LeftButton and self._pointed is not None:
                self.curve_clicked.emit(self._pointed)
        elif kind == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            self.menu_wanted.emit(event.globalPos())
            return True
        return False

    def _on_pointer_moved(self, position: QPointF) -> None:
        scene = self._view.mapToScene(position.toPoint())
        if not self._box.sceneBoundingRect().contains(scene):
            self._point_at(None)
            self.cursor_moved.emit(None)
            return
        point = self._box.mapSceneToView(scene)
        self._point_at(self._nearest(point.x(), point.y()))
        self.cursor_moved.emit(10.0 ** point.x() if self._log_x else point.x())

    def _point_at(self, key: Hashable | None) -> None:
        if key != self._pointed:
            self._pointed = key
            self.curve_pointed.emit(key)

    def _nearest(self, x: float, y: float) -> Hashable | None:
        """The curve whose height at `x` is closest to `y`, if it is near in pixels."""
        pixel = self._box.viewPixelSize()[1]
        best, best_distance = None, NEAR * pixel
        for key, curve in self._curves.items():
            if not len(curve.x) or not curve.x[0] <= x <= curve.x[-1]:
                continue
            distance = abs(float(np.interp(x, curve.x, curve.y)) - y)
            if distance < best_distance:
                best, best_distance = key, distance
        return best


def _pen(colour: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine, alpha: int = 255) -> QPen:
    shade = QColor(colour)
    shade.setAlpha(alpha)
    pen = QPen(shade, width, style, Qt.PenCapStyle.FlatCap, Qt.PenJoinStyle.RoundJoin)
    pen.setCosmetic(True)
    return pen


def _dress_level(line: pg.InfiniteLine) -> None:
    muted = theme.current().muted
    line.setPen(_pen(muted, style=Qt.PenStyle.DashLine))
    line.label.setColor(QColor(muted))
    line.label.textItem.setFont(theme.number_font(11))
