"""Fonts from the desktop's own families at the sizes of the tokens, with figures of equal width. Ships no font."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QWidget

from distill_gui.theme.tokens import BASE_SIZE


def base_font() -> QFont:
    """The desktop's text font at 13 px with tabular figures."""
    return _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont), BASE_SIZE)


def number_font(size: int = BASE_SIZE, bold: bool = False) -> QFont:
    """The text font at ``size`` px, for figures that align in a column."""
    font = _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont), size)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    return font


def mono_font(size: int = BASE_SIZE - 1) -> QFont:
    """The desktop's fixed-width font at ``size`` px, for formulas, logs and TOML."""
    return _sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont), size)


def restyle(widget: QWidget) -> None:
    """Make the style sheet look again at a widget whose ``role``, ``kind`` or ``tone`` changed."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def _sized(font: QFont, size: int) -> QFont:
    font.setPixelSize(size)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
