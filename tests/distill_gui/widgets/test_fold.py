"""The fold: a person's click is told, the program's is not."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from distill_gui.widgets.fold import Fold


def test_a_click_unfolds_and_folds_again(qtbot: QtBot) -> None:
    fold = Fold()
    qtbot.addWidget(fold)
    fold.set_words("Advanced (2 changed)")
    told: list[bool] = []
    fold.toggled_by_hand.connect(told.append)
    assert fold.text() == "Advanced (2 changed) ▸" and fold.accessibleName() == "Advanced (2 changed), folded"
    qtbot.mouseClick(fold, Qt.MouseButton.LeftButton)
    assert fold.is_open() and fold.text().endswith("▾") and fold.accessibleName().endswith("shown")
    qtbot.keyClick(fold, Qt.Key.Key_Space)
    assert told == [True, False] and not fold.is_open()


def test_the_program_is_not_told(qtbot: QtBot) -> None:
    fold = Fold()
    qtbot.addWidget(fold)
    told: list[bool] = []
    fold.toggled_by_hand.connect(told.append)
    fold.set_open(True)
    assert fold.is_open() and told == []
