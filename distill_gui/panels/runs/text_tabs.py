"""The two tabs of text: the log as it grows, and the configuration as TOML. Shown as plain text, never interpreted."""

from __future__ import annotations

import re

from PySide6.QtGui import QColor, QGuiApplication, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from distill_gui.models.log_text import KEPT_LINES, LogText
from distill_gui.theme import S, current, mono_font, notifier
from distill_gui.widgets.buttons import button
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import muted


class TextTab(Card):
    """Read-only fixed-width text with Copy."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__("", None, parent)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(mono_font())
        self.text.setProperty("role", "sunken")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(name)
        self.says = muted()
        self.copy = button("Copy", icon="copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        self.bar = QHBoxLayout()
        self.bar.setSpacing(S)
        self.bar.addWidget(self.says, 1)
        self.bar.addWidget(self.copy)
        self.body.addLayout(self.bar)
        self.body.addWidget(self.text, 1)


class LogTab(TextTab):
    """Follows the end of the log until the person scrolls up; the button goes back to the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Log", parent)
        self._log = LogText()
        self.text.setMaximumBlockCount(KEPT_LINES)
        self.to_end = button("Follow the end", "quiet", icon="down")
        self.to_end.hide()
        self.bar.insertWidget(1, self.to_end)
        self.to_end.clicked.connect(self._follow)
        self.text.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._following = True
        self.clear()

    def append(self, piece: str) -> None:
        """Take the next piece of the log."""
        lines = self._log.append(piece)
        if not lines:
            return
        self.text.appendPlainText("\n".join(lines))
        self.says.setText(f"{self.text.blockCount():,} lines")
        if self._following:
            self._follow()

    def clear(self) -> None:
        self._log.clear()
        self.text.clear()
        self.says.setText("Nothing logged yet.")
        self._follow()

    def tail(self, count: int) -> list[str]:
        """The last lines, for a failed run's card."""
        return self._log.tail(count)

    def _follow(self) -> None:
        self._following = True
        self.to_end.hide()
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())

    def _on_scrolled(self, value: int) -> None:
        self._following = value >= self.text.verticalScrollBar().maximum() - 1
        self.to_end.setVisible(not self._following)


class ConfigTab(TextTab):
    """The TOML a run was started with, coloured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Configuration", parent)
        self._colours = TomlColours(self.text.document())
        notifier().changed.connect(self._colours.rehighlight)

    def show_toml(self, toml: str, folder: str) -> None:
        if toml != self.text.toPlainText():
            self.text.setPlainText(toml)
        self.says.setText(folder)


class TomlColours(QSyntaxHighlighter):
    """Sections, keys, strings and comments of TOML in the theme's colours."""

    RULES = (
        (re.compile(r"^\s*\[.*?\]"), "accent", True),
        (re.compile(r"^\s*[\w.\-\"]+(?=\s*=)"), "text", True),
        (re.compile(r"(?<==)\s*.*$"), "text", False),
        (re.compile(r"\"[^\"]*\"(?!\s*=)"), "good", False),
        (re.compile(r"(?:^|(?<=\s))#[^\"]*$"), "muted", False),
    )

    def highlightBlock(self, text: str) -> None:
        for pattern, token, bold in self.RULES:
            style = QTextCharFormat()
            style.setForeground(QColor(getattr(current(), token)))
            if bold:
                style.setFontWeight(600)
            for found in pattern.finditer(text):
                self.setFormat(found.start(), found.end() - found.start(), style)
