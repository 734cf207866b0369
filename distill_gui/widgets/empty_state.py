"""What an empty place says: what belongs here and the one thing to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from distill_gui.theme import XL, L, S, current, notifier
from distill_gui.theme.icons import pixmap
from distill_gui.widgets.buttons import button as make_button
from distill_gui.widgets.labels import heading, label, muted
from distill_gui.widgets.visibility import show_if

TEXT_WIDTH = 420  # px, some 60 characters a line


class EmptyState(QWidget):
    """Icon, title, sentence and at most one button, in the middle of the space; ``clicked`` is the button's."""

    clicked = Signal()

    def __init__(self, icon: str, title: str, text: str, button: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._known = icon, True
        self._picture = label()  # a picture: its text stays empty
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = heading(title)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = muted(text, wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._text.setFixedWidth(TEXT_WIDTH)
        self.button = make_button(button, "primary")
        show_if(self.button, bool(button))
        self.button.clicked.connect(self.clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(S)
        column.addStretch(2)
        for widget in (self._picture, self._title, self._text):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(L - S)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self._draw()
        notifier().changed.connect(self._draw)

    def set(self, title: str, text: str, button: str = "") -> None:
        """Say something else; an empty ``button`` takes the button away."""
        self._title.setText(title)
        self._text.setText(text)
        self.button.setText(button)
        self._show_parts()
        self._fit()

    def set_known(self, known: bool) -> None:
        """Whether it is known that the place is empty; nothing is claimed, and nothing painted, before."""
        self._known = known
        self._show_parts()

    def _show_parts(self) -> None:
        for widget in (self._picture, self._title, self._text):
            show_if(widget, self._known)
        show_if(self.button, self._known and bool(self.button.text()))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        # a wrapped label in a box with alignment is given the height of one line
        self._text.ensurePolished()
        self._text.setFixedHeight(self._text.heightForWidth(TEXT_WIDTH))

    def _draw(self) -> None:
        self._picture.setPixmap(pixmap(self._icon, 40, current().muted, self.devicePixelRatioF()))
