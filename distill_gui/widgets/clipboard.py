"""Puts formatted text into the clipboard in a way that survives the end of the program. Knows nothing of what is copied."""

from __future__ import annotations

import atexit
from functools import cache

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication


def copy_html(html: str) -> None:
    """Copy ``html`` as formatted text for a word processor and, as its source, for an editor."""
    data = QMimeData()
    data.setText(html)
    data.setHtml(html)
    QGuiApplication.clipboard().setMimeData(data)
    _let_go_at_exit()


@cache
def _let_go_at_exit() -> None:
    """A QMimeData made in Python that is still in the clipboard at exit makes Qt crash: its text is put in its place."""
    atexit.register(_let_go)


def _let_go() -> None:
    if QGuiApplication.instance() is not None:
        clipboard = QGuiApplication.clipboard()
        if clipboard.mimeData().html() == clipboard.text() != "":  # still what was put there, by nobody else
            clipboard.setText(clipboard.text())
