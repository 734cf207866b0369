"""Code is as high as its lines, however they break."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.code_block import CodeBlock


def test_height_follows_the_lines_and_nothing_scrolls(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply(qapp, False)
    block = CodeBlock()
    qtbot.addWidget(block)
    block.resize(400, 50)
    block.show()
    block.set_text("one")
    low = block.height()
    block.set_text("one\ntwo")
    assert block.verticalScrollBar().maximum() == 0
    assert 0 <= block.height() - low - block.fontMetrics().lineSpacing() <= 1, "one line more"
    block.set_text("x" * 300)
    wide = block.height()
    assert wide > low and block.verticalScrollBar().maximum() == 0
    block.resize(200, wide)
    qtbot.waitUntil(lambda: block.height() > wide and block.verticalScrollBar().maximum() == 0)
    assert block.isReadOnly() and block.toPlainText() == "x" * 300
