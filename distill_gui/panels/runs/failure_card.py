"""Why a run failed: its sentence, the end of its log, a hint if the cause is known, and Copy. Knows no store."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from distill_gui.models.run_hints import hint
from distill_gui.plain import set_tip
from distill_gui.theme import S, mono_font
from distill_gui.widgets.buttons import button
from distill_gui.widgets.labels import muted
from distill_gui.widgets.notice import Notice
from distill_gui.widgets.visibility import show_if

LINES = 6


class FailureCard(QWidget):
    """Stands where a run that goes well has its tiles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._reason, self._log = "", "", ""
        self.sentence = Notice("bad")
        self.hint = muted(wrap=True)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setProperty("role", "sunken")
        self.log.setFont(mono_font(11))
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setAccessibleName("Last lines of the log")
        self.copy = button("Copy", icon="copy")
        set_tip(self.copy, "Copy the sentence and the last lines of the log")
        below = QHBoxLayout()
        below.setSpacing(S)
        below.addWidget(self.hint, 1)
        below.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addWidget(self.sentence)
        column.addWidget(self.log)
        column.addLayout(below)
        self.copy.clicked.connect(self._on_copy)

    def show_failure(self, state: str, reason: str, log: list[str]) -> None:
        """`log` is the end of the log, a line each."""
        shown = (state, reason, "\n".join(log[-LINES:]))
        if shown == (self._state, self._reason, self._log):
            return
        self._state, self._reason, self._log = shown
        self.sentence.set_tone("bad" if state == "failed" else "warn")
        self.sentence.set_text(f"{state.capitalize()}.", reason or "No reason was stored; the log may tell more.")
        self.hint.setText(hint(reason, "\n".join(log)))
        self.log.setPlainText(self._log)
        self.log.ensurePolished()  # the style sheet decides the size of the font
        line = self.log.cursorRect().height()  # a line's true height; the font's own is rounded down for some fonts
        self.log.setFixedHeight(line * min(LINES, len(log)) + 26)
        show_if(self.log, bool(self._log))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(part for part in (self._reason, self._log) if part))
