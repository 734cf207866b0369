"""A layer map is chosen by name or typed as pairs; what it comes to is shown beside it."""

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.controls import make_control
from distill_gui.panels.compose.layer_map import PAIRS, LayerMapControl

KEY = "features.1.layers"


@pytest.fixture
def control(model: ComposeModel, qtbot: QtBot) -> LayerMapControl:
    model.add_term("hidden")
    made = make_control(model, model.field(KEY))
    assert isinstance(made, LayerMapControl)
    qtbot.addWidget(made.widget)
    model.changed.connect(made.refresh)
    model.preview_changed.connect(made.refresh)
    made.refresh()
    return made


def choose(control: LayerMapControl, key: str) -> None:
    control.choice.setCurrentIndex(control.choice.findData(key))
    control.choice.activated.emit(control.choice.currentIndex())


def test_a_named_map_says_which_pairs_it_comes_to(
    control: LayerMapControl, model: ComposeModel, answer: dict[str, Any]
) -> None:
    assert control.choice.current() == "uniform" and control.choice.note() == "" and control.pairs.isHidden()
    model.set_value("teacher.model", "owner/t")
    model.set_preview(answer)  # three layers, six layers
    assert control.choice.note() == "1↔2, 2↔4, 3↔6"
    choose(control, "skip")
    assert model.value(KEY) == "skip" and control.choice.note() == "1↔2, 2↔4"


def test_own_pairs_begin_with_those_of_the_map_before(
    control: LayerMapControl, model: ComposeModel, answer: dict[str, Any]
) -> None:
    choose(control, PAIRS)
    assert model.value(KEY) == [[1, 1]], "nothing is known of the models yet"
    choose(control, "skip")
    model.set_preview(answer)
    choose(control, PAIRS)
    assert model.value(KEY) == [[1, 2], [2, 4]]
    assert control.pairs.text() == "1↔2, 2↔4" and not control.pairs.isHidden()


def test_typed_pairs_arrive_and_what_is_none_yet_is_said(
    control: LayerMapControl, model: ComposeModel, qtbot: QtBot
) -> None:
    choose(control, PAIRS)
    control.pairs.selectAll()
    qtbot.keyClicks(control.pairs, "1-2, 2-bert.pooler")
    assert model.value(KEY) == [[1, 2], [2, "bert.pooler"]]
    assert control.pairs.text() == "1-2, 2-bert.pooler", "what the person types is not rewritten under their hands"
    control.pairs.editingFinished.emit()
    assert control.pairs.text() == "1↔2, 2↔bert.pooler"
    control.pairs.clear()
    control.pairs.edited.emit("")
    assert control.choice.current() == PAIRS and control.pairs.property("invalid") is True
    assert "1↔2" in model.fault(KEY)
