"""A short message over the lower edge of a window that goes by itself; it waits while the pointer or the keyboard is on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QCloseEvent, QColor, QEnterEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QWidget

from distill_gui.theme import L, M, S
from distill_gui.widgets.buttons import button, icon_button
from distill_gui.widgets.labels import label
from distill_gui.widgets.second_click import swallow_second_click
from distill_gui.widgets.visibility import show_if

SHOWN_MS = 7000
ABOVE_BAR = 56  # px from the window's lower edge, clear of the bottom bar
TEXT_WIDEST = 320  # px, longer texts wrap
_NUMBERS = count()
_LONG_WORD = re.compile(r"[^\s/\\-]{36}(?=[^\s/\\-])")  # what Qt would not break, about as wide as TEXT_WIDEST
MOST = 5  # at once; a queue of short runs says more than anybody reads


class Toast(QFrame):
    """One message with at most one action. Made by ``show_toast``; destroys itself when it goes."""

    def __init__(self, window: QWidget, text: str, action: str = "", on_action: Callable[[], None] | None = None):
        super().__init__(window)
        self._window = window
        self.number = next(_NUMBERS)
        self.setProperty("role", "toast")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(text)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(24)
        shadow.setOffset(0, 4)
        shadow.setColor(QColor(0, 0, 0, 60))
        self.setGraphicsEffect(shadow)
        row = QHBoxLayout(self)
        row.setContentsMargins(L, S, S, S)
        row.setSpacing(M)
        self.label = label(_LONG_WORD.sub("\\g<0>\u200b", text), wrap=True)  # a space of no width
        self.label.ensurePolished()
        self.label.setMinimumWidth(min(TEXT_WIDEST, self.label.fontMetrics().horizontalAdvance(text) + 2))
        row.addWidget(self.label, 1)
        self.action = button(action, "quiet")
        show_if(self.action, bool(action))
        self.action.clicked.connect(lambda: self._act(on_action))
        row.addWidget(self.action)
        dismiss = icon_button("close", "Dismiss")
        dismiss.clicked.connect(lambda: self._act(None))
        row.addWidget(dismiss)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(SHOWN_MS)
        self.timer.timeout.connect(self._on_time_over)
        self.lasts = False  # until someone acts on it or dismisses it
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._window:
            _place(self._window)
        return False

    def enterEvent(self, event: QEnterEvent) -> None:
        self.timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.wait()
        super().leaveEvent(event)

    def wait(self) -> None:
        """Go in a while, unless it lasts."""
        if not self.lasts:
            self.timer.start()

    def _on_time_over(self) -> None:
        if self._has_keyboard():
            self.wait()  # someone is about to press its button
        else:
            self.close()

    def _has_keyboard(self) -> bool:
        focused = self.focusWidget()
        return focused is not None and focused.hasFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if self._has_keyboard():
            self._window.setFocus()  # else Qt hands it to the next best button
        self.hide()
        _place(self._window)

    def _act(self, on_action: Callable[[], None] | None) -> None:
        swallow_second_click(self)  # the toast above comes down to where this one was
        self.close()
        if on_action is not None:
            on_action()


def show_toast(
    window: QWidget, text: str, action: str = "", on_action: Callable[[], None] | None = None, lasts: bool = False
) -> Toast:
    """Show ``text`` over ``window`` for some seconds, or as long as it takes, with a button ``action`` that calls
    ``on_action``."""
    # those that last go last
    shown = sorted((old for old in _toasts(window) if not old.isHidden()), key=lambda old: old.lasts)
    for old in shown[: max(0, len(shown) + 1 - MOST)]:
        old.close()
    toast = Toast(window, text, action, on_action)
    toast.lasts = lasts
    toast.show()
    _place(window)
    toast.wait()
    QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))
    return toast


def _toasts(window: QWidget) -> list[Toast]:
    """The oldest first; Qt's own order changes when one is raised."""
    found = window.findChildren(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return sorted(found, key=lambda toast: toast.number)


def _place(window: QWidget) -> None:
    """Stack the toasts of ``window`` in the middle of its lower edge, the newest lowest."""
    bottom = window.height() - ABOVE_BAR
    for toast in reversed(_toasts(window)):
        if toast.isHidden():
            continue
        width = min(toast.sizeHint().width(), window.width() - 2 * L)
        height = max(toast.heightForWidth(width), toast.minimumSizeHint().height())
        toast.setGeometry((window.width() - width) // 2, bottom - height, width, height)
        toast.raise_()
        bottom -= height + S
