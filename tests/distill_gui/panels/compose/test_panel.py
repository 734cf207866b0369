"""The whole place: start, queue, presets, files, drops, keyboard, and that nothing is cut off in either theme."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QShortcut
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import PREVIEW_DELAY_MS, ComposeModel
from distill_gui.panels import discover
from distill_gui.panels.compose import PANEL
from distill_gui.panels.compose.panel import ComposePanel
from distill_gui.theme import apply
from distill_gui.widgets.labels import ElidedLabel
from distill_gui.widgets.toast import Toast
from engine.config import parse_config


def said(panel: ComposePanel) -> str:
    """What was said last, which stands lowest."""
    toasts = [toast for toast in panel.window().findChildren(Toast) if toast.isVisible()]
    return max(toasts, key=lambda toast: toast.y()).accessibleName()


def test_it_is_the_first_place_and_takes_its_model() -> None:
    assert discover()[0] is PANEL


def test_the_place_is_made_from_the_models(model: ComposeModel, qtbot: QtBot) -> None:
    made = PANEL.make(SimpleNamespace(compose=model))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    assert isinstance(made, ComposePanel)


def test_from_nothing_to_three_runs(
    panel: ComposePanel, model: ComposeModel, answer: dict[str, Any], qtbot: QtBot
) -> None:
    started: list[list[str]] = []
    panel.start_requested.connect(started.append)
    qtbot.mouseClick(panel.preview.main, Qt.MouseButton.LeftButton)
    assert panel.window().focusWidget() is panel.teacher.row("teacher.model").control
    qtbot.keyClicks(panel.teacher.row("teacher.model").control, "owner/teacher")
    qtbot.mouseClick(panel.preview.main, Qt.MouseButton.LeftButton)
    task = panel.task.row("task.name").control
    assert panel.window().focusWidget() is task
    task.setCurrentIndex(task.findData("mrpc"))
    task.activated.emit(task.currentIndex())
    assert panel.preview.main.text() == "Start"
    seeds = panel.training.row("training.seed").control
    seeds.selectAll()
    qtbot.keyClicks(seeds, "1, 2, 3")
    assert panel.preview.main.text() == "Start 3 runs"
    qtbot.mouseClick(panel.preview.main, Qt.MouseButton.LeftButton)
    ((first, second, third),) = started
    assert [parse_config(text).training.seed for text in (first, second, third)] == [1, 2, 3]
    assert parse_config(first).loss.kind == "taylor"


def test_queueing_is_told_apart_from_starting(ready: ComposePanel, qtbot: QtBot) -> None:
    started, queued = [], []
    ready.start_requested.connect(started.append)
    ready.queue_requested.connect(queued.append)
    qtbot.mouseClick(ready.preview.queue, Qt.MouseButton.LeftButton)
    assert started == [] and len(queued) == 1 and len(queued[0]) == 1


def test_the_engine_is_asked_after_a_pause(panel: ComposePanel, model: ComposeModel, qtbot: QtBot) -> None:
    asked: list[str] = []
    panel.preview_requested.connect(lambda number, toml: asked.append(toml))
    model.set_value("teacher.model", "owner/t")
    model.set_value("task.name", "rte")
    qtbot.waitUntil(lambda: bool(asked), timeout=PREVIEW_DELAY_MS * 10)
    assert len(asked) == 1 and parse_config(asked[0]).task.name == "rte"
    assert panel.preview.badge.text() == "checking"


def test_a_preset_is_chosen_by_hand(ready: ComposePanel, model: ComposeModel) -> None:
    assert ready.preset.currentIndex() == -1, "an opened configuration is nobody's preset"
    index = ready.preset.findData("kl")
    ready.preset.setCurrentIndex(index)
    ready.preset.activated.emit(index)
    assert model.preset() == "kl" and ready.loss.row("loss.kind").control.current() == "kl"


@pytest.mark.parametrize("key", ["teacher", "teacher.model", "task", "loss", "student.heads", "training.keep", "name"])
def test_every_finding_leads_somewhere(ready: ComposePanel, key: str) -> None:
    ready.setFocus()
    ready.preview.key_chosen.emit(key)
    focused = ready.window().focusWidget()
    expected = {"teacher": "teacher.model", "task": "task.name", "loss": "loss.kind"}.get(key, key)
    if key == "name":
        assert focused is ready.preview.name
        return
    row = getattr(ready, expected.split(".")[0]).row(expected)
    assert row.isVisible()
    assert focused is row.control or row.control.isAncestorOf(focused)


def test_a_finding_without_a_field_harms_nothing(ready: ComposePanel) -> None:
    for key in ("task.nothing", "nothing", ""):
        ready.preview.key_chosen.emit(key)


def test_files_are_opened_and_saved(panel: ComposePanel, model: ComposeModel, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('[task]\nname = "rte"\nx = 1\n[teacher]\nmodel = "owner/t"\n[loss]\nkind = "kl"\n')
    panel.open_file(str(file))
    assert model.value("task.name") == "rte" and panel.file.text() == "run.toml"
    assert said(panel) == "run.toml opened; unknown keys were left out: task.x."
    panel.save_file(str(tmp_path / "again.toml"))
    assert parse_config((tmp_path / "again.toml").read_text()).task.name == "rte"
    assert panel.file.text() == "again.toml" and said(panel) == "Saved as again.toml."


def test_a_file_that_cannot_be_read_is_said(ready: ComposePanel, model: ComposeModel, tmp_path: Path) -> None:
    before = model.toml()
    ready.open_file(str(tmp_path / "gone.toml"))
    assert "there is no file" in said(ready) and model.toml() == before


def test_dialogs_lead_to_files(
    panel: ComposePanel, ready: ComposePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    from distill_gui.panels.compose import panel as module

    chosen = str(tmp_path / "chosen.toml")
    monkeypatch.setattr(module.QFileDialog, "getSaveFileName", lambda *args: (chosen, ""))
    monkeypatch.setattr(module.QFileDialog, "getOpenFileName", lambda *args: (chosen, ""))
    qtbot.mouseClick(ready.save_button, Qt.MouseButton.LeftButton)
    assert Path(chosen).is_file()
    Path(chosen).write_text('[task]\nname = "cola"\n[loss]\nkind = "none"\n')
    qtbot.mouseClick(ready.open_button, Qt.MouseButton.LeftButton)
    assert ready.task.row("task.name").control.current() == "cola"
    monkeypatch.setattr(module.QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    ready.preview.menu.actions()[3].trigger()
    assert ready.task.row("task.name").control.current() == "cola"


def test_the_menu_copies(ready: ComposePanel, model: ComposeModel) -> None:
    actions = {action.text(): action for action in ready.preview.menu.actions() if action.text()}
    assert list(actions) == ["Copy command line", "Copy TOML", "Open TOML…", "Save TOML…"]
    actions["Copy TOML"].trigger()
    assert QGuiApplication.clipboard().text() == model.toml()
    actions["Copy command line"].trigger()
    assert QGuiApplication.clipboard().text().startswith("distill run - <<'END_OF_TOML'\n")
    assert said(ready) == "Command line copied."


def drop(panel: ComposePanel, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    panel.dropEvent(event)


def test_files_and_folders_can_be_dropped(panel: ComposePanel, model: ComposeModel, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    (tmp_path / "run.toml").write_text('[task]\nname = "rte"\n[loss]\nkind = "kl"\n')
    drop(panel, tmp_path / "run.toml")
    assert model.value("task.name") == "rte"
    drop(panel, tmp_path / "model")
    assert model.value("teacher.model") == str((tmp_path / "model").resolve())
    drop(panel, tmp_path / "empty")
    assert said(panel).startswith("empty holds neither a model")


def drop_on(widget: QWidget, path: Path) -> None:
    """As the window system brings it: first over the widget, then let go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(9, 9), *rest))
    QApplication.sendEvent(widget, QDropEvent(QPointF(9, 9), *rest))


