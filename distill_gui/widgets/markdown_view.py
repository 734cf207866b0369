"""Markdown to read or as its source. HTML in it stays text, nothing is loaded and no link is followed. Theme only."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import (
    QColor,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QTextBrowser, QWidget

from distill_gui.theme import XS, L, current, mono_font, notifier

_FEATURES = QTextDocument.MarkdownFeature(
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
_HEAD = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
LINE_HEIGHT = 125  # percent
HEADING_SIZES = {1: 17, 2: 14}  # px, by level


class MarkdownView(QStackedWidget):
    """``set_markdown`` shows a text; ``show_source`` chooses between reading it and seeing its source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._markdown = ""
        self.page = _Page()
        self.source = QPlainTextEdit()
        self.source.setReadOnly(True)
        self.source.setFont(mono_font(12))
        self.source.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        for view in (self.page, self.source):
            view.setProperty("role", "sunken")
            self.addWidget(view)
        notifier().changed.connect(self._on_theme_changed)

    def set_markdown(self, text: str) -> None:
        """Show ``text``; the same text again keeps the place that is read."""
        if text != self._markdown:
            self._markdown = text
            self.source.setPlainText(text)
            self._render()

    def markdown(self) -> str:
        """The text as it was given."""
        return self._markdown

    def show_source(self, source: bool) -> None:
        """Show the source, or the page."""
        self.setCurrentWidget(self.source if source else self.page)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    def _on_theme_changed(self) -> None:
        """Draw anew, and keep the place that is read."""
        bar = self.page.verticalScrollBar()
        place = bar.value()
        self._render()
        bar.setValue(place)

    def _render(self) -> None:
        document = self.page.document()
        # the YAML head is for programs; it is in the source
        document.setMarkdown(_HEAD.sub("", self._markdown).lstrip("\n"), _FEATURES)
        _set_blocks(document)
        for table in document.rootFrame().childFrames():
            if isinstance(table, QTextTable):
                _dress(table)
        self.page.moveCursor(QTextCursor.MoveOperation.Start)


class _Page(QTextBrowser):
    """Reads nothing from anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None


def _set_blocks(document: QTextDocument) -> None:
    """Headings in the sizes of the window, code in its own lines (the page scrolls sideways), air between."""
    block = document.firstBlock()
    while block.isValid():
        form, cursor = block.blockFormat(), QTextCursor(block)
        level = form.headingLevel()
        if level:
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            letters = QTextCharFormat(cursor.charFormat())
            letters.clearProperty(QTextFormat.Property.FontSizeAdjustment)
            letters.setProperty(QTextFormat.Property.FontPixelSize, HEADING_SIZES.get(level, 13))
            cursor.setCharFormat(letters)
            form.setTopMargin(0 if block.position() == 0 else L)
            form.setBottomMargin(XS)
        form.setNonBreakableLines(form.hasProperty(QTextFormat.Property.BlockCodeFence))
        form.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        QTextCursor(block).setBlockFormat(form)  # the selection above reaches into the block before
        block = block.next()


def _dress(table: QTextTable) -> None:
    form = table.format()
    form.setBorderCollapse(True)
    form.setBorder(1)
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    form.setBorderBrush(QColor(current().line))
    form.setCellPadding(5)
    table.setFormat(form)
