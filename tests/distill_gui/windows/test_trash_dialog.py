"""The trash's dialog: what is in it as plain text with its bytes, one or all, and a question before anything is deleted."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.windows.trash_dialog import ROLES, PurgeQuestion, TrashDialog
from engine.store import RunRecord


class Answers:
    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.yes = False

    def __call__(self, parent: QWidget, count: int, size: int) -> bool:
        self.asked.append((count, size))
        return self.yes


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def dialog(qtbot: QtBot, answers: Answers, record: Callable[..., RunRecord]) -> TrashDialog:
    made = TrashDialog(ask=answers)
    qtbot.addWidget(made)
    made.set_entries([(record(4, name="<b>bold</b>", trashed_at=9.0), 2_500_000), (record(2, trashed_at=5.0), 700)])
    made.show()
    return made


def _select(dialog: TrashDialog, row: int) -> None:
    dialog.rows.setCurrentIndex(dialog.model.index(row, 0))


def test_each_run_with_its_size(dialog: TrashDialog) -> None:
    first = dialog.model.index(0, 0)
    assert first.data() == "<b>bold</b>" and first.data(ROLES.trailing) == "2.5 MB"
    assert "#4 · finished · mrpc · discarded" in first.data(ROLES.caption)
    assert dialog.restore_button.text() == "Restore all 2" and dialog.purge_button.text() == "Delete all 2 for good…"
    _select(dialog, 1)
    assert dialog.restore_button.text() == "Restore" and dialog.purge_button.text() == "Delete 1 run for good…"


def test_restoring_the_chosen_one(dialog: TrashDialog, qtbot: QtBot) -> None:
    _select(dialog, 1)
    with qtbot.waitSignal(dialog.restore_wanted) as said:
        qtbot.mouseClick(dialog.restore_button, Qt.MouseButton.LeftButton)
    assert said.args == [[2]]


def test_nothing_is_deleted_without_a_yes_to_the_bytes(dialog: TrashDialog, answers: Answers, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(dialog.purge_wanted):
        qtbot.mouseClick(dialog.purge_button, Qt.MouseButton.LeftButton)
    assert answers.asked == [(2, 2_500_700)]
    answers.yes = True
    _select(dialog, 0)
    with qtbot.waitSignal(dialog.purge_wanted) as said:
        qtbot.mouseClick(dialog.purge_button, Qt.MouseButton.LeftButton)
    assert said.args == [[4]] and answers.asked[-1] == (1, 2_500_000)


def test_an_empty_trash_says_so_and_offers_nothing(dialog: TrashDialog, record: Callable[..., RunRecord]) -> None:
    _select(dialog, 1)
    dialog.set_entries([(record(2, trashed_at=5.0), 700)])
    assert dialog.purge_button.text() == "Delete 1 run for good…", "what was chosen stays chosen"
    dialog.set_entries([])
    assert "The trash is empty" in dialog.text.text()
    assert dialog.card.isHidden() and dialog.restore_button.isHidden() and dialog.purge_button.isHidden()


def test_the_question_names_the_bytes_and_enter_keeps(qtbot: QtBot) -> None:
    question = PurgeQuestion(3, 17_500_000)
    qtbot.addWidget(question)
    words = " ".join(found.text() for found in question.findChildren(QLabel))
    assert "these 3 runs" in words and "17.5 MB" in words and "cannot be undone" in words
    with qtbot.waitActive(question):
        question.show()
        question.activateWindow()
    qtbot.keyClick(question, Qt.Key.Key_Return)
    assert question.result() == int(question.DialogCode.Rejected) and not question.isVisible()
    question.show()
    qtbot.mouseClick(question.delete_button, Qt.MouseButton.LeftButton)
    assert question.result() == int(question.DialogCode.Accepted)


def test_when_what_was_chosen_went_the_buttons_mean_one_run_and_not_all(
    dialog: TrashDialog, record: Callable[..., RunRecord], qtbot: QtBot
) -> None:
    entries = [(record(run, trashed_at=5.0), 700) for run in (4, 3, 2, 1)]
    dialog.set_entries(entries)
    assert dialog.restore_button.text() == "Restore all 4" and not dialog.rows.selectionModel().hasSelection()
    _select(dialog, 1)
    dialog.set_entries([entry for entry in entries if entry[0].id != 3])
    with qtbot.waitSignal(dialog.restore_wanted) as said:
        qtbot.mouseClick(dialog.restore_button, Qt.MouseButton.LeftButton)
    assert said.args == [[2]] and dialog.rows.currentIndex().row() == 1
    _select(dialog, 2)
    dialog.set_entries(entries[:2])
    assert dialog.purge_button.text() == "Delete 1 run for good…" and dialog.rows.currentIndex().row() == 1


def test_return_asks_for_no_deletion(dialog: TrashDialog, answers: Answers, qtbot: QtBot) -> None:
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    _select(dialog, 1)
    qtbot.keyClick(dialog.rows, Qt.Key.Key_Return)
    assert answers.asked == [] and not dialog.isVisible()


def test_many_chosen_runs_are_chosen_again_at_once(dialog: TrashDialog, record: Callable[..., RunRecord]) -> None:
    entries = [(record(run, trashed_at=5.0), 700) for run in range(200)]
    dialog.set_entries(entries)
    dialog.rows.selectAll()
    told: list[int] = []
    dialog.rows.selectionModel().selectionChanged.connect(lambda *_: told.append(1))
    dialog.set_entries(entries[1:100] + entries[101:])
    assert dialog.restore_button.text() == "Restore all 198" and len(told) < 5, "one by one would take minutes"


def test_somebody_elses_change_scrolls_nothing_and_a_repeated_answer_touches_nothing(
    dialog: TrashDialog, record: Callable[..., RunRecord], qtbot: QtBot
) -> None:
    entries = [(record(run, trashed_at=5.0), 700) for run in range(60)]
    dialog.set_entries(entries)
    qtbot.waitUntil(lambda: dialog.rows.verticalScrollBar().maximum() > 0)
    dialog.rows.verticalScrollBar().setValue(960)
    dialog.set_entries(entries[:50] + entries[51:])
    qtbot.wait(20)
    assert dialog.rows.verticalScrollBar().value() == 960
    with qtbot.assertNotEmitted(dialog.model.modelReset):
        dialog.set_entries(entries[:50] + entries[51:])


def test_a_run_restored_elsewhere_while_the_question_is_open_is_not_deleted(
    qtbot: QtBot, record: Callable[..., RunRecord]
) -> None:
    entries = [(record(run, trashed_at=5.0), 700) for run in (3, 2, 1)]

    def ask(parent: QWidget, count: int, size: int) -> bool:
        dialog.set_entries(entries[1:])
        return True

    dialog = TrashDialog(ask=ask)
    qtbot.addWidget(dialog)
    dialog.set_entries(entries)
    dialog.show()
    with qtbot.waitSignal(dialog.purge_wanted) as said:
        qtbot.mouseClick(dialog.purge_button, Qt.MouseButton.LeftButton)
    assert said.args == [[2, 1]]
