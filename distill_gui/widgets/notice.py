"""A coloured box with something to know: the first words bold, the rest in running text."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from distill_gui.theme import M, S, restyle
from distill_gui.widgets.badge import TONES
from distill_gui.widgets.visibility import show_if


class Notice(QFrame):
    """Hidden while it has nothing to say."""

    def __init__(self, tone: str = "info", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "notice")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setMinimumWidth(1)  # one long word, such as a path, widens no column past what is in sight
        # rich text only for the one pair of <b>: what is shown is escaped in set_text
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(M, S, M, S)
        row.addWidget(self._label)
        self._plain = ""
        self.set_tone(tone)
        self.hide()

    def set_text(self, bold: str, text: str = "") -> None:
        """Show ``bold`` and then ``text``, both as plain text whatever is in them; two empty strings hide the box."""
        self._plain = f"{bold} {text}".strip()
        self._label.setText(f"<b>{_escaped(bold)}</b> {_escaped(text)}")
        self.setAccessibleName(self._plain)
        show_if(self, bool(self._plain))

    def set_tone(self, tone: str) -> None:
        """Change the colour to one of the badge's tones."""
        if tone not in TONES:
            raise ValueError(f"notice tone is {tone!r}: choose one of {', '.join(TONES)}")
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            restyle(self)
            restyle(self._label)

    def text(self) -> str:
        """What is said, without markup."""
        return self._plain


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
