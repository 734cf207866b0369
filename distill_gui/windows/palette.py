"""The command palette: type a few letters of what is wanted, press Return. Lies over the window; knows no commands itself."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from distill_gui.models.palette import COMMAND_ROLE, PLACES_ROLE, Command, Index, PaletteModel
from distill_gui.theme import M, S, current, number_font
from distill_gui.widgets.labels import caption, line
from distill_gui.widgets.visibility import show_if

WIDTH, TOP, ROW, MOST_ROWS = 640, 72, 34, 11  # px, rows
STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -MOST_ROWS, Qt.Key.Key_PageDown: MOST_ROWS}


class CommandPalette(QFrame):
    """``chosen(command)`` once, and it is gone; ``gone`` also when it was left without a choice. ``outdated`` instead of
    ``chosen`` where the command would now do something else than it says: other ones are wanted."""

    chosen = Signal(object)
    outdated = Signal()
    gone = Signal()

    def __init__(self, model: PaletteModel, window: QWidget) -> None:
        super().__init__(window)
        self._model, self._window = model, window
        before: QWidget | None = window.focusWidget()
        self._before, self._beyond = before, None
        if before is not None:
            # a field in which a run is renamed goes as soon as the keyboard leaves it: then what it lies in has it back
            before.destroyed.connect(self._on_before_gone)
            self._beyond = _taker_beyond(before, window)
        self.setProperty("role", "toast")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Command palette")
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(40)
        shadow.setOffset(0, 8)
        shadow.setColor(QColor(0, 0, 0, 90))
        self.setGraphicsEffect(shadow)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type a command, a place or a run…")
        self.field.setAccessibleName("Command, place or run")
        self.rows = QListView()
        self.rows.setModel(model)
        self.rows.setItemDelegate(_CommandDelegate(self.rows))
        self.rows.setAccessibleName("Commands")
        self.rows.setUniformItemSizes(True)
        self.rows.setMouseTracking(True)
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = caption("Nothing is called that.")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setMinimumHeight(2 * ROW)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, M, M, M)
        column.setSpacing(S)
        for widget in (self.field, line(), self.nothing, self.rows):
            column.addWidget(widget)
        self.field.textChanged.connect(model.set_typed)
        self.field.installEventFilter(self)
        self.rows.clicked.connect(self._on_clicked)
        self.rows.selectionModel().currentChanged.connect(self._tell)
        model.modelReset.connect(self._on_found)
        window.installEventFilter(self)
        self._on_found()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _on_found(self) -> None:
        first = self._model.index(self._model.first_chosen())
        self.rows.setCurrentIndex(first)
        self._tell(first)
        self._fit()

    def _tell(self, index: QModelIndex) -> None:
        """Who hears the window is told what Return would do: the keyboard stays in the field."""
        self.field.setAccessibleDescription(index.data(Qt.ItemDataRole.AccessibleTextRole) or self.nothing.text())

    def _fit(self) -> None:
        """As high as what is found, in the middle of the window's upper part."""
        count = self._model.rowCount()
        show_if(self.nothing, count == 0)
        show_if(self.rows, count > 0)
        self.rows.setFixedHeight(ROW * min(MOST_ROWS, max(1, count)) + 2)
        width = min(WIDTH, self._window.width() - 2 * M)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((self._window.width() - width) // 2, TOP)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.Resize:
                self._fit()
            elif event.type() in (QEvent.Type.WindowBlocked, QEvent.Type.MouseButtonPress):
                self.close()  # a dialog opens over the window; a click beside it, on what takes none itself
            return False
        if isinstance(event, QFocusEvent) and event.lostFocus():
            own_menu = event.reason() == Qt.FocusReason.PopupFocusReason
            if not own_menu and QApplication.activeWindow() is self._window:
                self._go()  # a click beside it; when another window comes to the front it stays
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # a click on its edge is none beside it

    def _on_key(self, event: QKeyEvent) -> bool:
        key, count = event.key(), self._model.rowCount()
        if key == Qt.Key.Key_Escape:
            self.close()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.rows.currentIndex().row())
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            pass  # there is nowhere else to go
        elif key in STEPS and count:
            row = self.rows.currentIndex().row() + STEPS[Qt.Key(key)]
            one = abs(STEPS[Qt.Key(key)]) == 1
            self.rows.setCurrentIndex(self._model.index(row % count if one else min(max(row, 0), count - 1)))
        else:
            return False
        return True

    def _on_clicked(self, index: QModelIndex) -> None:
        self._choose(index.row())

    def _choose(self, row: int) -> None:
        command = self._model.command(row)
        if command is not None and not command.still():
            self.outdated.emit()
            return
        if command is None or command.why_not:
            return
        self._model.use(command)
        self.close()
        self.chosen.emit(command)

    def close(self) -> bool:
        """Go, with the focus back where it was."""
        return self._go(focus_back=True)

    def _go(self, focus_back: bool = False) -> bool:
        if self.isHidden():
            return True
        self._window.removeEventFilter(self)
        self.field.removeEventFilter(self)
        self.hide()
        if focus_back:
            found = (widget for widget in (self._before, self._beyond) if widget is not None and widget.isVisible())
            # else the next best button of the window would have it, with a ring that nobody asked for
            next(found, self._window).setFocus(Qt.FocusReason.OtherFocusReason)
        self.gone.emit()
        return super().close()

    def _on_before_gone(self) -> None:
        self._before = None


