"""The Table place: what a click asks for, what is copied, what an empty place says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.models.table import KEY_ROLE, METHOD, TableModel
from distill_gui.panels.table import PANEL
from distill_gui.panels.table.panel import TablePanel
from distill_gui.widgets.toast import Toast
from engine.store import RunRecord, ScoreRow

Record = Callable[..., RunRecord]


@pytest.fixture
def model(qapp: QApplication) -> TableModel:
    theme.apply(qapp, False)
    return TableModel()


@pytest.fixture
def panel(qtbot: QtBot, model: TableModel, dressed_last: Callable[[], AbstractContextManager[None]]) -> TablePanel:
    with dressed_last():
        made = TablePanel(model)
    qtbot.addWidget(made)
    made.resize(1208, 660)
    made.show()
    return made


def add_run(model: TableModel, record: Record) -> None:
    config: dict[str, Any] = {
        "task": {"name": "mrpc"}, "loss": {"kind": "none"}, "student": {"architecture": "2x128", "init": "random"},
        "training": {"epochs": 3, "seed": 0},
    }  # fmt: skip
    model.update([record(4, loss="none", architecture="2x128", config=config)])
    model.set_scores([ScoreRow(4, "student", "validation", "f1", 0.8)])
    model.rebuild()


def find(model: TableModel, row: str, column: str) -> QModelIndex:
    rows = [place for place in range(model.rowCount()) if model.index(place, METHOD).data().startswith(row)]
    heads = [str(model.headerData(place, Qt.Orientation.Horizontal)) for place in range(model.columnCount())]
    return model.index(rows[-1], next(place for place, head in enumerate(heads) if head.startswith(column)))


def click(panel: TablePanel, index: QModelIndex) -> None:
    grid = panel.card.grid
    grid.scrollTo(index)
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.visualRect(index).center())


def test_a_figure_shows_its_runs_and_an_empty_cell_composes_one(
    panel: TablePanel, model: TableModel, record: Record, qtbot: QtBot
) -> None:
    add_run(model, record)
    with qtbot.waitSignal(panel.show_runs_requested) as shown:
        click(panel, find(model, "No teacher", "MRPC"))
    assert shown.args == [[4]]
    with qtbot.waitSignal(panel.compose_requested) as asked:
        click(panel, find(model, "No teacher", "RTE"))
    (overrides,) = asked.args
    assert overrides["task.name"] == "rte" and overrides["loss.kind"] == "none"
    assert overrides["student.architecture"] == "2x128"


def test_a_published_figure_asks_for_nothing(panel: TablePanel, model: TableModel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.show_runs_requested), qtbot.assertNotEmitted(panel.compose_requested):
        click(panel, find(model, "BERT base", "MRPC"))


def test_own_only_without_runs_says_what_to_do(panel: TablePanel, model: TableModel, qtbot: QtBot) -> None:
    assert not panel.empty.isVisible()
    QTest.mouseClick(panel.rows.button("own"), Qt.MouseButton.LeftButton)
    assert panel.empty.isVisible() and not panel.copy_button.isEnabled()
    with qtbot.waitSignal(panel.compose_requested) as asked:
        QTest.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert asked.args == [{}]
    QTest.mouseClick(panel.rows.button("published"), Qt.MouseButton.LeftButton)
    assert panel.card.isVisible() and model.published_shown()


def test_every_format_is_in_the_copy_menu_and_reaches_the_clipboard(panel: TablePanel, model: TableModel) -> None:
    actions = {action.text(): action for action in panel.copy_menu.actions()}
    assert [words for _, words in model.formats()] == list(actions)
    actions["LaTeX (booktabs)"].trigger()
    assert "\\toprule" in QGuiApplication.clipboard().text()
    actions["HTML"].trigger()
    assert QGuiApplication.clipboard().mimeData().hasHtml()
    assert [toast for toast in panel.findChildren(Toast) if "clipboard" in toast.label.text()]


def test_columns_can_be_left_out_and_taken_back(panel: TablePanel, model: TableModel) -> None:
    panel.columns_menu.aboutToShow.emit()
    (qqp,) = [action for action in panel.columns_menu.actions() if action.text() == "QQP"]
    assert qqp.isChecked()
    qqp.trigger()
    assert "QQP" not in [column.title for column in model.table.columns]
    panel.columns_menu.aboutToShow.emit()
    (qqp,) = [action for action in panel.columns_menu.actions() if action.text() == "QQP"]
    assert not qqp.isChecked()
    qqp.trigger()
    assert "QQP" in [column.title for column in model.table.columns]


def test_the_columns_menu_is_full_before_it_is_opened_and_by_the_keyboard(
    panel: TablePanel, qtbot: QtBot, qapp: QApplication
) -> None:
    words = [action.text() for action in panel.columns_menu.actions()]
    assert {"QQP", "Gradient share"} <= set(words) and words[-1] == "Back to defaults"
    panel.show()
    panel.columns_button.setFocus()
    found = []
    QTimer.singleShot(50, lambda: (found.extend(panel.columns_menu.actions()), panel.columns_menu.close()))
    qtbot.keyClick(panel.columns_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(found))
    assert found[-1].text() == "Back to defaults" and len(found) == len(words)


def test_the_gradient_share_is_switched_in_the_columns_menu(
    panel: TablePanel, model: TableModel, record: Record
) -> None:
    add_run(model, record)
    for shown in (True, False):
        panel.columns_menu.aboutToShow.emit()
        (switch,) = [action for action in panel.columns_menu.actions() if action.text() == "Gradient share"]
        assert switch.isChecked() is not shown
        switch.trigger()
        assert model.gradient_shown() is shown
        assert any("teacher influence" in text for _, text in model.notes()) is shown


def test_long_names_give_way_before_anything_scrolls(
    panel: TablePanel, model: TableModel, record: Record, qtbot: QtBot
) -> None:
    for number, kind in enumerate(("none", "kl"), 5):
        config: dict[str, Any] = {
            "task": {"name": "mrpc"}, "student": {"architecture": "3x384", "init": "random"},
            "loss": {"kind": kind, **({"lambda": 0.3, "temperature": 2.0} if kind == "kl" else {})},
            "features": [{"kind": "attention", "heads": "average"}, {"kind": "hidden", "weight": 10.0}, {"kind": "rkd"}],
        }  # fmt: skip
        model.update([record(number, loss=kind, architecture="3x384", config=config)])
    model.set_scores([ScoreRow(number, "student", "validation", "f1", 0.8) for number in (5, 6)])
    model.set_gradient_shown(True)
    grid = panel.card.grid
    qtbot.waitUntil(lambda: grid.horizontalScrollBar().maximum() == 0)
    assert grid.natural_width() > grid.viewport().width()


def test_the_picture_is_written_or_the_reason_said(panel: TablePanel, tmp_path: Path) -> None:
    file = tmp_path / "table.png"
    assert panel.save_picture(file) and QImage(str(file)).width() > 1500
    assert not panel.save_picture(tmp_path / "none" / "table.png")
    said = [toast.label.text() for toast in panel.findChildren(Toast)]
    assert any("cannot be written" in text for text in said)


def test_notes_and_words_follow_the_model(panel: TablePanel, model: TableModel, record: Record) -> None:
    assert "ᵃ Every figure equals the BERT-Tiny row" in panel.card.notes.text()
    before = panel.findChildren(type(panel.card.notes))
    assert not any("Published results so far" in label.text() for label in before), "nobody knows yet"
    model.update([])
    model.rebuild()
    assert any("Published results so far" in label.text() for label in before)
    add_run(model, record)
    assert any("mean ± std over seeds" in label.text() for label in panel.findChildren(type(panel.card.notes)))


def test_at_the_smallest_window_the_published_table_needs_no_scrolling_sideways(panel: TablePanel) -> None:
    assert panel.card.grid.horizontalScrollBar().maximum() == 0
    assert PANEL.key == "table" and PANEL.order == 3


def test_the_columns_menu_leads_back_to_the_defaults(panel: TablePanel, model: TableModel) -> None:
    def defaults() -> QAction:
        panel.columns_menu.aboutToShow.emit()
        return panel.columns_menu.actions()[-1]

    assert not defaults().isEnabled()
    model.set_hidden_columns({"qqp"})
    model.set_published_shown(False)
    assert defaults().isEnabled()
    defaults().trigger()
    assert model.switches() == TableModel().switches() and not defaults().isEnabled()
    assert panel.rows.current() == "published"


def test_the_keyboard_goes_on_at_its_cell_when_rows_come_and_go(
    panel: TablePanel, model: TableModel, record: Record
) -> None:
    add_run(model, record)
    grid = panel.card.grid
    cell = find(model, "No teacher", "RTE")
    grid.setCurrentIndex(cell)
    key, asked = cell.data(KEY_ROLE), model.overrides_at(cell)
    model.set_hidden_columns(["qqp"])
    model.update([record(5, loss="none", architecture="1x64", config={"loss": {"kind": "none"}, "task": {"name": "mrpc"},
                  "student": {"architecture": "1x64"}})])  # fmt: skip
    model.rebuild()
    now = grid.currentIndex()
    assert (now.row(), now.column()) != (cell.row(), cell.column()), "other rows above, another column before"
    assert now.data(KEY_ROLE) == key and model.overrides_at(now) == asked
    assert grid.selectionModel().selectedIndexes() == [now]
    model.set_hidden_columns(["rte"])
    assert not grid.currentIndex().isValid()


def test_a_picture_replaces_only_the_file_that_was_asked_about(
    panel: TablePanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = [""]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen[0], ""))

    def export(name: str) -> list[str]:
        chosen[0] = str(tmp_path / name) if name else ""
        panel.picture_button.click()
        return sorted(file.name for file in tmp_path.iterdir())

    assert export("") == []
    assert export("run.v2") == ["run.v2.png"], "what follows the dot is of the name"
    (tmp_path / "table.png").write_text("mine")
    assert export("table") == ["run.v2.png", "table.png"] and (tmp_path / "table.png").read_text() == "mine"
    assert any("exists" in toast.label.text() for toast in panel.findChildren(Toast))
    export("table.png")
    assert not QImage(str(tmp_path / "table.png")).isNull(), "the dialog asked about this one"
