"""Markdown is read without HTML, without loading anything, and without its YAML head."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.markdown_view import HEADING_SIZES, MarkdownView

TEXT = '---\ntags: ["x"]\n---\n\n# Name\n\nA **bold** word.\n\n| a | b |\n| :-- | --: |\n| 1 | 2 |\n\n```python\nx = 1\n```\n'


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> MarkdownView:
    theme.apply(qapp, False)
    made = MarkdownView()
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_page_reads_and_the_source_is_exact(view: MarkdownView) -> None:
    view.set_markdown(TEXT)
    page = view.page.toPlainText()
    assert page.startswith("Name") and "tags" not in page and "**" not in page and "x = 1" in page
    assert view.source.toPlainText() == TEXT == view.markdown()
    assert view.currentWidget() is view.page
    view.show_source(True)
    assert view.currentWidget() is view.source and view.source.isReadOnly()


def test_headings_have_the_window_s_sizes(view: MarkdownView) -> None:
    view.set_markdown("# One\n\ntext\n\n## Two\n")
    sizes = {}
    block = view.page.document().firstBlock()
    while block.isValid():
        for piece in block.textFormats():
            sizes[block.text()] = piece.format.font().pixelSize()
        block = block.next()
    assert sizes["One"] == HEADING_SIZES[1] and sizes["Two"] == HEADING_SIZES[2]


def test_html_is_text_and_nothing_is_loaded(view: MarkdownView, tmp_path: Path) -> None:
    picture = tmp_path / "x.png"
    picture.write_bytes(b"")
    view.set_markdown(f"<b>not bold</b> <img src='file://{picture}'>\n\n![p](file://{picture})\n")
    assert "<b>not bold</b>" in view.page.toPlainText()
    assert (
        view.page.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl.fromLocalFile(str(picture))) is None
    )
    assert not view.page.openLinks() and not view.page.openExternalLinks()


def test_the_theme_redraws_it_and_the_same_text_keeps_the_place(view: MarkdownView, qapp: QApplication) -> None:
    view.resize(300, 200)
    view.set_markdown(TEXT + "\n\nline" * 80)
    bar = view.page.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    view.set_markdown(view.markdown())
    assert bar.value() == before > 0
    theme.apply(qapp, True)
    assert view.page.toPlainText().startswith("Name")


def test_code_keeps_its_lines_also_before_a_heading(view: MarkdownView) -> None:
    view.set_markdown("Words.\n\n```python\nfirst = 1\n\nlast = 2\n```\n\n## Scores\n\nMore words.\n")
    block, whole = view.page.document().firstBlock(), {}
    while block.isValid():
        whole[block.text()] = block.blockFormat().nonBreakableLines()
        block = block.next()
    assert whole == {
        "Words.": False,
        "first = 1": True,
        "": True,
        "last = 2": True,
        "Scores": False,
        "More words.": False,
    }
