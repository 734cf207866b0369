"""Fonts: figures of one width, and widgets that look again after a property changed."""

from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply, current, mono_font, number_font, restyle


def test_figures_have_one_width(qapp: QApplication) -> None:
    metrics = QFontMetricsF(number_font(18, bold=True))
    assert len({round(metrics.horizontalAdvance(figure), 3) for figure in "0123456789"}) == 1
    assert number_font(18, bold=True).weight() == QFont.Weight.DemiBold


def test_mono_is_fixed_in_width(qapp: QApplication) -> None:
    metrics = QFontMetricsF(mono_font())
    assert metrics.horizontalAdvance("i") == metrics.horizontalAdvance("M")
    assert mono_font(11).pixelSize() == 11


def test_restyle_makes_a_changed_property_count(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    label = QLabel("x")
    qtbot.addWidget(label)
    label.ensurePolished()
    label.setProperty("role", "muted")
    restyle(label)
    assert label.palette().color(label.foregroundRole()).name().upper() == current().muted
