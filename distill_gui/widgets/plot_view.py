"""The plotting surface: a view box between two axes; imports pyqtgraph, as only plot.py and its parts may.

Not pyqtgraph's PlotWidget, whose plot item makes two more axes, a title, buttons and a menu of six forms for every chart:
half of the time that a chart takes to be made.
"""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainterPath, QWheelEvent
from PySide6.QtWidgets import QGraphicsGridLayout, QGraphicsItem, QSizePolicy, QWidget

from distill_gui.widgets.plot_axis import Axis
from distill_gui.widgets.plot_curves import OVER


class Box(pg.ViewBox):
    """What the axes enclose, and a little to its right: the dot of a run's last row stands on the edge and is drawn whole."""

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.boundingRect().adjusted(0, 0, OVER, 0))
        return path


class View(pg.GraphicsView):
    """Drag pans along x, Ctrl + wheel zooms; the wheel alone goes on to scroll the page. Nothing is ranged by itself."""

    def __init__(self, axes: dict[str, Axis], parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.enableMouse(False)  # of the view as a whole; the box has its own
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFrameShape(View.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setMouseTracking(True)
        self.box = Box(enableMenu=False)
        self.box.disableAutoRange()
        self.box.setMouseEnabled(x=True, y=False)
        self.box.setDefaultPadding(0)
        middle = pg.GraphicsWidget()
        grid = QGraphicsGridLayout(middle)
        grid.setContentsMargins(1, 7, 13, 1)
        grid.setSpacing(0)
        for axis, place in ((axes["left"], (0, 0)), (axes["bottom"], (1, 1))):
            axis.linkToView(self.box)
            axis.setFlag(QGraphicsItem.GraphicsItemFlag.ItemNegativeZStacksBehindParent)
            axis.setZValue(-1)  # the grid lies behind the curves
            grid.addItem(axis, *place)
        grid.addItem(self.box, 0, 1)
        grid.setRowStretchFactor(0, 100)
        grid.setColumnStretchFactor(1, 100)
        self.setCentralItem(middle)

    def add(self, item: QGraphicsItem) -> None:
        """Show something in the units of the box."""
        self.box.addItem(item, ignoreBounds=True)

    def remove(self, item: QGraphicsItem) -> None:
        self.box.removeItem(item)

    def sizeHint(self) -> QSize:
        """No more than it needs. Qt's own is the size it has: a chart laid out once would want as much for ever, and push
        others out of sight when something beside it grows."""
        return self.minimumSizeHint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()
