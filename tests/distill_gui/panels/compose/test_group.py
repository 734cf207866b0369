"""A card of fields: which rows there are, in which order, the fold, the way back, faults."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.panel import ComposePanel
from distill_gui.widgets.field_row import FieldRow, tab_stops


def visible_labels(group: QWidget) -> list[str]:
    """The labels of the rows to be seen, from top to bottom."""
    rows = [row for row in group.findChildren(FieldRow) if row.isVisible()]
    rows.sort(key=lambda row: row.mapTo(group, row.rect().topLeft()).y())
    return [row.label.text() for row in rows]


def test_basic_fields_are_shown_and_advanced_ones_folded(panel: ComposePanel, qtbot: QtBot) -> None:
    assert visible_labels(panel.training) == ["Epochs", "Batch size", "Learning rate", "Seeds"]
    assert panel.training.fold.text() == "Advanced ▸"
    qtbot.mouseClick(panel.training.fold, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    shown = visible_labels(panel.training)
    assert shown[:4] == ["Epochs", "Batch size", "Learning rate", "Seeds"]
    assert {"Warm-up", "Weight decay"} <= set(shown[4:])
    qtbot.mouseClick(panel.training.fold, Qt.MouseButton.LeftButton)
    assert visible_labels(panel.training) == ["Epochs", "Batch size", "Learning rate", "Seeds"]


def test_what_cannot_apply_is_hidden(panel: ComposePanel, model: ComposeModel, qapp: QApplication) -> None:
    assert visible_labels(panel.teacher) == ["Model", "Training"]
    model.set_value("teacher.training", "fine_tune")
    qapp.processEvents()
    assert visible_labels(panel.teacher) == ["Model", "Training", "Epochs"]
    model.choose_preset("none")
    qapp.processEvents()
    assert visible_labels(panel.teacher) == ["Model"]


@pytest.mark.parametrize(
    "kind, has, has_not",
    [
        ("none", set(), {"λ labels ↔ teacher", "Temperature T", "γ correction"}),
        ("mse_logits", {"λ labels ↔ teacher"}, {"Temperature T", "γ correction"}),
        ("kl", {"λ labels ↔ teacher", "Temperature T"}, {"γ correction"}),
        ("taylor", {"λ labels ↔ teacher", "Temperature T", "γ correction"}, set()),
    ],
)
def test_a_loss_has_its_own_settings(
    panel: ComposePanel, model: ComposeModel, qapp: QApplication, kind: str, has: set[str], has_not: set[str]
) -> None:
    for other in ("none", "taylor", kind):
        model.set_value("loss.kind", other)
    qapp.processEvents()
    labels = visible_labels(panel.loss)
    assert labels[0] == "Distillation loss" and has <= set(labels) and not has_not & set(labels)
    assert panel.loss.shown_keys() == [spec.key for spec in model.fields("loss")]


def test_the_way_back(panel: ComposePanel, model: ComposeModel, qtbot: QtBot) -> None:
    model.set_value("training.learning_rate", 3e-4)
    row = panel.training.row("training.learning_rate")
    assert row.reset.isVisible() and row.reset.toolTip() == "Back to 5e-5"
    qtbot.mouseClick(row.reset, Qt.MouseButton.LeftButton)
    assert model.value("training.learning_rate") == 5e-5 and not row.reset.isVisible()
    model.set_value("teacher.training", "fine_tune")
    assert panel.teacher.row("teacher.training").reset.toolTip() == "Back to Use as it is (the paper)"


def test_the_fold_counts_changes_and_opens_on_a_fault(panel: ComposePanel, model: ComposeModel) -> None:
    model.set_value("training.weight_decay", 0.1)
    assert panel.training.fold.text() == "Advanced (1 changed) ▸" and not panel.training.is_open()
    model.set_value("training.weight_decay", 7)
    assert panel.training.is_open()
    row = panel.training.row("training.weight_decay")
    assert row.isVisible() and row.fault.isVisible() and row.fault.text() == "must be at most 1; it is 7"
    model.reset("training.weight_decay")
    assert not row.fault.isVisible()
    panel.training.fold.click()
    assert not panel.training.is_open()


def test_there_is_no_fold_where_nothing_is_advanced(panel: ComposePanel, model: ComposeModel) -> None:
    model.choose_preset("none")
    assert not panel.loss.fold.isVisible() and panel.student.fold.isVisible()


def test_leading_to_a_field_unfolds_it(panel: ComposePanel, qapp: QApplication) -> None:
    assert not panel.student.lead_to("training.epochs")
    assert panel.student.lead_to("student.feed_forward")
    assert panel.student.is_open()
    assert panel.window().focusWidget() is panel.student.row("student.feed_forward").control


def test_the_tab_key_goes_from_top_to_bottom(panel: ComposePanel, model: ComposeModel) -> None:
    model.set_value("loss.kind", "none")
    model.set_value("loss.kind", "taylor")
    for group in panel.groups:
        wanted = [stop for key in group.shown_keys() for stop in tab_stops(group.row(key).control)]
        chain: list[Any] = []
        widget = wanted[0].nextInFocusChain()
        for _ in range(2000):
            if widget is wanted[0]:
                break
            if widget in wanted:
                chain.append(widget)
            widget = widget.nextInFocusChain()
        assert chain == wanted[1:]


def test_every_row_explains_itself_with_its_key(panel: ComposePanel) -> None:
    for group in panel.groups:
        for key in group.shown_keys():
            help_, _, named = group.row(key).control.toolTip().rpartition("\n")
            assert named == key and help_.endswith(".")


def test_controls_of_all_cards_align(panel: ComposePanel, qapp: QApplication) -> None:
    for cards in ((panel.teacher, panel.student, panel.task), (panel.loss, panel.training)):
        rows = [card.row(key) for card in cards for key in card.shown_keys() if card.row(key).isVisible()]
        assert len({row.control.mapTo(panel, row.control.rect().topLeft()).x() for row in rows}) == 1
        assert len({row.control.mapTo(panel, row.control.rect().topRight()).x() for row in rows}) == 1
