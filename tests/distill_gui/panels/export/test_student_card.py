"""The student in figures."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.models.export import Facts
from distill_gui.panels.export.student_card import StudentCard


def test_every_fact_is_shown_as_plain_text(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply(qapp, False)
    card = StudentCard()
    qtbot.addWidget(card)
    card.set("a <b>name</b>", "MRPC · 3 × 384", Facts("17.4 M", "69.8 MB", "84.1", "F1", "88.9", "stopped", "A note."))
    card.show()
    assert card.tile("Parameters").value() == "17.4 M" and card.tile("Teacher").value() == "88.9"
    texts = [label.text() for label in card.findChildren(QLabel)]
    assert {"a <b>name</b>", "MRPC · 3 × 384 · A note.", "stopped", "F1, validation", "Teacher, validation"} <= set(
        texts
    )
