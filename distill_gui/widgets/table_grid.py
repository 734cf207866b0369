"""A table that fits its columns to their content, keeps the first in sight and never cuts a figure. Theme only."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QSizePolicy, QTableView, QWidget

from distill_gui.theme import current, notifier
from distill_gui.widgets.table_cells import (
    HEAD_HEIGHT,
    HEADING_HEIGHT,
    PAD,
    ROW_HEIGHT,
    CellDelegate,
    FaceLike,
    TwoLineHeader,
    joined_width,
    plain_width,
    slot_widths,
)

Index = QModelIndex | QPersistentModelIndex
SHARE_OF_FIRST = 0.42  # of the width, at most, for the first column while others have to scroll
LEAST_FIRST, SHARE_OF_NAMES = (
    260,
    0.3,
)  # px, or this share of the width: names that fit in it are not cut; else they scroll
_OPENING_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class TableGrid(QTableView):
    """Shows a model whose ``face_role`` gives what to draw. ``chosen(index)`` on a click or Return on a clickable cell.

    The head stays above, the first column at the left. As high as its content where there is room. With a ``key_role`` the
    current cell stays the one of its key when the model is reset.
    """

    chosen = Signal(QModelIndex)

    def __init__(
        self, model: QAbstractItemModel, face_role: int, parent: QWidget | None = None, key_role: int | None = None
    ) -> None:
        super().__init__(parent)
        self.face_role = face_role
        self._key_role = key_role
        self._kept: object = None  # key of the cell that was current before a reset
        self._natural: dict[int, int] = {}
        self._brief_first = 0  # width of the first column in brief, px
        self._cells = CellDelegate(face_role, self)
        self._frozen = _FrozenColumn(self)
        for view in (self, self._frozen):
            _dress(view)
            view.setItemDelegate(self._cells)
        self.setHorizontalHeader(TwoLineHeader(self))
        self._frozen.setHorizontalHeader(TwoLineHeader(self._frozen, opaque=True))
        self._frozen.raise_()  # above the head of the grid too
        self.setModel(model)
        self._frozen.setModel(model)
        self._frozen.setSelectionModel(self.selectionModel())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMouseTracking(True)
        self._frozen.verticalScrollBar().valueChanged.connect(self.verticalScrollBar().setValue)
        self.verticalScrollBar().valueChanged.connect(self._frozen.verticalScrollBar().setValue)
        self.horizontalScrollBar().rangeChanged.connect(self._place_frozen)
        self.horizontalScrollBar().valueChanged.connect(self._frozen.update_edge)
        self.clicked.connect(self._on_clicked)
        self.entered.connect(self._on_entered)
        self.viewportEntered.connect(self._on_viewport_entered)
        model.modelAboutToBeReset.connect(self._on_about_to_be_reset)
        model.modelReset.connect(self._on_reset)
        model.dataChanged.connect(self._on_data_changed)
        notifier().changed.connect(self.viewport().update)
        self.arrange()

    # sizes ------------------------------------------------------------------------------------------------------------

    def arrange(self) -> None:
        """Set row heights, headings and column widths for the model as it is now."""
        self._natural.clear()
        self._brief_first = 0
        self._cells.slots.clear()
        self.clearSpans()
        columns = self.model().columnCount()
        for column in range(columns):
            self._frozen.setColumnHidden(column, column != 0)
        for row in range(self.model().rowCount()):
            face = self._face(row, 0)
            heading = face is not None and face.is_heading
            for view in (self, self._frozen):
                view.setRowHeight(row, HEADING_HEIGHT if heading else ROW_HEIGHT)
            if heading and columns > 1:
                self.setSpan(row, 0, 1, columns)
        self._measure()
        self._fit()
        self.updateGeometry()

    def _face(self, row: int, column: int) -> FaceLike | None:
        face: FaceLike | None = self.model().index(row, column).data(self.face_role)
        return face

    def _measure(self, rows: range | None = None, columns: range | None = None) -> None:
        """Find the natural width of the columns, or of some as far as these rows ask for more; it only grows until the model
        is reset, so that nothing jitters."""
        header = self.horizontalHeader()
        for column in range(self.model().columnCount()) if columns is None else columns:
            slots = self._cells.slots.get(column, (0, 0, 0))
            widest = header.wanted_width(column) - 2 * PAD if isinstance(header, TwoLineHeader) else 0
            for row in range(self.model().rowCount()) if rows is None else rows:
                face = self._face(row, column)
                if face is None or face.is_heading:
                    continue
                if face.slotted:
                    slots = tuple(max(pair) for pair in zip(slots, slot_widths(face), strict=True))  # type: ignore[assignment]
                else:
                    widest = max(widest, plain_width(face))
                    if column == 0:
                        self._brief_first = max(self._brief_first, plain_width(face, brief=True) + 2 * PAD)
            self._cells.slots[column] = slots
            natural = max(widest, joined_width(slots)) + 2 * PAD
            self._natural[column] = max(natural, self._natural.get(column, 0))

    def _fit(self) -> None:
        """Share the room out: every column its natural width, what is left to all but the second.

        Where there is too little, the first says less: its badges first, then, where they are long, its names. Only where that
        is not enough, the others scroll.
        """
        count = len(self._natural)
        if not count:
            return
        room = self.viewport().width()
        widths = dict(self._natural)
        spare = room - sum(widths.values())
        if spare < 0:
            left_for_it = widths[0] + spare
            fits = left_for_it >= min(self._brief_first, max(LEAST_FIRST, int(room * SHARE_OF_NAMES)))
            widths[0] = left_for_it if fits else min(widths[0], max(200, int(room * SHARE_OF_FIRST)))
            spare = room - sum(widths.values())
        if spare > 0:
            takers = [column for column in range(count) if column != 1] or [0]
            for place, column in enumerate(takers):
                widths[column] += spare * (place + 1) // len(takers) - spare * place // len(takers)
        self._cells.brief = {0} if widths[0] < self._natural[0] else set()
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        self._frozen.setColumnWidth(0, widths[0])
        self._place_frozen()

    def natural_width(self) -> int:
        """The width in px at which nothing scrolls sideways."""
        return sum(self._natural.values()) + 2 * self.frameWidth()

    def content_height(self) -> int:
        """The height in px at which nothing scrolls up or down."""
        rows = sum(self.rowHeight(row) for row in range(self.model().rowCount()))
        return HEAD_HEIGHT + rows + 2 * self.frameWidth()

    def sizeHint(self) -> QSize:
        bar = self.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > 0 else 0
        return QSize(self.natural_width(), self.content_height() + extra)

    def minimumSizeHint(self) -> QSize:
        return QSize(480, HEAD_HEIGHT + 3 * ROW_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _place_frozen(self, *_: int) -> None:
        scrolls = self.horizontalScrollBar().maximum() > 0
        frame = self.frameWidth()
        height = self.viewport().height() + HEAD_HEIGHT
        self._frozen.setGeometry(QRect(frame, frame, self.columnWidth(0), height))
        self._frozen.setVisible(scrolls)
        self.updateGeometry()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """As ever, and not under the first column."""
        super().scrollTo(index, hint)
        hidden = self._frozen.width() - self.visualRect(index).left()
        if index.column() > 0 and self._frozen.isVisible() and hidden > 0:
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - hidden)

    # what the person does ---------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENING_KEYS and self.currentIndex().isValid():
            self._on_clicked(self.currentIndex())
            return
        super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.viewport().unsetCursor()
        super().leaveEvent(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        face: FaceLike | None = index.data(self.face_role)
        if face is not None and face.clickable:
            self.chosen.emit(index)

    def _on_entered(self, index: QModelIndex) -> None:
        face: FaceLike | None = index.data(self.face_role)
        if face is not None and face.clickable:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.viewport().unsetCursor()

    def _on_viewport_entered(self) -> None:
        self.viewport().unsetCursor()

    def _on_about_to_be_reset(self) -> None:
        index = self.currentIndex()
        self._kept = index.data(self._key_role) if index.isValid() and self._key_role is not None else None

    def _on_reset(self) -> None:
        """Go on at the same cell, without scrolling to it."""
        self.arrange()
        if self._kept is None or self._key_role is None:
            return
        model = self.model()
        cells = (model.index(row, column) for row in range(model.rowCount()) for column in range(model.columnCount()))
        index = next((cell for cell in cells if cell.data(self._key_role) == self._kept), None)
        if index is not None:
            scrolls = self.hasAutoScroll()
            self.setAutoScroll(False)
            self.setCurrentIndex(index)
            self.setAutoScroll(scrolls)

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        before = dict(self._natural)
        self._measure(range(first.row(), last.row() + 1), range(first.column(), last.column() + 1))
        if self._natural != before:
            self._fit()


class _FrozenColumn(QTableView):
    """The first column once more, over the grid, while the rest scrolls under it."""

    def __init__(self, grid: QTableView) -> None:
        super().__init__(grid)
        self._grid = grid
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hide()

    def update_edge(self, _: int) -> None:
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._grid.horizontalScrollBar().value() > 0:
            painter = QPainter(self.viewport())
            right = self.viewport().width() - 1
            painter.setPen(QColor(current().line))
            painter.drawLine(right, 0, right, self.viewport().height())
            painter.end()


def _dress(view: QTableView) -> None:
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setCornerButtonEnabled(False)
    view.setTabKeyNavigation(False)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    view.verticalHeader().setMinimumSectionSize(HEADING_HEIGHT)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
