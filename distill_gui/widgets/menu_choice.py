"""A word with an arrow that opens a menu of a few choices: for a small switch in a heading. Knows no meaning of the keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from distill_gui.plain import set_tip
from distill_gui.widgets.visibility import show_if

HEIGHT = 22  # px


class MenuChoice(QToolButton):
    """``chosen(key)`` when the person chooses, never when ``show_key`` does. Hidden with fewer than two choices."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        self._choices: tuple[tuple[str, str, str], ...] = ()
        self._shown = ""
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFixedHeight(HEIGHT)
        self.setProperty("fit", "caption")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()

    def set_choices(self, choices: Sequence[tuple[str, str, str]]) -> None:
        """Offer ``(key, text, about)``."""
        if tuple(choices) == self._choices:
            return  # somebody may have the menu open
        self._choices = tuple(choices)
        self._menu.clear()
        self._actions = {}
        for key, text, about in choices:
            action = self._menu.addAction(text)
            set_tip(action, about)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, key=key: self._on_triggered(key))
            self._actions[key] = action
        if choices:
            self.show_key(choices[0][0])
        show_if(self, len(choices) > 1)

    def current(self) -> str:
        """The key of the choice shown."""
        return self._shown

    def action(self, key: str) -> QAction:
        """The menu entry of a choice."""
        return self._actions[key]

    def show_key(self, key: str) -> None:
        """Show the choice ``key``. KeyError if it is not offered."""
        text = self._actions[key].text()
        self._shown = key
        for other, action in self._actions.items():
            action.setChecked(other == key)
        self.setText(f"{text} ▾")
        self.setAccessibleName(f"{text}, one of {len(self._actions)} views")

    def _on_triggered(self, key: str) -> None:
        before = self._shown
        self.show_key(key)
        if key != before:
            self.chosen.emit(key)
