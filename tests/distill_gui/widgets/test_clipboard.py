"""Formatted text in the clipboard: there for pasting, and harmless at the program's end."""

from __future__ import annotations

import subprocess
import sys

from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from distill_gui.widgets.clipboard import copy_html


def test_both_as_formatted_text_and_as_source(qtbot: QtBot) -> None:
    copy_html("<b>89.0</b>")
    found = QGuiApplication.clipboard().mimeData()
    assert found.html() == found.text() == "<b>89.0</b>"


def test_the_program_ends_in_order_with_it_in_the_clipboard() -> None:
    code = (
        "from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from distill_gui.widgets.clipboard import copy_html; copy_html('<b>1</b>')"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