def _taker_beyond(widget: QWidget, window: QWidget) -> QWidget | None:
    """The nearest of what a widget lies in that takes the keyboard itself, None if only the window does."""
    beyond = widget.parentWidget()
    while beyond is not None and beyond is not window:
        if beyond.focusPolicy() != Qt.FocusPolicy.NoFocus and beyond.focusProxy() is None:
            return beyond
        beyond = beyond.parentWidget()
    return None


class _CommandDelegate(QStyledItemDelegate):
    """Title with the typed letters marked, where it belongs; at the right the shortcut, or why it cannot be done now."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours, area, command = current(), QRect(option.rect), index.data(COMMAND_ROLE)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent_soft if chosen else colours.hover))
            painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 6, 6)
        if chosen:
            # a bar at the edge, so that the chosen row is told by more than its colour
            painter.fillRect(QRect(area.left(), area.top() + 6, 3, area.height() - 12), QColor(colours.accent))
        inside = area.adjusted(M, 0, -M, 0)
        small = number_font(11)
        said = command.why_not or command.keys
        width = min(QFontMetrics(small).horizontalAdvance(said), inside.width() // 2)
        _draw(painter, inside, small, said, colours.muted, width, right=True)
        inside.setRight(inside.right() - width - M)
        # of names that begin alike the end tells them apart, and where even that does not the number of the run
        beside = min(QFontMetrics(small).horizontalAdvance(command.where), inside.width() // 4)
        room = inside.adjusted(0, 0, -(beside + M) if beside else 0, 0)
        used = self._paint_title(painter, room, command, index.data(PLACES_ROLE) or ())
        inside.setLeft(inside.left() + used + M)
        _draw(painter, inside, small, command.where, colours.disabled if command.why_not else colours.muted)
        painter.restore()

    def _paint_title(self, painter: QPainter, area: QRect, command: Command, places: tuple[int, ...]) -> int:
        """Letter by letter where some are marked; returns the width."""
        colours, plain, bold = current(), number_font(13), number_font(13, bold=True)
        ink = colours.disabled if command.why_not else colours.text
        metrics = QFontMetrics(bold if places else plain)
        title = metrics.elidedText(command.title, Qt.TextElideMode.ElideMiddle, area.width())
        marked = places_in(title, command.title, places)
        left, at = area.left(), 0
        while at < len(title) and left < area.right():
            end = at + 1
            while end < len(title) and (end in marked) == (at in marked):
                end += 1
            rest = QRect(left, area.top(), area.right() - left + 1, area.height())
            strong = at in marked
            colour = colours.accent if strong and not command.why_not else ink
            left += _draw(painter, rest, bold if strong else plain, title[at:end], colour)
            at = end
        return left - area.left()


def places_in(shown: str, whole: str, places: Iterable[int]) -> set[int]:
    """Where the letters at ``places`` of ``whole`` stand in ``shown``, from which a middle part is left out for one "…"."""
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shown, whole, strict=False)))
    back = len(whole) - len(shown)
    return {place if place < head else place - back for place in places if place < head or place - back > head}


def _draw(
    painter: QPainter, area: QRect, font: QFont, text: str, colour: str, width: int | None = None, right: bool = False
) -> int:
    """Draw one line, elided; returns its width."""
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() if width is None else width + 1)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
    return metrics.horizontalAdvance(shown)