def test_what_is_dropped_on_a_field_is_never_text_of_it(
    panel: ComposePanel, model: ComposeModel, tmp_path: Path
) -> None:
    (tmp_path / "run.toml").write_text('[task]\nname = "rte"\n')
    drop_on(panel.preview.name, tmp_path / "run.toml")
    assert model.value("task.name") == "rte" and panel.preview.name.text() == ""
    drop_on(panel.teacher.row("teacher.model").control, tmp_path)
    assert model.value("teacher.model") == str(tmp_path)


def test_a_key_starts_with_the_number_just_typed(ready: ComposePanel, model: ComposeModel, qtbot: QtBot) -> None:
    started: list[list[str]] = []
    ready.start_requested.connect(started.append)
    ready.activateWindow()
    qtbot.waitUntil(ready.isActiveWindow)
    model.set_value("loss.kind", "kl")
    box = ready.loss.row("loss.lambda").control.box  # type: ignore[attr-defined]
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, box.textFromValue(0.3))
    qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert parse_config(started[0][0]).loss.label_weight == 0.3  # type: ignore[attr-defined]


def test_keys_held_a_little_long_are_one_wish(panel: ComposePanel) -> None:
    assert not any(shortcut.autoRepeat() for shortcut in panel.findChildren(QShortcut))


