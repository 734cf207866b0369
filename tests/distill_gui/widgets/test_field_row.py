"""A line of a form: the way back, the dot, the fault, the help."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.field_row import LABEL_WIDTH, FieldRow


@pytest.fixture
def row(qapp: QApplication, qtbot: QtBot) -> FieldRow:
    apply(qapp, False)
    made = FieldRow("Learning rate", QLineEdit())
    qtbot.addWidget(made)
    made.resize(380, made.sizeHint().height())
    made.show()
    return made


def test_a_changed_value_has_a_dot_and_a_way_back(row: FieldRow, qtbot: QtBot) -> None:
    assert not row.reset.isVisible()
    before = row.label.grab().toImage()
    row.set_changed(True, "5e-5")
    assert row.reset.isVisible() and row.reset.toolTip() == "Back to 5e-5"
    assert row.label.grab().toImage() != before
    assert row.label.accessibleName() == "Learning rate (changed)"
    with qtbot.waitSignal(row.reset_clicked):
        qtbot.mouseClick(row.reset, Qt.MouseButton.LeftButton)
    row.set_changed(False)
    assert not row.reset.isVisible() and row.label.grab().toImage() == before


def test_the_control_keeps_its_place_when_the_way_back_comes(row: FieldRow, qapp: QApplication) -> None:
    before = row.control.geometry()
    row.set_changed(True, "5e-5")
    qapp.processEvents()
    assert row.control.geometry() == before
    assert before.left() == LABEL_WIDTH


def test_a_fault_stands_under_the_control(row: FieldRow, qapp: QApplication) -> None:
    low = row.sizeHint().height()
    row.set_fault("must be at most 1; it is 7")
    assert row.fault.isVisible() and row.fault.textFormat() == Qt.TextFormat.PlainText
    assert row.sizeHint().height() > low
    row.set_fault("")
    assert not row.fault.isVisible() and row.sizeHint().height() == low


def test_the_help_is_on_label_and_control(row: FieldRow) -> None:
    row.set_help("Peak rate.\ntraining.learning_rate")
    assert row.label.toolTip() == row.control.toolTip() == "Peak rate.\ntraining.learning_rate"


def test_a_label_keeps_off_its_field_when_the_theme_comes_before_the_first_layout(
    qapp: QApplication, qtbot: QtBot
) -> None:
    apply(qapp, False)
    hidden = QStackedWidget()
    qtbot.addWidget(hidden)
    hidden.addWidget(QWidget())
    made = FieldRow("Epochs", QLineEdit())
    hidden.addWidget(made)
    margins = made.label.contentsMargins()
    assert margins.right() > 0
    hidden.show()
    made.label.resize(0, 0)  # as a page has it that was never shown
    apply(qapp, True)
    apply(qapp, False)
    assert made.label.contentsMargins() == margins
