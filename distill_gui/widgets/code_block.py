"""A few lines of code to copy, as high as they need to be; long names break anywhere. Theme only."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetricsF, QResizeEvent, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from distill_gui.theme import mono_font

PADDING = 12  # px, the style's and the document's own


class CodeBlock(QPlainTextEdit):
    """Read-only; ``set_text`` fits the height to the lines as they are broken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setProperty("role", "sunken")
        self.setFont(mono_font())
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTabChangesFocus(True)

    def set_text(self, text: str) -> None:
        """Show ``text`` as it is."""
        self.setPlainText(text)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # a plain document measures its height in lines
        lines = max(1, round(self.document().size().height()))
        line = ceil(QFontMetricsF(self.font()).lineSpacing())  # lines are laid out on whole pixels
        self.setFixedHeight(lines * line + 2 * PADDING)
