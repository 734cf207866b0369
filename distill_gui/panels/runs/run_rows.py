"""How a run looks in the list, and the list itself: tick, colour, name, state, score. Knows the run list model."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from distill_gui.models.run_list import (
    BASELINE_ROLE,
    COUNT_ROLE,
    DIFFERENCE_ROLE,
    PINNED_ROLE,
    RECORD_ROLE,
    RunListModel,
)
from distill_gui.models.run_text import fraction, score_text, signed, summary
from distill_gui.theme import M, S, current, number_font, run_colour
from distill_gui.theme.icons import pixmap
from distill_gui.widgets.elision import elided_name

ROW, HEADING = 48, 30  # px
BATCH = 500  # rows measured at once: 10,000 took a quarter of a second
BOX, SWATCH, MARK = 14, 10, 12  # px
Index = QModelIndex | QPersistentModelIndex


class RunRows(QListView):
    """The runs, one chosen. A click on the box ticks and chooses nothing; Space ticks."""

    pointed = Signal(object)  # the run under the pointer, None when there is none
    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lit: int | None = None
        delegate = RunDelegate(self)
        delegate.renamed.connect(self.renamed)
        self.setItemDelegate(delegate)
        self.setAccessibleName("Runs")
        self.setMouseTracking(True)
        self.setBatchSize(BATCH)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        self.fit_rows()

    def reset(self) -> None:
        self.fit_rows()  # other groups, or none
        super().reset()

    def dataChanged(self, first: Index, last: Index, roles: Iterable[int] = ()) -> None:
        """Paint anew what has changed. A list view would lay all rows out anew, for every step of a run; no row ever gets
        higher or lower by what is in it."""
        QAbstractItemView.dataChanged(self, first, last, list(roles))

    def fit_rows(self) -> None:
        """Rows of one height are not asked for it one by one; with headings between, some are measured and the rest later."""
        model = self.model()
        uniform = not isinstance(model, RunListModel) or model.group == "none"
        self.setUniformItemSizes(uniform)
        self.setLayoutMode(QListView.LayoutMode.SinglePass if uniform else QListView.LayoutMode.Batched)

    def set_pointed(self, run: int | None) -> None:
        """Light up the run whose curve is under the pointer."""
        self.lit = run
        self.viewport().update()

    def _run_at(self, position: QPoint) -> int | None:
        model = self.model()
        return model.run_at(self.indexAt(position)) if isinstance(model, RunListModel) else None

    def _toggle(self, index: QModelIndex) -> None:
        ticked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        state = Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked
        self.model().setData(index, state, Qt.ItemDataRole.CheckStateRole)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        index = self.indexAt(position)
        box_end = self.visualRect(index).left() + _box(QRect()).right() + S
        if (
            event.button() == Qt.MouseButton.LeftButton
            and self._run_at(position) is not None
            and position.x() < box_end
        ):
            self._toggle(index)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.pointed.emit(self._run_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self._toggle(self.currentIndex())
            return
        super().keyPressEvent(event)


class RunDelegate(QStyledItemDelegate):
    """Paints runs and headings; edits a run's name."""

    renamed = Signal(int, str)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW if index.data(RECORD_ROLE) is not None else HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(RECORD_ROLE) is None:
            self._paint_heading(painter, option.rect, index)
        else:
            self._paint_run(painter, option, index)
        painter.restore()

    def _paint_heading(self, painter: QPainter, area: QRect, index: Index) -> None:
        area = area.adjusted(M, S, -M, 0)
        painter.setPen(QColor(current().muted))
        painter.setFont(number_font(11, bold=True))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, str(index.data()))
        painter.setFont(number_font(11))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{index.data(COUNT_ROLE)}")

    def _paint_run(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours, record, area = current(), index.data(RECORD_ROLE), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        view = option.widget
        lit = isinstance(view, RunRows) and view.lit == record.id
        if chosen or lit or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(colours.accent_soft if chosen else colours.hover))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.line))
        if chosen:
            # a bar at the edge, so that the chosen row is told by more than its colour
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height() - 1), QColor(colours.accent))
        if option.state & QStyle.StateFlag.State_HasFocus and option.state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(area.adjusted(2, 2, -3, -3), 6, 6)
        _paint_box(painter, _box(area), index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(run_colour(record.colour)))
        painter.drawRoundedRect(_swatch(area), 3, 3)

        score = score_text(record.best_score)
        bold = number_font(13, bold=True)
        width = QFontMetrics(bold).horizontalAdvance("100.0")
        number = QRect(area.right() - M - width, area.top(), width, area.height())
        painter.setPen(QColor(colours.text if record.best_score is not None else colours.muted))
        painter.setFont(bold)
        text = _text(area)
        upper, lower = (0, 0, 0, -text.height() // 2), (0, text.height() // 2, 0, 0)
        points = index.data(DIFFERENCE_ROLE)
        if points is not None:
            number = QRect(number.left(), text.top(), number.width(), text.height())
            at = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(number.adjusted(*upper), at, score)
            painter.setPen(QColor(colours.good if points > 0 else colours.bad if points < 0 else colours.muted))
            painter.setFont(number_font(11))
            painter.drawText(number.adjusted(*lower), at, signed(points))
        else:
            painter.drawText(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, score)
        text.setRight(number.left() - S)
        painter.setPen(QColor(colours.text))
        name = text.adjusted(*upper)
        _draw(painter, name, bold, elided_name(QFontMetrics(bold), record.name, name.width()))
        below, said = text.adjusted(*lower), summary(record)
        for role, drawing in ((BASELINE_ROLE, "flag"), (PINNED_ROLE, "pin")):
            if index.data(role) and below.left() == text.left():  # the baseline stands at the top anyway
                mark = QRect(below.left(), below.center().y() - MARK // 2, MARK, MARK)
                painter.drawPixmap(mark, pixmap(drawing, MARK, colours.accent, 2.0))
                below.setLeft(mark.right() + 4)
        if index.data(BASELINE_ROLE):
            said = f"baseline · {said}"
        painter.setPen(QColor(colours.bad if record.state == "failed" else colours.muted))
        small = number_font(11)
        cut = (
            Qt.TextElideMode.ElideMiddle if record.state == "running" else Qt.TextElideMode.ElideRight
        )  # how far it is
        _draw(painter, below, small, QFontMetrics(small).elidedText(said, cut, below.width()))
        if record.state == "running":
            done = QRect(area.left(), area.bottom() - 1, round(area.width() * fraction(record)), 2)
            painter.fillRect(done, QColor(colours.accent))

    # renaming ---------------------------------------------------------------------------------------------------------

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        editor.setAccessibleName("Name of the run")
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        # asked again whenever the run gets on: what a person is typing stays
        name = index.data(Qt.ItemDataRole.EditRole)
        if isinstance(editor, QLineEdit) and not editor.isModified() and editor.text() != name:
            editor.setText(name)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        record = index.data(RECORD_ROLE)
        if isinstance(editor, QLineEdit) and record is not None:
            name = " ".join(editor.text().split())
            if name and name != record.name:
                self.renamed.emit(record.id, name)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        area = _text(option.rect)
        editor.setGeometry(area.left() - S, option.rect.top() + 8, option.rect.right() - M - area.left() + S, 32)


def _box(area: QRect) -> QRect:
    return QRect(area.left() + M, area.top() + (area.height() - BOX) // 2, BOX, BOX)


def _swatch(area: QRect) -> QRect:
    return QRect(_box(area).right() + S + 1, area.top() + (area.height() - SWATCH) // 2, SWATCH, SWATCH)


def _text(area: QRect) -> QRect:
    return QRect(QPoint(_swatch(area).right() + S + 2, area.top() + 6), QPoint(area.right() - M, area.bottom() - 6))


def _paint_box(painter: QPainter, box: QRect, ticked: bool) -> None:
    colours = current()
    painter.setPen(QPen(QColor(colours.accent if ticked else colours.handle), 1))
    painter.setBrush(QColor(colours.accent if ticked else colours.surface))
    painter.drawRoundedRect(box, 4, 4)
    if ticked:
        painter.drawPixmap(box.adjusted(1, 1, -1, -1), pixmap("check", BOX - 2, colours.on_accent, 2.0))


def _draw(painter: QPainter, area: QRect, font: QFont, text: str) -> None:
    painter.setFont(font)
    painter.drawText(
        area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text
    )
