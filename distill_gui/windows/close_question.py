"""What to do with active runs when the window closes: the one question it asks. Knows only how many."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.theme import XL, L, S
from distill_gui.widgets.buttons import button
from distill_gui.widgets.labels import muted, title

Answer = Literal["keep", "stop", "cancel"]


class CloseQuestion(QDialog):
    """``answer`` is "keep" (running in the background; the default), "stop" (and keep what was learnt) or "cancel"."""

    def __init__(self, active: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        one = active == 1
        self.answer: Answer = "cancel"
        self.setWindowTitle("Close the window?")
        heading = title("A run is active" if one else f"{active} runs are active")
        text = muted(
            f"{'It goes' if one else 'They go'} on in the background when the window closes, and the next window finds "
            f"{'it' if one else 'them'} again. Stopping keeps the student, the curves and the log as they are now.",
            wrap=True,
        )
        text.setMinimumWidth(430)
        self.keep_button = button("Keep running in the background", "primary")
        self.stop_button = button("Stop and keep", "danger")
        self.cancel_button = button("Cancel")
        self.keep_button.clicked.connect(lambda: self._take("keep"))
        self.stop_button.clicked.connect(lambda: self._take("stop"))
        self.cancel_button.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.cancel_button)
        row.addStretch(1)
        row.addWidget(self.stop_button)
        row.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(S)
        column.addWidget(heading)
        column.addWidget(text)
        column.addSpacing(L)
        column.addLayout(row)
        self.keep_button.setFocus(Qt.FocusReason.OtherFocusReason)  # so Enter keeps; after a Tab it is the ringed one

    def _take(self, answer: Answer) -> None:
        self.answer = answer
        self.accept()


def ask_close(parent: QWidget, active: int) -> Answer:
    """Ask and wait; Escape and closing the question count as "cancel"."""
    question = CloseQuestion(active, parent)
    question.exec()
    question.deleteLater()
    return question.answer
