"""The number slider: slider and box agree, the person's moves are told, the program's are not."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.slider import NumberSlider


@pytest.fixture
def weight(qapp: QApplication, qtbot: QtBot) -> NumberSlider:
    apply(qapp, False)
    made = NumberSlider(0.0, 1.0, 0.01, 2)
    made.set_name("λ")
    qtbot.addWidget(made)
    made.resize(300, 32)
    made.show()
    return made


def test_a_key_on_the_slider_moves_the_box(weight: NumberSlider, qtbot: QtBot) -> None:
    weight.set_value(0.5)
    with qtbot.waitSignal(weight.value_changed) as told:
        qtbot.keyClick(weight.slider, Qt.Key.Key_Right)
    assert told.args == [pytest.approx(0.51)]
    assert weight.box.text() == weight.box.textFromValue(0.51)


def test_typing_in_the_box_moves_the_slider(weight: NumberSlider, qtbot: QtBot) -> None:
    told: list[float] = []
    weight.value_changed.connect(told.append)
    weight.box.selectAll()
    qtbot.keyClicks(weight.box, weight.box.textFromValue(0.25))
    qtbot.keyClick(weight.box, Qt.Key.Key_Return)
    assert told == [pytest.approx(0.25)]
    assert weight.slider.value() == 25


def test_set_value_shows_holds_the_bounds_and_does_not_tell(weight: NumberSlider) -> None:
    told: list[float] = []
    weight.value_changed.connect(told.append)
    weight.set_value(0.7)
    assert (weight.value(), weight.slider.value()) == (pytest.approx(0.7), 70)
    weight.set_value(7)
    assert weight.value() == 1.0
    assert told == []


def test_bounds_that_do_not_start_at_zero(qtbot: QtBot) -> None:
    temperature = NumberSlider(1.0, 20.0, 0.5, 1)
    qtbot.addWidget(temperature)
    temperature.set_value(4.0)
    assert temperature.slider.value() == 6
    temperature.slider.setValue(0)
    assert temperature.value() == 1.0
    temperature.slider.setValue(temperature.slider.maximum())
    assert temperature.value() == 20.0


def test_both_parts_are_named(weight: NumberSlider) -> None:
    assert weight.slider.accessibleName() == weight.box.accessibleName() == "λ"


def test_a_number_being_typed_stays_until_another_value_comes(weight: NumberSlider, qtbot: QtBot) -> None:
    weight.set_value(0.5)
    weight.activateWindow()
    weight.box.setFocus()
    qtbot.waitUntil(weight.box.hasFocus)
    weight.box.selectAll()
    qtbot.keyClicks(weight.box, "0.3" if weight.box.text() == "0.50" else "0,3")
    typed = weight.box.text()
    weight.set_decimals(2)
    weight.set_value(0.5)
    assert weight.box.text() == typed
    weight.set_value(0.7)
    assert weight.box.text() == weight.box.textFromValue(0.7)
