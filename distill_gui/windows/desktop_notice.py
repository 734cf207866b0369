"""A notification of the desktop's own, for a person who is in another window. Knows no runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme.emblem import app_icon
from distill_gui.version import NAME

SHOWN_MS = 30_000  # how long the icon stands in the tray: a click is only heard while it does


class DesktopNotice(QObject):
    """One at a time, the latest. Its icon is in the tray only while there is something to say."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._on_click: Callable[[], None] | None = None
        self.tray = QSystemTrayIcon(app_icon(), self)
        set_tip(self.tray, NAME)
        self.tray.messageClicked.connect(self._on_clicked)
        self.tray.activated.connect(self._on_clicked)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MS)
        self._timer.timeout.connect(self.hide)

    def show(self, heading: str, text: str, on_click: Callable[[], None]) -> bool:
        """Say it; ``on_click`` is called if the person clicks it. False where this desktop has no place for it."""
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return False
        self._on_click = on_click
        self.tray.show()
        # desktops may read the text as markup, and differ in it: a name's “<” begins none as “‹”
        heading, text = (words.replace("<", "‹") for words in (heading, text))
        self.tray.showMessage(heading, text, app_icon(), SHOWN_MS)
        self._timer.start()
        return True

    def hide(self) -> None:
        """Take it away; nothing comes of a click any more."""
        self._timer.stop()
        self._on_click = None
        self.tray.hide()

    def _on_clicked(self) -> None:
        on_click = self._on_click
        self.hide()
        if on_click is not None:
            on_click()
