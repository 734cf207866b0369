"""The Export place: one run, one folder, one answer; nothing asked for that the engine would refuse."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.models.export import ExportModel
from distill_gui.panels.export import PANEL
from distill_gui.panels.export.panel import ExportPanel
from distill_gui.widgets.toast import Toast
from engine.analysis.export_record import ExportRecord, write_record
from engine.store import RunRecord

Record = Callable[..., RunRecord]


@pytest.fixture
def model(qapp: QApplication, record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExportModel:
    theme.apply(qapp, False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "person")

    def kept(run: int, **changes: Any) -> RunRecord:
        folder = tmp_path / "runs" / str(run)
        (folder / "student").mkdir(parents=True)
        for name in ("config.json", "model.safetensors"):
            (folder / "student" / name).write_bytes(b"{ }")
        config = {"loss": {"kind": "kl"}, "student": {"architecture": "3x384"}, "task": {"name": "mrpc"}}
        return record(run, folder=folder, config=config, **changes)

    made = ExportModel()
    made.update([kept(1, name="first <b>"), kept(2, name="second")])
    return made


@pytest.fixture
def panel(qtbot: QtBot, model: ExportModel, dressed_last: Callable[[], AbstractContextManager[None]]) -> ExportPanel:
    with dressed_last():
        made = ExportPanel(model)
    qtbot.addWidget(made)
    made.resize(1208, 660)
    made.show()
    return made


def test_nothing_is_claimed_before_it_is_known(qtbot: QtBot) -> None:
    model = ExportModel()
    panel = ExportPanel(model)
    qtbot.addWidget(panel)
    title = next(label for label in panel.empty.findChildren(QLabel) if label.text() == "Nothing to export yet")
    assert title.isHidden()
    model.update([])
    assert not title.isHidden()


def test_the_newest_run_is_shown_with_what_would_leave(panel: ExportPanel, tmp_path: Path) -> None:
    assert panel.run() == 2
    assert panel.target.folder.text() == str(tmp_path / "person" / "distilled" / "second")
    assert panel.target.file_names() == ["config.json", "model.safetensors", "README.md", "distill_export.json"]
    assert panel.view.page.toPlainText().startswith("second")
    assert panel.student.tile("On disk").value() == "6 B"
    assert not panel.result.isVisible() and PANEL.key == "export" and PANEL.order == 6


def test_exporting_asks_once_and_says_how_it_went(panel: ExportPanel, qtbot: QtBot, tmp_path: Path) -> None:
    target = tmp_path / "out"
    panel.target.folder.setText(str(target))
    with qtbot.waitSignal(panel.export_requested) as asked:
        QTest.mouseClick(panel.target.button, Qt.MouseButton.LeftButton)
    assert asked.args == [2, "huggingface", str(target)]
    assert not panel.target.button.isEnabled() and "checking" in panel.target.button.text()
    with qtbot.assertNotEmitted(panel.export_requested):
        QTest.mouseClick(panel.target.button, Qt.MouseButton.LeftButton)
    target.mkdir()
    write_record(target, ExportRecord(2, "second", "huggingface", (), 6, 0.0))
    panel.set_exported(2, str(target))
    assert panel.result.isVisible() and panel.result.folder() == str(target) and panel.target.button.isEnabled()
    QTest.mouseClick(panel.result.copy_path_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == str(target)
    QTest.mouseClick(panel.result.copy_lines_button, Qt.MouseButton.LeftButton)
    assert f'pipeline("text-classification", {str(target)!r})' in QGuiApplication.clipboard().text()


def test_a_failure_is_shown_with_its_run_and_can_be_tried_again(panel: ExportPanel, qtbot: QtBot) -> None:
    QTest.mouseClick(panel.target.button, Qt.MouseButton.LeftButton)
    panel.set_failed(2, "The disk is <full>.")
    assert panel.target.failure.isVisible() and panel.target.failure.text() == "Not exported. The disk is <full>."
    panel.set_run(1)
    assert not panel.target.failure.isVisible()
    panel.set_run(2)
    assert panel.target.failure.isVisible()
    with qtbot.waitSignal(panel.export_requested):
        QTest.mouseClick(panel.target.button, Qt.MouseButton.LeftButton)
    assert not panel.target.failure.isVisible()


def test_news_of_another_run_comes_as_a_toast(panel: ExportPanel) -> None:
    QTest.mouseClick(panel.target.button, Qt.MouseButton.LeftButton)
    panel.set_run(1)
    panel.set_exported(2, "/somewhere")
    assert not panel.result.isVisible() and panel.target.button.isEnabled()
    assert any("/somewhere" in toast.label.text() for toast in panel.findChildren(Toast))
    panel.set_failed(2, "No.")
    assert any("“second” was not exported. No." in toast.label.text() for toast in panel.findChildren(Toast))


def test_a_folder_that_would_be_refused_locks_the_button_and_says_why(panel: ExportPanel, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("")
    panel.target.folder.setText(str(tmp_path / "full"))
    assert not panel.target.button.isEnabled()
    panel.set_run(1)
    assert panel.target.button.isEnabled(), "each run has its own folder"
    panel.set_run(2)
    assert not panel.target.button.isEnabled() and panel.target.folder.text() == str(tmp_path / "full")


def test_a_folder_that_filled_meanwhile_is_not_asked_for(panel: ExportPanel, qtbot: QtBot, tmp_path: Path) -> None:
    panel.target.folder.setText(str(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    with qtbot.assertNotEmitted(panel.export_requested):
        QTest.mouseClick(panel.target.button, Qt.MouseButton.LeftButton)


def test_rows_and_other_places_choose_the_run(panel: ExportPanel, model: ExportModel) -> None:
    middle = panel.rows.visualRect(model.index(1)).center()
    QTest.mouseClick(panel.rows.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert panel.run() == 1 and "first <b>" in panel.view.page.toPlainText()
    model.choose(2)
    assert panel.run() == 2 and panel.rows.currentIndex().row() == 0
    model.choose(99)
    assert panel.run() == 2


def test_without_a_student_the_place_says_when_there_will_be_one(panel: ExportPanel, model: ExportModel) -> None:
    assert not panel.empty.isVisible()
    model.remove([1, 2])
    assert panel.empty.isVisible() and panel.run() is None


def test_the_card_can_be_read_or_seen_as_it_is(panel: ExportPanel) -> None:
    QTest.mouseClick(panel.reading.button("source"), Qt.MouseButton.LeftButton)
    assert panel.view.currentWidget() is panel.view.source and panel.view.source.toPlainText().startswith("---")


def test_what_is_typed_keeps_its_place_when_news_comes(panel: ExportPanel, model: ExportModel) -> None:
    field = panel.target.folder
    field.selectAll()
    QTest.keyClicks(field, "/out")
    field.setCursorPosition(1)
    model.set_scores([])
    model.runs_changed.emit()
    assert (field.text(), field.cursorPosition()) == ("/out", 1) and field.isUndoAvailable()
    field.clear()
    model.runs_changed.emit()
    assert field.text() == "", "emptied on the way to another folder"


def test_a_folder_exported_over_is_said_to_hold_the_last_run_only(panel: ExportPanel, tmp_path: Path) -> None:
    panel.set_exported(2, str(tmp_path / "out"))
    assert panel.result.isVisible()
    panel.set_exported(1, str(tmp_path / "out"))
    assert not panel.result.isVisible()
    panel.set_run(1)
    assert panel.result.isVisible()


def test_the_keyboard_stays_at_the_button_over_an_export(panel: ExportPanel, qtbot: QtBot, tmp_path: Path) -> None:
    panel.activateWindow()
    panel.target.folder.setText(str(tmp_path / "out"))
    panel.target.button.setFocus()
    QTest.keyClick(panel.target.button, Qt.Key.Key_Space)
    assert QApplication.focusWidget() is panel.target, "keys go to nothing else meanwhile"
    panel.set_exported(2, str(tmp_path / "out"))
    assert QApplication.focusWidget() is panel.target.button
    QTest.keyClick(panel.target.button, Qt.Key.Key_Space)
    panel.rows.setFocus()
    panel.set_failed(2, "No.")
    assert QApplication.focusWidget() is panel.rows, "where the person went is left alone"


def test_long_words_push_nothing_out_of_sight(panel: ExportPanel, model: ExportModel, tmp_path: Path) -> None:
    write_record(tmp_path, ExportRecord(1, "n" * 200, "huggingface", tuple(p.name for p in tmp_path.iterdir()), 6, 0.0))
    panel.target.folder.setText(str(tmp_path))
    panel.set_exported(2, str(tmp_path))
    panel.set_failed(2, f"The disk of /{'x' * 200} is full.")
    for _ in range(3):
        QApplication.processEvents()  # labels that wrap ask for their height later
    for widget in (panel.target.button, panel.target.browse, panel.result.copy_path_button):
        right = widget.mapTo(panel, widget.rect().topRight()).x()
        assert right <= panel.view.mapTo(panel, panel.view.rect().topLeft()).x()


def test_how_it_went_comes_into_sight(panel: ExportPanel, qtbot: QtBot, tmp_path: Path) -> None:
    panel.resize(1208, 440)
    panel.set_exported(2, str(tmp_path / "out"))
    QApplication.processEvents()
    panel.set_failed(2, "The disk is full. " * 9)
    qtbot.waitUntil(lambda: panel.target.failure.visibleRegion().boundingRect() == panel.target.failure.rect())
    assert panel.result.path.visibleRegion().isEmpty()
    panel.set_exported(2, str(tmp_path / "out"))
    assert panel.result.path.visibleRegion().boundingRect() == panel.result.path.rect()


def test_a_new_run_moves_neither_the_list_nor_the_card_that_is_read(
    panel: ExportPanel, model: ExportModel, qapp: QApplication
) -> None:
    record = model._records[1]
    model.update([replace(record, id=run, name=f"run {run}") for run in range(3, 40)])
    panel.set_run(1)
    QApplication.processEvents()
    rows, page = panel.rows.verticalScrollBar(), panel.view.page.verticalScrollBar()
    assert rows.value() == rows.maximum() > 0, "the run asked for is in sight"
    rows.setValue(100)
    page.setValue(20)
    model.update([replace(record, id=40)])
    theme.apply(qapp, True)
    QApplication.processEvents()
    assert (rows.value(), page.value()) == (100, 20) and panel.run() == 1


def test_tab_stops_only_where_something_can_be_done(panel: ExportPanel, qtbot: QtBot) -> None:
    with qtbot.waitActive(panel):
        panel.activateWindow()
    panel.rows.setFocus()
    QTest.keyClick(panel.rows, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is panel.target.format
