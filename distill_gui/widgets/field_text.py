"""A line to type into, with room at its right for a note, suggestions and a folder button. Knows no meaning of the text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QFileInfo, QPoint, QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QSizePolicy, QStyle, QStyleOptionFrame, QToolButton, QWidget

from distill_gui.theme import restyle
from distill_gui.widgets.field_button import SIDE, field_button
from distill_gui.widgets.labels import caption

EDGE = 4  # px between the buttons and the frame
GAP = 6  # px between text, note and buttons


class TextField(QLineEdit):
    """``edited(text)`` when the person types or picks a suggestion, ``browse_clicked`` for the folder button.

    The note gives way to a long text; a long text without the focus shows its end, where names of folders differ.
    """

    edited = Signal(str)
    browse_clicked = Signal()

    def __init__(self, browse: bool = False, elide_left: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._elide = Qt.TextElideMode.ElideLeft if elide_left else Qt.TextElideMode.ElideRight
        self._suggestions: tuple[str, ...] = ()
        # Each is made when first needed: a form has some twenty of these lines, and most are a bare line.
        self._note: QLabel | None = None
        self._suggest: QToolButton | None = None
        self._browse: QToolButton | None = None
        if browse:
            self._browse = self._button("folder", "Choose a folder…")
            self._browse.clicked.connect(self.browse_clicked)
        self.textEdited.connect(self.edited)
        self.textChanged.connect(self._place)
        self._place()

    def _button(self, icon: str, name: str) -> QToolButton:
        made = field_button(icon, name, parent=self)
        made.setCursor(Qt.CursorShape.ArrowCursor)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Alt+Down and Ctrl+Down reach them from the line
        return made

    # what is shown ----------------------------------------------------------------------------------------------------

    def set_text(self, text: str) -> None:
        """Show ``text``. Does not emit; the cursor stays where it was if it can."""
        if text != self.text():
            with QSignalBlocker(self):
                cursor = self.cursorPosition()
                self.setText(text)
                self.setCursorPosition(min(cursor, len(text)) if self.hasFocus() else 0)
            self._place()

    def set_note(self, text: str) -> None:
        """What stands muted at the right: a size, a count, a unit."""
        if text == self.note():
            return
        if self._note is None:
            self._note = caption("", self)
            self._note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._note.setText(text)
        self._place()

    def note(self) -> str:
        """The note, shown or not."""
        return "" if self._note is None else self._note.text()

    def set_suggestions(self, texts: Sequence[str]) -> None:
        """Offer these texts in a menu; none takes the button away."""
        if tuple(texts) == self._suggestions:
            return
        self._suggestions = tuple(texts)
        if self._suggest is None:
            self._suggest = self._button("down", "Suggestions")
            self._suggest.clicked.connect(self.open_suggestions)
        self._suggest.setVisible(bool(texts))
        self._place()

    def set_invalid(self, invalid: bool) -> None:
        """Frame it in the colour of faults. Say the fault in words too."""
        if bool(self.property("invalid")) != invalid:
            self.setProperty("invalid", invalid)
            restyle(self)

    def suggestions(self) -> tuple[str, ...]:
        return self._suggestions

    def open_suggestions(self) -> None:
        """Show the menu of suggestions under the field."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setMinimumWidth(self.width())
        for text in self._suggestions:
            action = menu.addAction(text.replace("&", "&&"))
            action.triggered.connect(lambda _=False, text=text: self._on_suggestion(text))
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def _on_suggestion(self, text: str) -> None:
        if text != self.text():
            self.set_text(text)
            self.edited.emit(text)

    # drawing ----------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        down = event.key() == Qt.Key.Key_Down
        if down and event.modifiers() == Qt.KeyboardModifier.AltModifier and self._suggestions:
            self.open_suggestions()
        elif down and event.modifiers() == Qt.KeyboardModifier.ControlModifier and self._browse is not None:
            self.browse_clicked.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files go to what is around the field, and a folder into one that has a button for it: never as file://…"""
        if event.mimeData().hasUrls():
            event.setAccepted(bool(self._dropped_folder(event)))
        else:
            super().dragEnterEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasUrls():
            event.setAccepted(bool(self._dropped_folder(event)))
        else:
            super().dragMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if not event.mimeData().hasUrls():
            super().dropEvent(event)
        elif folder := self._dropped_folder(event):
            event.acceptProposedAction()
            self._on_suggestion(folder)
        else:
            event.ignore()

    def _dropped_folder(self, event: QDropEvent) -> str:
        """The folder carried over this field, "" where it is none or does not belong here."""
        urls = event.mimeData().urls()
        path = urls[0].toLocalFile() if len(urls) == 1 else ""
        return path if self._browse is not None and path and QFileInfo(path).isDir() else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus() or not self.text() or self._text_width() <= self._room().width():
            super().paintEvent(event)
            return
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        room = self._room()
        text = self.fontMetrics().elidedText(self.text(), self._elide, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        painter.end()

    def _room(self) -> QRect:
        """Where the text is drawn."""
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        return room.marginsRemoved(self.textMargins()).adjusted(2, 0, -2, 0)

    def _text_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(self.text())

    def _place(self) -> None:
        """Put buttons and note to the right; the note only where the text leaves room for it."""
        x, top = self.width() - EDGE, (self.height() - SIDE) // 2
        for button in (self._browse, self._suggest if self._suggestions else None):
            if button is not None:
                x -= SIDE
                button.move(x, top)
        buttons = self.width() - x
        right = buttons + GAP if buttons > EDGE else 2 * EDGE
        wide = self._place_note(right)
        self.setTextMargins(0, 0, right + wide - 2 * EDGE, 0)

    def _place_note(self, right: int) -> int:
        """Put the note ``right`` px from the end if the text leaves room for it; the width that it takes then."""
        if self._note is None:
            return 0
        self._note.adjustSize()
        wide = self._note.width() + GAP
        fits = 2 * EDGE + self._text_width() + wide + right <= self.width()
        self._note.setVisible(bool(self._note.text()) and fits)
        self._note.move(self.width() - right - self._note.width(), (self.height() - self._note.height()) // 2)
        return wide if self._note.isVisibleTo(self) else 0
