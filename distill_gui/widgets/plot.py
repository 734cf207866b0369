"""A chart of many curves that stays fast: it is handed few points and a view, and obeys. Knows no models and no runs.

With its parts plot_*.py the only importer of pyqtgraph. What keeps it fast: 1 px pens; no legend, no autorange, no
downsampling here, as points come reduced; antialiasing only while curves are few; unchanged curves are not drawn again.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import log10

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from distill_gui import theme
from distill_gui.widgets.plot_axis import Axis
from distill_gui.widgets.plot_curves import Curves, Floats, cosmetic_pen
from distill_gui.widgets.plot_levels import TINY, Levels
from distill_gui.widgets.plot_view import View

NEAR = 8.0  # px from the pointer at which a curve counts as meant


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
        self._view = View(self._axes, self)
        self._box = self._view.box
        self._drawn = Curves()
        self._curves = self._drawn.curves
        self._levels = Levels(self._view)
        self._log_x = self._log_y = False
        self._pointed: Hashable | None = None
        self._pointer: QPointF | None = None  # where it is, None while it is elsewhere
        self._cursor = pg.InfiniteLine(angle=90)
        self._set_up()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self.setMinimumHeight(120)
        theme.notifier().changed.connect(self.restyle)
        self.restyle()

    def _set_up(self) -> None:
        self._view.viewport().installEventFilter(self)
        self._box.sigRangeChangedManually.connect(self._on_range_changed_manually)
        self._box.sigResized.connect(self._on_box_resized)
        self._cursor.setZValue(50)
        self._cursor.hide()
        self._drawn.setZValue(10)
        self._view.add(self._drawn)
        self._view.add(self._cursor)

    def restyle(self) -> None:
        """Take the theme's colours."""
        for axis in self._axes.values():
            axis.restyle()
        muted = theme.current().muted
        self._cursor.setPen(cosmetic_pen(muted, style=Qt.PenStyle.DotLine))
        self._levels.restyle()

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
        if self._log_x or self._log_y:
            x = np.log10(np.maximum(x, TINY)) if self._log_x else x
            y = np.log10(np.where(y > 0, y, np.nan)) if self._log_y else y
        self._drawn.set_points(key, x, y)
        self._drawn.set_look(key, colour, emphasised, faint, dash)

    def set_look(
        self,
        key: Hashable,
        colour: str,
        emphasised: bool = False,
        faint: bool = False,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Change how a drawn curve looks, not its points."""
        self._drawn.set_look(key, colour, emphasised, faint, dash)

    def remove_curve(self, key: Hashable) -> None:
        self._drawn.remove(key)

    def curve_keys(self) -> list[Hashable]:
        return list(self._curves)

    # levels -----------------------------------------------------------------------------------------------------------

    def set_level(self, key: Hashable, value: float, text: str) -> None:
        """A dashed line across the chart with its name; see ``place_level_names``."""
        self._levels.set(key, value, text, self._log_y)

    def remove_level(self, key: Hashable) -> None:
        self._levels.remove(key)

    def levels(self) -> dict[Hashable, float]:
        return self._levels.values()

    def place_level_names(self) -> None:
        """Put the levels' names where they cover no curve that is drawn now."""
        self._levels.place_names(self._curves.values())

    def level_names(self) -> dict[Hashable, tuple[str, QRectF]]:
        """What the levels' names say and where they stand: px from the upper left corner of what the axes enclose."""
        return self._levels.names()

    # the view ---------------------------------------------------------------------------------------------------------

    def set_view(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show these ranges, in data units also where logarithmic."""
        x, y = self._to_view(x, self._log_x), self._to_view(y, self._log_y)
        shown = self._box.viewRange()
        if tuple(shown[0]) != x or tuple(shown[1]) != y:
            self._box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)
            if self._pointer is not None:  # something else lies under the pointer now
                self._on_pointer_moved(self._pointer)

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

    def set_log(self, x: bool, y: bool) -> None:
        """Make the axes logarithmic or not; drops the curves and levels, whose points must be handed over again."""
        if (x, y) == (self._log_x, self._log_y):
            return
        for key in self.curve_keys():
            self.remove_curve(key)
        self._levels.clear()
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
            self._pointer = event.position()
            self._on_pointer_moved(self._pointer)
        elif kind == QEvent.Type.Leave:
            self._pointer = None
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
