"""“Sweep over…” as a person uses it: rows, mistakes beside the values, the runs, and what goes to the queue."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.panel import ComposePanel
from distill_gui.panels.compose.sweep import SweepDialog
from engine.config import parse_config


@pytest.fixture
def dialog(ready: ComposePanel, qtbot: QtBot):
    made = ready.open_sweep()
    yield made
    if made in ready.findChildren(SweepDialog):
        made.close()
        made.deleteLater()


def test_the_button_waits_for_a_draft_in_order(panel: ComposePanel, model: ComposeModel) -> None:
    assert not panel.preview.sweep.isEnabled() and "choose a teacher" in panel.preview.sweep.toolTip()
    model.merge({"teacher.model": "owner/t", "task.name": "mrpc"})
    assert panel.preview.sweep.isEnabled()
    bottom = panel.preview.more.mapTo(panel, panel.preview.more.rect().bottomRight())
    assert panel.rect().contains(bottom)
    for made in (panel.preview.queue, panel.preview.sweep):
        assert made.width() >= made.sizeHint().width()  # in the narrowest window too


def test_what_is_typed_becomes_runs_in_the_queue(ready: ComposePanel, dialog: SweepDialog, qtbot: QtBot) -> None:
    row = dialog.rows[0]
    assert row.setting.current() == "loss.lambda" and dialog.main.text() == "Add 5 runs to the queue"
    row.fields["step"].clear()
    qtbot.keyClicks(row.fields["step"], "0.5")
    qtbot.keyClick(row.fields["step"], Qt.Key.Key_Return)  # at once: what was typed last counts, and is seen first
    assert dialog.isVisible() and dialog.main.text() == "Add 3 runs to the queue" and dialog.runs.count() == 3
    with qtbot.waitSignal(ready.queue_requested) as queued:
        qtbot.keyClick(row.fields["step"], Qt.Key.Key_Return)
    configs = [parse_config(toml) for toml in queued.args[0]]
    assert [config.to_dict()["loss"]["lambda"] for config in configs] == [0, 0.5, 1]
    assert not dialog.isVisible()


def test_a_mistake_stands_beside_its_values_and_nothing_is_queued(
    ready: ComposePanel, dialog: SweepDialog, qtbot: QtBot
) -> None:
    queued = []
    ready.queue_requested.connect(queued.append)
    row = dialog.rows[0]
    qtbot.keyClicks(row.fields["step"], "x")
    qtbot.waitUntil(lambda: not row.fault.isHidden(), timeout=3000)
    assert "is no range" in row.fault.text() and row.fields["step"].property("invalid") is True
    assert "is no range" in row.fields["step"].accessibleDescription()
    assert dialog.main.text() == "Mend 1 thing" and not dialog.main.isEnabled()
    qtbot.mouseClick(dialog.main, Qt.MouseButton.LeftButton)
    qtbot.keyClick(row.fields["step"], Qt.Key.Key_Return)
    assert queued == [] and dialog.isVisible()


def test_rows_come_and_go_and_keep_what_was_typed(dialog: SweepDialog, qtbot: QtBot) -> None:
    dialog.rows[0].fields["last"].clear()
    qtbot.keyClicks(dialog.rows[0].fields["last"], "0.5")
    qtbot.mouseClick(dialog.add_button, Qt.MouseButton.LeftButton)
    first, second = dialog.rows
    assert first.fields["last"].text() == "0.5"
    second.setting.chosen.emit("loss.kind")
    second = dialog.rows[1]
    second.boxes["none"].click()
    dialog.rows[0].remove.click()
    (only,) = dialog.rows
    assert only is second and only.place == 0 and only.boxes["none"].isChecked()
    dialog._model.look()
    assert dialog.runs_heading.text() == "2 runs"
    assert [dialog.runs.item(at).text() for at in range(2)] == [
        "none · 2x128 · mrpc · seed 0",
        "taylor · 2x128 · mrpc · seed 0",
    ]


def test_the_way_can_be_changed_by_the_keyboard_alone(dialog: SweepDialog, qtbot: QtBot) -> None:
    row = dialog.rows[0]
    assert row.way is not None
    row.way.button("range").setFocus()
    qtbot.keyClick(row.way.button("range"), Qt.Key.Key_Left)
    if dialog.rows[0].way.current() == "range":  # arrows move, Space chooses
        qtbot.keyClick(row.way.button("list"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: dialog.rows[0] is not row)
    (row,) = dialog.rows
    assert row.way is not None and dialog.focusWidget() is row.way.button("list")
    qtbot.keyClick(row.fields["text"], Qt.Key.Key_End)
    qtbot.keyClicks(row.fields["text"], ", 0.7")
    dialog._model.look()
    assert dialog.main.text() == "Add 2 runs to the queue"


def test_the_keyboard_stays_where_a_setting_was_chosen_or_taken_out(dialog: SweepDialog) -> None:
    dialog.rows[0].setting.setFocus()
    dialog.rows[0].setting.chosen.emit("loss.kind")
    assert dialog.focusWidget() is dialog.rows[0].setting
    dialog.rows[0].remove.setFocus()
    dialog.rows[0].remove.click()
    assert dialog.focusWidget() is dialog.add_button and dialog.main.text() == "Choose a setting"


def test_so_many_runs_are_asked_about(dialog: SweepDialog, qtbot: QtBot) -> None:
    assert dialog.many.isHidden()
    dialog._model.set_part(0, "step", "0.005")
    dialog._model.look()
    assert "201 runs are more than 100" in dialog.said.text() and not dialog.main.isEnabled()
    dialog.many.click()
    assert dialog.main.text() == "Add 201 runs to the queue" and dialog.said.isHidden()
    dialog._model.set_part(0, "step", "0.002")
    dialog._model.look()
    assert not dialog.many.isChecked() and not dialog.main.isEnabled(), "501 are another question"
    assert dialog.many.text() == "Queue all 501 runs"


def test_long_names_are_cut_in_their_middle_and_whole_in_the_tooltip(
    ready: ComposePanel, model: ComposeModel, qtbot: QtBot
) -> None:
    model.merge({"name": "A name as long as a name may be, or almost: " + "very " * 25})
    dialog = ready.open_sweep()
    qtbot.addWidget(dialog)
    last = dialog.runs.item(4)
    assert dialog.runs.visualItemRect(last).width() <= dialog.runs.viewport().width()
    assert dialog.runs.horizontalScrollBar().maximum() == 0 and last.text() in last.toolTip()
    dialog.close()


def test_everything_has_a_name_and_fits_a_small_screen(dialog: SweepDialog, qapp: QApplication) -> None:
    dialog._model.add("loss.kind")
    for kind in (QAbstractButton, QLineEdit, QComboBox):
        for widget in dialog.findChildren(kind):
            assert widget.accessibleName() or getattr(widget, "text", str)() or widget.isHidden(), widget
    qapp.processEvents()
    assert dialog.width() <= 1280 and dialog.height() <= 720
    assert dialog.rect().contains(dialog.main.mapTo(dialog, dialog.main.rect().bottomRight()))


def test_files_and_models_are_looked_at_before_anything_is_queued(
    ready: ComposePanel, dialog: SweepDialog, qtbot: QtBot
) -> None:
    queued, questions = [], []
    ready.queue_requested.connect(queued.append)
    ready.sweep_look_requested.connect(lambda *question: questions.append(question))
    dialog.rows[0].setting.chosen.emit("loss.kind")
    dialog.rows[0].boxes["none"].click()
    qtbot.mouseClick(dialog.main, Qt.MouseButton.LeftButton)  # at once, and it is looked at first
    assert not dialog.main.isEnabled() and queued == [] and len(questions) == 1
    ready.sweep_looked_at.emit(questions[0][0], {"runs": ["a", "b"], "faults": [], "notices": []})
    qtbot.mouseClick(dialog.main, Qt.MouseButton.LeftButton)
    assert len(queued[0]) == 2


def test_a_dialog_that_closes_wants_no_answer_any_more(ready: ComposePanel, dialog: SweepDialog) -> None:
    questions = []
    ready.sweep_look_requested.connect(lambda *question: questions.append(question))
    dialog.rows[0].setting.chosen.emit("student.architecture")
    dialog._model.look()
    dialog.reject()
    assert [number > 0 for number, *_ in questions] == [True, False]
