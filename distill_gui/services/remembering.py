"""Writes down what a person chose a little later, so that a slider on its way is not written at every step. No widget."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

DELAY_MS = 500


class Remembering(QObject):
    """``soon`` as often as something changes; ``now`` before the end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._due: dict[str, Callable[[], None]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.now)

    def soon(self, what: str, keep: Callable[[], None]) -> None:
        """Call ``keep`` once nothing has changed for a while; only the latest one of a name."""
        self._due[what] = keep
        self._timer.start()

    def now(self) -> None:
        """Call what is due."""
        self._timer.stop()
        while self._due:
            self._due.popitem()[1]()
