"""Each kind of control shows the model's value, tells the person's, and never writes by itself."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose import controls
from distill_gui.panels.compose.controls import make_control
from distill_gui.widgets.field_text import TextField


@pytest.fixture
def make(model: ComposeModel, qtbot: QtBot) -> Any:
    kept = []  # as a card keeps its controls

    def made(key: str) -> Any:
        control = make_control(model, model.field(key))
        kept.append(control)
        qtbot.addWidget(control.widget)
        model.changed.connect(control.refresh)
        control.refresh()
        return control

    return made


@pytest.mark.parametrize(
    "key", ["training.epochs", "training.learning_rate", "loss.lambda", "teacher.training", "teacher.weights_only",
            "student.architecture", "training.seed", "task.name"],
)  # fmt: skip
def test_showing_a_value_writes_nothing(model: ComposeModel, make: Any, key: str) -> None:
    control = make(key)
    seen: list[int] = []
    model.changed.connect(lambda: seen.append(1))
    control.refresh()
    assert seen == []


def test_typed_numbers_arrive_as_numbers_and_faults_as_text(model: ComposeModel, make: Any, qtbot: QtBot) -> None:
    field = make("training.learning_rate").widget
    field.selectAll()
    qtbot.keyClicks(field, "3e-4")
    assert model.value("training.learning_rate") == 3e-4
    assert field.text() == "3e-4", "what the person types is not rewritten under their hands"
    qtbot.keyClicks(field, "x")
    assert model.value("training.learning_rate") == "3e-4x" and field.property("invalid") is True
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    assert field.property("invalid") is False


def test_an_emptied_field_shows_its_default_again_when_the_person_is_done(
    model: ComposeModel, make: Any, qtbot: QtBot
) -> None:
    field = make("training.epochs").widget
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "" and model.value("training.epochs") == 3
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "3"


def test_the_models_change_is_shown(model: ComposeModel, make: Any) -> None:
    epochs, weight, training, flag = (
        make(key) for key in ("training.epochs", "loss.lambda", "teacher.training", "teacher.weights_only")
    )
    model.merge(
        {"training.epochs": 9, "loss.lambda": 0.35, "teacher.training": "fine_tune", "teacher.weights_only": True}
    )
    assert epochs.widget.text() == "9"
    assert weight.widget.value() == pytest.approx(0.35)
    assert training.widget.current() == "fine_tune"
    assert flag.widget.isChecked()


def test_a_slider_moves_the_model(model: ComposeModel, make: Any) -> None:
    make("loss.lambda").widget.slider.setValue(6)
    assert model.value("loss.lambda") == pytest.approx(0.30)


def test_a_number_beyond_the_track_is_shown_as_it_is(model: ComposeModel, make: Any, qtbot: QtBot) -> None:
    slider = make("loss.temperature").widget
    model.set_value("loss.temperature", 20.0)
    assert slider.value() == 20.0 and slider.slider.value() == slider.slider.maximum()
    slider.box.selectAll()
    qtbot.keyClicks(slider.box, slider.box.textFromValue(40.0))
    qtbot.keyClick(slider.box, Qt.Key.Key_Return)
    assert model.value("loss.temperature") == 40.0


def test_a_finer_number_than_the_sliders_step_is_not_rounded(model: ComposeModel, make: Any) -> None:
    slider = make("loss.lambda").widget
    model.set_value("loss.lambda", 0.333)
    assert slider.value() == pytest.approx(0.333) and model.value("loss.lambda") == 0.333


def test_a_value_of_the_wrong_type_leaves_the_slider_alone(model: ComposeModel, make: Any) -> None:
    slider = make("loss.lambda").widget
    model.set_value("loss.lambda", "much")
    assert slider.value() == 0.5 and model.fault("loss.lambda")


def test_a_choice_is_told(model: ComposeModel, make: Any) -> None:
    choice = make("teacher.training").widget
    choice.setCurrentIndex(1)
    choice.activated.emit(1)
    assert model.value("teacher.training") == "fine_tune"


def test_nothing_is_chosen_before_a_task_is(make: Any) -> None:
    choice = make("task.name").widget
    assert choice.currentIndex() == -1 and choice.placeholderText() == "Choose a task…"


def test_a_flag_is_told(model: ComposeModel, make: Any, qtbot: QtBot) -> None:
    box = make("teacher.weights_only").widget
    box.show()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=box.rect().center() - box.rect().center() / 1.2)
    assert model.value("teacher.weights_only") is True


def test_a_folder_is_chosen(model: ComposeModel, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    answers = iter(["/somewhere/rows", ""])

    def choose(parent: object, title: str, start: str) -> str:
        asked.append((title, start))
        return next(answers)

    monkeypatch.setattr(controls, "choose_folder", choose)
    field = make("task.source").widget
    field.browse_clicked.emit()
    assert model.value("task.source") == field.text() == "/somewhere/rows"
    field.browse_clicked.emit()
    assert model.value("task.source") == "/somewhere/rows", "a dialog without an answer changes nothing"
    assert asked == [("Rows from: choose a folder", ""), ("Rows from: choose a folder", "/somewhere/rows")]


def test_only_folders_can_be_browsed_for(make: Any, qapp: QApplication) -> None:
    def browses(key: str) -> bool:
        field = make(key).widget
        assert isinstance(field, TextField)
        return field._browse is not None

    assert browses("teacher.model") and browses("student.tokenizer")
    assert not browses("training.epochs") and not browses("training.device")


@pytest.mark.parametrize(
    "key, typed", [("training.learning_rate", "2."), ("training.seed", "1, "), ("training.epochs", ""), ("name", "my ")]
)
def test_an_answer_that_comes_while_one_types_changes_nothing_typed(
    model: ComposeModel, make: Any, qtbot: QtBot, key: str, typed: str
) -> None:
    field = make(key).widget
    field.show()
    field.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(field, typed)
    model.changed.emit()
    assert field.text() == typed
    model.set_value(key, 7)
    assert field.text() == "7", "what somebody else changed is shown"


def test_pairs_being_typed_stay_as_they_are(model: ComposeModel, make: Any, qtbot: QtBot) -> None:
    model.add_term("hidden")
    control = make("features.1.layers")
    control.widget.show()
    control.choice.chosen.emit("pairs")
    control.widget.activateWindow()
    qtbot.waitUntil(control.pairs.hasFocus)
    control.pairs.selectAll()
    qtbot.keyClicks(control.pairs, "1-2, ")
    model.changed.emit()
    assert control.pairs.text() == "1-2, "
    qtbot.keyClick(control.pairs, Qt.Key.Key_Return)
    assert control.pairs.text() == "1↔2"