def test_keys_start_open_and_save(ready: ComposePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from distill_gui.panels.compose import panel as module

    asked: list[str] = []
    monkeypatch.setattr(module.QFileDialog, "getSaveFileName", lambda *args: asked.append("save") or ("", ""))
    monkeypatch.setattr(module.QFileDialog, "getOpenFileName", lambda *args: asked.append("open") or ("", ""))
    ready.start_requested.connect(lambda tomls: asked.append("start"))
    ready.queue_requested.connect(lambda tomls: asked.append("queue"))
    ready.activateWindow()
    qtbot.waitUntil(ready.isActiveWindow)
    control = ready.training.row("training.epochs").control
    control.setFocus()
    qtbot.keyClick(control, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(control, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(control, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(control, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert asked == ["start", "queue", "open", "save"]


@pytest.mark.parametrize("size", [(1208, 680), (1368, 860)])
def test_nothing_is_cut_off_at_the_side(ready: ComposePanel, qapp: QApplication, size: tuple[int, int]) -> None:
    ready.resize(*size)
    for group in ready.groups:
        group.set_open(True)
    for _ in range(5):
        qapp.processEvents()
    form = ready.area.widget()
    assert form is not None and form.width() <= ready.area.viewport().width()
    for widget in form.findChildren(QWidget):
        if widget.isVisible():
            assert widget.mapTo(form, widget.rect().topRight()).x() < form.width(), widget
    cut = [
        label.text()
        for label in ready.findChildren(ElidedLabel)
        if label.isVisible() and label.text() and label.shown_text() != label.text()
    ]
    assert cut == []


def test_the_preview_stays_while_the_form_scrolls(ready: ComposePanel, qapp: QApplication) -> None:
    for group in ready.groups:
        group.set_open(True)
    qapp.processEvents()
    before = ready.preview.mapTo(ready, ready.preview.rect().topLeft())
    bar = ready.area.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())
    qapp.processEvents()
    assert ready.preview.mapTo(ready, ready.preview.rect().topLeft()) == before


def test_both_themes_are_drawn(ready: ComposePanel, qapp: QApplication) -> None:
    light = ready.grab().toImage()
    apply(qapp, True)
    qapp.processEvents()
    dark = ready.grab().toImage()
    apply(qapp, False)
    assert light != dark


def test_names_are_shown_as_plain_text(panel: ComposePanel, model: ComposeModel, answer: dict[str, Any]) -> None:
    model.load_toml('name = "<b>x</b>"\n[task]\nname = "mrpc"\n[teacher]\nmodel = "owner/t"\n[loss]\nkind = "kl"\n')
    panel.set_preview({**answer, "faults": [{"key": "<i>", "message": "<img src=x>"}]})
    shown = [
        label for label in panel.findChildren(QLabel) if "<" in label.text() and "notice" not in str(label.parent())
    ]
    assert shown
    assert all(
        label.textFormat() == Qt.TextFormat.PlainText for label in shown if label.parent() is not panel.loss.notice
    )


def test_the_tab_key_goes_down_the_loss_card_with_all_that_came_later(panel: ComposePanel, model: ComposeModel) -> None:
    model.load_toml(
        '[loss]\nkind = "kl"\n[[features]]\nkind = "hidden"\nlayers = [[1, 1]]\n[[features]]\nkind = "cka"\n'
    )
    for card in panel.loss.terms.cards():
        card.set_open(True)
    reached, stop = [], panel.loss.fold.nextInFocusChain()
    while stop is not panel.training.fold:
        if stop.isVisible() and stop.focusPolicy() & Qt.FocusPolicy.TabFocus and stop.focusProxy() is None:
            reached.append(stop.accessibleName())
        stop = stop.nextInFocusChain()
    assert [name for name in reached if name] == [
        "Distillation loss", "Reset Distillation loss", "λ labels ↔ teacher", "λ labels ↔ teacher",
        "Temperature T", "Temperature T", "Add a feature term",
        "Hidden states, shown", "Take out Hidden states (hidden)", "Weight", "Layer map", "Layer map: pairs",
        "Reset Layer map", "Distance", "Advanced, folded",
        "CKA, shown", "Take out CKA (cka)", "Weight", "Layer map", "Over", "Advanced, folded",
    ]  # fmt: skip
