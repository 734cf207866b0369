"""The Runs place as a whole: what it shows unasked, what it asks for, and how little it works."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.models.curves import CurveModel
from distill_gui.models.run_charts import ChartOptions
from distill_gui.models.run_list import RunListModel
from distill_gui.panels.runs import PANEL
from distill_gui.panels.runs.panel import RunsPanel
from engine.store import MetricRows, RunRecord

Make = Callable[..., RunRecord]
Rows = Callable[..., MetricRows]
Opened = Callable[[SimpleNamespace], RunsPanel]


@pytest.fixture
def opened(qtbot: QtBot, dressed_last: Callable[[], AbstractContextManager[None]]) -> Opened:
    def make(models: SimpleNamespace) -> RunsPanel:
        with dressed_last():
            panel = PANEL.make(models)
            assert isinstance(panel, RunsPanel)
            panel.grid.complete()
        qtbot.addWidget(panel)
        panel.resize(1208, 680)
        panel.show()
        qtbot.waitExposed(panel)
        return panel

    return make


@pytest.fixture
def panel(qtbot: QtBot, models: SimpleNamespace, opened: Opened) -> RunsPanel:
    made = opened(models)
    qtbot.waitUntil(lambda: bool(made.grid.cards["loss"].chart.curve_keys()))
    return made


def test_no_runs_say_what_to_do(qtbot: QtBot, record: Make, opened: Opened) -> None:
    models = SimpleNamespace(runs=RunListModel(), curves=CurveModel())
    panel = opened(models)
    assert not panel.empty.isVisible() and not panel.splitter.isVisible(), "nobody knows yet whether there are runs"
    models.runs.update([])
    assert panel.empty.isVisible() and not panel.splitter.isVisible()
    with qtbot.waitSignal(panel.compose_requested):
        panel.empty.button.click()
    models.runs.update([record(1)])
    assert panel.splitter.isVisible() and not panel.empty.isVisible()


def test_a_place_without_runs_puts_no_ring_around_a_button_of_the_window(qtbot: QtBot) -> None:
    window = QWidget()
    row = QHBoxLayout(window)
    row.addWidget(other := QPushButton("Settings"))
    row.addWidget(PANEL.make(SimpleNamespace(runs=RunListModel(), curves=CurveModel())))
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    assert not other.hasFocus()


@pytest.mark.parametrize("told", [False, True])
def test_runs_that_come_later_take_the_focus_of_the_empty_place(qtbot: QtBot, record: Make, told: bool) -> None:
    models = SimpleNamespace(runs=RunListModel(), curves=CurveModel())
    window = QWidget()
    row = QHBoxLayout(window)
    other = QPushButton("Settings")
    row.addWidget(other)
    row.addWidget(panel := PANEL.make(models))
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    assert isinstance(panel, RunsPanel)
    if told:  # that there are none
        models.runs.update([])
        panel.empty.button.setFocus()
    models.runs.update([record(1)])
    assert window.focusWidget() is panel.column.rows


def test_the_live_run_is_shown_unasked(panel: RunsPanel) -> None:
    assert panel.strip.name.text() == "run 3"
    assert panel.strip.best.value() == "84.0"
    assert panel.strip.gap.value() == "40 %"
    assert panel.strip.progress.text().startswith("step 50 / 100 · epoch 1.00")
    assert "ETA 5 s" in panel.strip.progress.text()


def test_the_next_live_run_is_followed_until_a_person_looks_elsewhere(
    panel: RunsPanel, models: SimpleNamespace, record: Make
) -> None:
    models.runs.update([replace(models.runs.record(3), state="finished"), record(4, state="running", ended_at=None)])
    assert panel.run() == 4
    panel.column.run_chosen.emit(1)
    models.runs.update([replace(models.runs.record(4), state="finished"), record(5, state="running", ended_at=None)])
    assert panel.run() == 1
    panel.column.run_chosen.emit(5)
    models.runs.update([replace(models.runs.record(5), state="finished"), record(6, state="running", ended_at=None)])
    assert panel.run() == 6


def test_choosing_a_run_asks_for_its_log_and_curves(panel: RunsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignals([panel.log_watched, panel.curves_wanted, panel.run_chosen]):
        panel.set_run(2)
    assert panel._wanted == [1, 2, 3]
    panel.append_log(3, "of another run\n")
    panel.append_log(2, "of this run\n")
    assert panel.log.text.toPlainText() == "of this run"
    panel.set_run(3)
    assert panel.log.text.toPlainText() == ""
    panel.set_run(99)
    assert panel.run() == 3


def test_a_failed_run_shows_why_instead_of_figures(panel: RunsPanel, qtbot: QtBot) -> None:
    panel.set_run(2)
    panel.append_log(2, "step 41  loss nan\n")
    qtbot.waitUntil(lambda: panel.failure.log.toPlainText() == "step 41  loss nan")
    assert panel.failure.isVisible() and not panel.strip.tiles.isVisible()
    assert "learning rate" in panel.failure.hint.text()
    panel.set_run(1)
    qtbot.waitUntil(lambda: panel.strip.tiles.isVisible())
    assert not panel.failure.isVisible()


def test_stop_is_asked_for_once_and_the_button_says_how_far(
    panel: RunsPanel, models: SimpleNamespace, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(panel.stop_requested) as told:
        panel.strip.action.click()
    assert told.args == [3]
    assert not panel.strip.action.isEnabled() and "Stopping" in panel.strip.action.text()
    panel.set_stop_stage(3, "Ending the process …")
    assert panel.strip.action.text() == "Ending the process …"
    models.runs.update([replace(models.runs.record(3), state="stopped", ended_at=time.time())])
    panel.set_stop_stage(3, "")
    qtbot.waitUntil(lambda: panel.strip.badge.text() == "stopped")


def test_signals_leave_with_the_run(panel: RunsPanel, qtbot: QtBot) -> None:
    for inner, outer, arguments in (
        (panel.column.renamed, panel.rename_requested, (3, "name")),
        (panel.column.duplicate_wanted, panel.duplicate_requested, (3,)),
        (panel.column.export_wanted, panel.export_requested, (3,)),
        (panel.column.stop_wanted, panel.stop_requested, (3,)),
    ):
        with qtbot.waitSignal(outer) as told:
            inner.emit(*arguments)
        assert tuple(told.args) == arguments


def test_ticks_decide_what_is_drawn(panel: RunsPanel, models: SimpleNamespace, qtbot: QtBot) -> None:
    keys = panel.grid.cards["loss"].chart.curve_keys
    assert sorted(run for run, _, _ in keys()) == [1, 3]
    models.runs.set_ticked([1], False)
    qtbot.waitUntil(lambda: [run for run, _, _ in keys()] == [3])


def test_streamed_rows_reach_chart_and_tiles(
    panel: RunsPanel, models: SimpleNamespace, rows: Rows, qtbot: QtBot
) -> None:
    panel.set_options(replace(panel.options(), weight=0.0))
    models.curves.append(rows(3, "train/loss", [7.0], first=51))
    chart = panel.grid.cards["loss"].chart
    qtbot.waitUntil(lambda: chart._curves[3, "train/loss", False].y[-1] == 7.0)
    assert panel.strip.loss.value() == "7.000"


def test_many_batches_are_drawn_together(
    panel: RunsPanel, models: SimpleNamespace, rows: Rows, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws: list[float] = []
    draw = panel.grid.draw
    monkeypatch.setattr(panel.grid, "draw", lambda: (draws.append(time.perf_counter()), draw()))
    start = time.perf_counter()
    for step in range(51, 251):
        models.curves.append(rows(3, "train/loss", [0.1], first=step))
        qtbot.wait(1)
    seconds = time.perf_counter() - start
    assert 1 <= len(draws) <= 31 * seconds + 2


def test_a_place_nobody_sees_sleeps(panel: RunsPanel, models: SimpleNamespace, rows: Rows) -> None:
    panel.hide()
    models.curves.append(rows(3, "train/loss", [0.1], first=51))
    assert not panel._timer.isActive()
    panel.show()
    assert panel._timer.isActive()


def test_without_a_running_run_the_timer_rests(panel: RunsPanel, models: SimpleNamespace, qtbot: QtBot) -> None:
    models.runs.update([replace(models.runs.record(3), state="finished", ended_at=time.time())])
    qtbot.waitUntil(lambda: not panel._timer.isActive())


def test_tabs(panel: RunsPanel, qtbot: QtBot) -> None:
    panel.tabs.button("config").click()
    assert panel.config.isVisible() and panel.config.text.toPlainText() == 'name = "three"\n'
    assert not panel.x_kind.isVisible()
    qtbot.keyClick(panel, Qt.Key.Key_L, Qt.KeyboardModifier.AltModifier)
    assert panel.log.isVisible() and panel.tabs.current() == "log"
    panel.tabs.button("charts").click()
    assert panel.grid.isVisible() and panel.x_kind.isVisible()


def test_the_x_axis_and_the_gear_change_all_charts(panel: RunsPanel) -> None:
    panel.x_kind.button("step").click()
    assert panel.options().x == panel.grid._options.x == "step"
    panel.menu.boxes["log_y"].click()
    assert panel.options() == ChartOptions(x="step", log_y=True)
    panel.set_options(ChartOptions(x="seconds"))
    assert panel.x_kind.current() == "seconds" and not panel.menu.boxes["log_y"].isChecked()


def test_panning_offers_to_follow_again(panel: RunsPanel) -> None:
    assert not panel.follow.isVisible()
    panel.grid.cards["loss"].chart.panned.emit(0.2, 0.4)
    assert panel.follow.isVisible()
    panel.follow.click()
    assert not panel.follow.isVisible() and panel.grid.following


def test_the_teachers_training_is_shown_while_there_is_nothing_else(
    panel: RunsPanel, models: SimpleNamespace, record: Make, rows: Rows
) -> None:
    assert not panel.side.isVisible()
    models.runs.update([record(4, state="running", phase="fine-tuning the teacher", ended_at=None, total_steps=0)])
    panel.set_run(4)
    models.curves.append(rows(4, "teacher/train/loss", [1.0, 0.5]))
    assert panel.side.isVisible() and panel.side.current() == "teacher" == panel.options().side
    models.curves.append(rows(4, "train/loss", [1.0, 0.5]))
    assert panel.side.current() == "student" == panel.options().side
    panel.side.button("teacher").click()
    models.curves.append(rows(4, "train/loss", [0.4], first=3))
    assert panel.options().side == "teacher"


def test_pointing_in_the_list_and_in_a_chart_light_each_other_up(panel: RunsPanel) -> None:
    panel.column.run_pointed.emit(1)
    assert panel.grid._pointed == 1
    panel.grid.cards["loss"].chart.curve_pointed.emit((3, "train/loss", False))
    assert panel.column.rows.lit == 3


def test_the_place_fits_the_smallest_window(panel: RunsPanel, models: SimpleNamespace, rows: Rows) -> None:
    models.curves.append(rows(3, "teacher/train/loss", [1.0]))
    panel.grid.cards["loss"].chart.panned.emit(0.2, 0.4)
    assert panel.side.isVisible() and panel.follow.isVisible()
    assert panel.minimumSizeHint().width() <= 1280 - 72
    assert panel.minimumSizeHint().height() <= 720 - 40


def test_the_keys_of_the_menu_work_from_everywhere(panel: RunsPanel, models: SimpleNamespace, qtbot: QtBot) -> None:
    panel.set_run(1)
    panel.setFocus()
    with qtbot.waitSignal(panel.duplicate_requested, timeout=1000) as told:
        qtbot.keyClick(panel, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert told.args == [1]


def test_a_stopped_run_stays_in_sight(panel: RunsPanel, models: SimpleNamespace, record: Make) -> None:
    panel.strip.stop_wanted.emit(3)
    models.runs.update([replace(models.runs.record(3), state="stopped"), record(4, state="running", ended_at=None)])
    assert panel.strip.name.text() == "run 3"


def test_a_failed_run_stays_in_sight_and_a_click_meant_for_it_stops_no_other(
    panel: RunsPanel, models: SimpleNamespace, record: Make, qtbot: QtBot
) -> None:
    asked: list[int] = []
    panel.stop_requested.connect(asked.append)
    models.runs.update([replace(models.runs.record(3), state="failed", reason="The loss is nan.")])
    qtbot.waitUntil(lambda: panel.strip.badge.text() == "failed")
    models.runs.update([record(4, state="running", ended_at=None)])
    qtbot.wait(50)
    panel.strip.action.click()
    assert panel.run() == 3 and panel.strip.name.text() == "run 3" and not asked
    panel.follow_live()
    models.runs.update([replace(models.runs.record(4), step=2)])
    assert panel.run() == 4, "who starts a run sees it"


def test_buttons_that_changed_by_themselves_take_no_click_for_a_moment(
    panel: RunsPanel, models: SimpleNamespace, record: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr("distill_gui.panels.runs.live_strip.time.monotonic", lambda: now)
    asked: list[int] = []
    panel.stop_requested.connect(asked.append)
    panel.strip.action.pressed.emit()  # pressed on run 3, let go where run 4 stands
    models.runs.update([replace(models.runs.record(3), state="finished"), record(4, state="running", ended_at=None)])
    qtbot.waitUntil(lambda: panel.strip.name.text() == "run 4")
    panel.strip.action.clicked.emit()
    panel.strip.action.click()
    assert not asked
    now += 0.6
    panel.strip.action.click()
    assert asked == [4] and "run 4" in panel.strip.action.toolTip() and "run 4" in panel.strip.action.accessibleName()


def test_a_run_pointed_at_from_elsewhere_stays(panel: RunsPanel, models: SimpleNamespace) -> None:
    panel.set_run(1)
    models.runs.update([replace(models.runs.record(3), step=60)])
    assert panel.run() == 1


def test_the_run_that_is_compared_with_is_drawn_though_it_is_not_ticked(
    panel: RunsPanel, models: SimpleNamespace, qtbot: QtBot
) -> None:
    models.runs.set_ticked([1, 2, 3], False)
    with qtbot.waitSignal(panel.curves_wanted) as wanted:
        models.runs.set_baseline(1)
    assert set(wanted.args[0]) == {1, panel.run()}
    with qtbot.waitSignal(panel.curves_wanted) as wanted:
        models.runs.set_baseline(None)
    assert wanted.args[0] == [panel.run()]
