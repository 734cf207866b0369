"""The left rail: one button a place, the chosen one in the accent, settings at the foot. Knows no panel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import XS, S
from distill_gui.theme.icons import set_icon

WIDTH = 74  # px, with the hairline at its right
BUTTON_WIDTH, BUTTON_HEIGHT = 62, 54  # px


class Rail(QFrame):
    """``chosen(key)`` when the person chooses a place; ``set_current`` only shows."""

    chosen = Signal(str)
    settings_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setFixedWidth(WIDTH)
        self.setAccessibleName("Places")
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(S - 2, S, S - 2, S)
        column.setSpacing(XS)
        self._places = QVBoxLayout()
        self._places.setSpacing(XS)
        column.addLayout(self._places)
        column.addStretch(1)
        self.settings = _place_button("settings", "Settings", "Settings (Ctrl+,)")
        self.settings.setCheckable(False)
        self.settings.clicked.connect(self.settings_wanted)
        column.addWidget(self.settings)

    def add_place(self, key: str, title: str, icon: str) -> None:
        """Append a place; its number is its shortcut."""
        button = _place_button(icon, title, f"{title} (Ctrl+{len(self._buttons) + 1})")
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(button)
        self._buttons[key] = button
        self._places.addWidget(button)

    def button(self, key: str) -> QToolButton:
        """The button of a place."""
        return self._buttons[key]

    def set_current(self, key: str) -> None:
        """Show the place ``key`` as chosen; "" shows none."""
        if key:
            self._buttons[key].setChecked(True)
            return
        self._group.setExclusive(False)  # an exclusive group would not let go of its last button
        for button in self._buttons.values():
            button.setChecked(False)
        self._group.setExclusive(True)


def _place_button(icon: str, title: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("kind", "place")
    button.setText(title)
    set_tip(button, tip)
    button.setCheckable(True)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setFixedSize(BUTTON_WIDTH, BUTTON_HEIGHT)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    set_icon(button, icon, "muted", checked="accent", size=20)
    return button
