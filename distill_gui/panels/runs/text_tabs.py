"""The two tabs of text: the log as it grows, and the configuration as TOML. Shown as plain text, never interpreted."""

from __future__ import annotations

import re

from PySide6.QtGui import QColor, QGuiApplication, QSyntaxHighlighter, QTextCharFormat, QTextCursor
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
    """Follows the end of the log until the person scrolls up or selects text; the button goes back to the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Log", parent)
        self._log = LogText()
        self.text.setMaximumBlockCount(KEPT_LINES)
        self.to_end = button("Follow the end", "quiet", icon="down")
        self.to_end.hide()
        self.bar.insertWidget(1, self.to_end)
        self.to_end.clicked.connect(self._on_follow_wanted)
        self.text.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._following = True
        self.clear()

    def append(self, piece: str) -> None:
        """Take the next piece of the log."""
        lines = self._log.append(piece)
        if not lines:
            return
        bar, end = self.text.verticalScrollBar(), QTextCursor(self.text.document())
        end.movePosition(QTextCursor.MoveOperation.End)
        end.setKeepPositionOnInsert(True)
        chosen, before, seen = self.text.textCursor(), end.position(), bar.value()
        at_end = [place == before for place in (chosen.anchor(), chosen.position())]
        gone = max(0, self.text.blockCount() + len(lines) - KEPT_LINES)
        following = self._following and not chosen.hasSelection()
        self.text.appendPlainText("\n".join(lines))
        held = self.text.blockCount()
        self.says.setText(f"The last {held:,} lines" if held == KEPT_LINES else f"{held:,} lines")
        if chosen.hasSelection() and any(at_end):  # Qt would stretch it over what was added
            self._choose(
                *(end.position() if last else place for last, place in zip(at_end, self._places(), strict=True))
            )
        if following:
            self._follow()
        else:
            bar.setValue(max(0, seen - gone))  # the lines being read stay where they are
            self._on_scrolled(bar.value())

    def _places(self) -> tuple[int, int]:
        return self.text.textCursor().anchor(), self.text.textCursor().position()

    def _choose(self, anchor: int, position: int) -> None:
        cursor = self.text.textCursor()
        cursor.setPosition(anchor)
        cursor.setPosition(position, QTextCursor.MoveMode.KeepAnchor)
        self.text.setTextCursor(cursor)

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

    def _on_follow_wanted(self) -> None:
        self._choose(*2 * (self._places()[1],))  # what is selected holds the end back
        self._follow()

    def _on_scrolled(self, value: int) -> None:
        self._following = value >= self.text.verticalScrollBar().maximum() - 1
        self.to_end.setVisible(not self._following)


class ConfigTab(TextTab):
    """The TOML a run was started with, coloured."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Configuration", parent)
        self._toml = ""
        self._colours = TomlColours(self.text.document())
        notifier().changed.connect(self._colours.rehighlight)

    def show_toml(self, toml: str, folder: str) -> None:
        if (
            toml != self._toml
        ):  # not what the editor holds: it keeps another kind of blank, and would be filled for ever
            self._toml = toml
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
