"""Keeps the second click of a double click from what came under the pointer by the first. Knows nothing of the program."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QWindow
from PySide6.QtWidgets import QApplication, QWidget


def swallow_second_click(widget: QWidget) -> None:
    """To be called by what a click closes, moves or replaces: the second click of the same double click then does nothing."""
    window = widget.window().windowHandle()
    if window is not None:
        _Swallowing(window)


class _Swallowing(QObject):
    """Lives as long as a second click can come, or until it has come."""

    def __init__(self, window: QWindow) -> None:
        super().__init__(window)
        self._pressed = False
        window.installEventFilter(self)
        QTimer.singleShot(QApplication.doubleClickInterval(), self, self._on_over)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self._pressed = True
            return True
        if self._pressed and event.type() == QEvent.Type.MouseButtonRelease:
            self._pressed = False
            self.deleteLater()
            return True
        return False

    def _on_over(self) -> None:
        if not self._pressed:
            self.deleteLater()
