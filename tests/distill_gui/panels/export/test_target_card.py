"""The form obeys: it locks while busy or in trouble, lists what it is told, and tells only what the person did."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.panels.export.target_card import BUSY, EXPORT, TargetCard


@pytest.fixture
def card(qtbot: QtBot, qapp: QApplication) -> TargetCard:
    theme.apply(qapp, False)
    made = TargetCard()
    qtbot.addWidget(made)
    made.set_formats([("huggingface", "Hugging Face folder", "loads"), ("onnx", "ONNX", "runs")])
    made.show()
    return made


def test_the_program_sets_in_silence_and_the_person_is_heard(card: TargetCard, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(card.folder_changed):
        card.set_folder("/a")
    with qtbot.waitSignal(card.folder_changed) as told:
        card.folder.setText("/b")
    assert told.args == ["/b"]


def test_trouble_and_work_lock_the_button_each_for_itself(card: TargetCard) -> None:
    card.set_trouble("")
    assert card.button.isEnabled() and card.button.text() == EXPORT
    card.set_busy(True)
    assert not card.button.isEnabled() and card.button.text() == BUSY and not card.folder.isEnabled()
    card.set_trouble("no")
    card.set_busy(False)
    assert not card.button.isEnabled() and card.folder.isEnabled()
    card.set_trouble("", "a hint")
    assert card.button.isEnabled()


def test_files_are_listed_anew_each_time(card: TargetCard) -> None:
    card.set_files([("a", "1 B"), ("b", "2 B")], "3 B")
    card.set_files([("c", "1 B")], "1 B")
    assert card.file_names() == ["c"]
