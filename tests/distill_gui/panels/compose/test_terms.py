"""Feature terms in the Loss card: adding, setting, removing; open and folded; faults under their fields."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.panel import ComposePanel
from engine import catalog

TOML = """
[task]
name = "mrpc"
[teacher]
model = "owner/t"
[loss]
kind = "kl"
[[features]]
kind = "hidden"
weight = 0.5
[[features]]
kind = "pkd"
layers = [[1, 2], [2, 4]]
"""


@pytest.fixture
def filled(panel: ComposePanel, model: ComposeModel) -> ComposePanel:
    model.load_toml(TOML)
    model._timer.stop()
    return panel


def add(panel: ComposePanel, kind: str) -> None:
    choice = panel.loss.terms.add
    choice.setCurrentIndex(choice.findData(kind))
    choice.activated.emit(choice.currentIndex())


def test_every_feature_loss_can_be_added_and_says_what_it_does(panel: ComposePanel, model: ComposeModel) -> None:
    choice = panel.loss.terms.add
    assert [choice.itemData(row) for row in range(choice.count())] == list(catalog.features())
    assert choice.currentIndex() == -1 and choice.placeholderText() == "Add a feature term…"
    for kind in catalog.features():
        add(panel, kind)
    assert [words.curve for words in model.terms()] == list(catalog.features())
    assert choice.currentIndex() == -1
    for card, loss in zip(panel.loss.terms.cards(), catalog.features().values(), strict=True):
        assert card.is_open() and loss.title in card.fold.text() and loss.source in card.fold.toolTip()
        settings = {f"{card.section}.{name}" for name in loss.settings.model_fields if name != "kind"}
        assert set(card.rows.shown_keys()) == {key for key in settings if model.is_visible(key)}


def test_a_second_term_of_a_kind_has_curves_of_its_own_name(filled: ComposePanel) -> None:
    add(filled, "hidden")
    assert [card.curve.text() for card in filled.loss.terms.cards()] == ["hidden", "pkd", "hidden-2"]
    assert [card.curve.isVisible() for card in filled.loss.terms.cards()] == [False, False, True]


def test_terms_of_a_file_are_folded_and_the_formula_has_them(filled: ComposePanel, model: ComposeModel) -> None:
    cards = filled.loss.terms.cards()
    assert [card.is_open() for card in cards] == [False, False]
    assert cards[0].part.text() == "0.50·hidden mse (uniform)"
    text = filled.loss.formula.text().replace("\N{NO-BREAK SPACE}", " ")
    assert text.startswith("L = 0.50·CE(y) + ") and "+ 0.50·hidden mse (uniform) + 1.00·Σ" in text
    model.set_value("features.1.weight", 2.0)
    assert "2.00·hidden\N{NO-BREAK SPACE}mse" in filled.loss.formula.text() and cards[0].part.text().startswith("2.00·")


def test_a_part_too_long_for_a_line_may_break_anywhere(filled: ComposePanel, model: ComposeModel) -> None:
    width = filled.loss.minimumSizeHint().width()
    model.set_value("features.2.layers", [[layer, 2 * layer] for layer in range(1, 13)])
    assert filled.loss.minimumSizeHint().width() == width


def test_a_term_goes_and_the_others_keep_what_was_chosen(
    filled: ComposePanel, model: ComposeModel, qtbot: QtBot
) -> None:
    second = filled.loss.terms.cards()[1]
    qtbot.mouseClick(second.fold, Qt.MouseButton.LeftButton)
    assert second.is_open()
    qtbot.mouseClick(filled.loss.terms.cards()[0].remove, Qt.MouseButton.LeftButton)
    (left,) = filled.loss.terms.cards()
    assert left.section == "features.1" and left.is_open() and left.curve.text() == "pkd"
    assert model.value("features.1.layers") == [[1, 2], [2, 4]]
    qtbot.mouseClick(left.remove, Qt.MouseButton.LeftButton)
    assert filled.loss.terms.cards() == [] and "features" not in model.toml()


def test_what_does_not_apply_is_hidden(filled: ComposePanel, model: ComposeModel) -> None:
    card = filled.loss.terms.cards()[0]
    assert "features.1.schedule_share" not in card.rows.shown_keys()
    model.set_value("features.1.schedule", "fall")
    assert "features.1.schedule_share" in card.rows.shown_keys()
    assert card.more.text() == "Advanced (1 changed) ▸"


def test_a_fault_opens_its_term_and_stands_under_its_field(filled: ComposePanel, model: ComposeModel) -> None:
    model.set_value("features.2.weight", -1.0)
    card = filled.loss.terms.cards()[1]
    assert card.is_open() and "at least 0" in card.rows.row("features.2.weight").fault.text()
    assert ("features.2.weight") in [row[3] for row in filled.preview.findings.rows()]


def test_what_the_engine_says_of_a_term_stands_in_its_card_and_goes_with_it(
    filled: ComposePanel, model: ComposeModel, answer: dict[str, object]
) -> None:
    said = "the student has no layer 2: it has 1"
    filled.set_preview({**answer, "ready": False, "faults": [{"key": "features.2", "message": said}]})
    card = filled.loss.terms.cards()[1]
    assert card.fault.text() == said and card.fault.isVisible() and card.is_open()
    model.remove_term(model.terms()[0].token)
    assert model.faults() == [] and not filled.loss.terms.cards()[0].fault.isVisible()


def test_a_finding_leads_to_its_setting(filled: ComposePanel, qapp: QApplication) -> None:
    filled.window().activateWindow()
    filled.lead_to("features.2.schedule")
    card = filled.loss.terms.cards()[1]
    assert card.is_open() and card.rows.is_open()
    assert card.rows.row("features.2.schedule").control.hasFocus()
    filled.lead_to("features.1")
    assert filled.loss.terms.cards()[0].fold.hasFocus()


def test_an_unknown_kind_is_said_in_its_card(panel: ComposePanel, model: ComposeModel) -> None:
    model.load_toml(TOML.replace('"pkd"\nlayers = [[1, 2], [2, 4]]', '"pkt"'))
    card = panel.loss.terms.cards()[1]
    assert "pkt" in card.fold.text() and "there is no feature loss “pkt”" in card.fault.text()


def test_a_changed_value_goes_back_to_the_preset_s(panel: ComposePanel, model: ComposeModel, qtbot: QtBot) -> None:
    model.choose_preset("distilbert")
    model.set_value("features.1.weight", 5.0)
    card = panel.loss.terms.cards()[0]
    row = card.rows.row("features.1.weight")
    assert row.reset.isVisibleTo(row)
    row.reset.click()
    assert model.value("features.1.weight") == 0.14 and not row.reset.isVisibleTo(row)
    assert model.preset() == "distilbert"
    card.remove.click()
    assert model.preset() == ""


def test_a_term_added_below_the_fold_is_scrolled_to(filled: ComposePanel) -> None:
    assert filled.area.verticalScrollBar().value() == 0
    add(filled, "rkd")
    add(filled, "attention")
    card, area = filled.loss.terms.cards()[-1], filled.area.viewport()
    assert filled.area.verticalScrollBar().value() > 0
    top = card.mapTo(area, card.rect().topLeft()).y()
    assert top >= 0 and top + card.height() <= area.height()


def test_a_card_that_goes_with_the_keyboard_in_it_leaves_it_to_the_terms(
    filled: ComposePanel, model: ComposeModel, qapp: QApplication
) -> None:
    filled.window().activateWindow()
    filled.lead_to("features.2.weight")
    assert filled.loss.terms.isAncestorOf(qapp.focusWidget())
    model.choose_preset("taylor")
    assert filled.loss.terms.cards() == [] and qapp.focusWidget() is filled.loss.terms.add


def test_a_fault_of_a_term_is_said_in_the_form_s_words_at_its_field(
    filled: ComposePanel, model: ComposeModel, answer: dict[str, object], qapp: QApplication
) -> None:
    model.add_term("attention")
    faults = [
        {"key": "features.3", "message": 'average them (heads = "average"), or give the student as many'},
        {"key": "features.2", "message": "the student has no layer 2: it has 1"},
    ]
    filled.set_preview({**answer, "ready": False, "faults": faults})
    card = filled.loss.terms.cards()[2]
    said = "average them (Heads: Averaged), or give the student as many"
    assert card.rows.row("features.3.heads").fault.text() == said and not card.fault.isVisible()
    assert [caption.text() for caption in filled.preview.findings.findChildren(QLabel)].count("Attention · Heads") == 1
    filled.window().activateWindow()
    filled.lead_to(model.main_key())
    assert card.rows.row("features.3.heads").control.hasFocus()
    filled.lead_to("features.2")
    assert filled.loss.terms.cards()[1].rows.row("features.2.layers").isAncestorOf(qapp.focusWidget())
