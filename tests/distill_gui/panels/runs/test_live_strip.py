"""What the strip says and what its button does, by the run's state."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.panels.runs import live_strip
from distill_gui.panels.runs.live_strip import LiveStrip
from distill_gui.widgets.labels import heading
from engine.store import RunRecord

Make = Callable[..., RunRecord]


@pytest.fixture
def strip(qtbot: QtBot) -> LiveStrip:
    made = LiveStrip(heading("failure"))
    qtbot.addWidget(made)
    made.resize(900, 160)
    made.show()
    return made


def test_a_training_run(strip: LiveStrip, record: Make) -> None:
    run = record(1, state="running", phase="training", step=50, total_steps=200, ended_at=None, device="cpu")
    strip.show_run(run, last_loss=0.41234, loss_change=0.0312, rate=142.3, eta_s=72, control=(0.7, 3))
    assert strip.badge.text() == "training"
    assert strip.about.text().startswith("142 examples/s · kl · 3x384")
    assert strip.bar.fraction() == 0.25
    assert strip.progress.text().endswith("ETA 1 min 12 s")
    assert (strip.loss.value(), strip.loss.note()) == ("0.412", "+0.031 from lowest")
    assert (strip.best.value(), strip.best.note()) == ("80.0", "@ step 5")
    assert (strip.teacher.value(), strip.teacher.note()) == ("90.0", "student −10.0")
    assert (strip.gap.value(), strip.gap.note()) == ("50 %", "from control 70.0, mean of 3")


@pytest.mark.parametrize(
    ("changes", "control", "value", "note"),
    [
        ({"loss": "none"}, None, "—", "this is the control"),
        ({}, None, "—", "no control run yet"),
        ({"best_score": None}, (0.7, 1), "—", "control 70.0"),
        ({"teacher_score": 0.6}, (0.7, 1), "—", "control 70.0 is no worse"),
        ({"best_score": 0.6}, (0.7, 1), "−50 %", "from control 70.0"),
    ],
)
def test_the_gap_is_only_told_where_there_is_one(
    strip: LiveStrip, record: Make, changes: dict[str, object], control: tuple[float, int], value: str, note: str
) -> None:
    strip.show_run(record(1, **changes), control=control)
    assert (strip.gap.value(), strip.gap.note()) == (value, note)


@pytest.mark.parametrize(
    ("state", "text", "signal"),
    [
        ("running", live_strip.STOP, "stop_wanted"),
        ("queued", live_strip.UNQUEUE, "stop_wanted"),
        ("failed", live_strip.AGAIN, "duplicate_wanted"),
        ("interrupted", live_strip.AGAIN, "duplicate_wanted"),
    ],
)
def test_the_button_names_what_it_does(
    strip: LiveStrip, record: Make, qtbot: QtBot, state: str, text: str, signal: str
) -> None:
    strip.show_run(record(7, state=state))
    assert strip.action.text() == text
    with qtbot.waitSignal(getattr(strip, signal)) as told:
        strip.action.click()
    assert told.args == [7]


def test_a_finished_run_exports_if_its_student_was_kept(
    strip: LiveStrip, record: Make, qtbot: QtBot, tmp_path: Path
) -> None:
    strip.show_run(record(7, folder=tmp_path))
    assert strip.action.isHidden()
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "config.json").write_text("{}")
    strip.show_run(record(7, folder=tmp_path))
    with qtbot.waitSignal(strip.export_wanted) as told:
        strip.action.click()
    assert told.args == [7]


def test_the_button_names_the_stage_of_a_stop(strip: LiveStrip, record: Make) -> None:
    run = record(7, state="running", ended_at=None)
    strip.show_run(run)
    strip.set_stop_stage(7, "Ending the process …")
    assert (strip.action.text(), strip.action.isEnabled()) == ("Ending the process …", False)
    strip.show_run(run)
    assert strip.action.text() == "Ending the process …"
    strip.set_stop_stage(7, "")
    assert (strip.action.text(), strip.action.isEnabled()) == (live_strip.STOP, True)


def test_another_run_has_its_own_button(strip: LiveStrip, record: Make) -> None:
    strip.show_run(record(7, state="running"))
    strip.set_stop_stage(7, "Stopping")
    strip.show_run(record(8, state="running"))
    assert strip.action.text() == live_strip.STOP
    strip.show_run(record(7, state="failed"))
    strip.show_run(record(7, state="running"))
    assert strip.action.isEnabled()


def test_names_are_plain_text(strip: LiveStrip, record: Make) -> None:
    strip.show_run(record(7, name="<b>bold</b>"))
    assert strip.name.shown_text() == "<b>bold</b>"


def test_a_run_taught_by_features_alone_is_not_called_the_control(strip: LiveStrip, record: Make) -> None:
    strip.show_run(record(7, loss="none"))
    assert strip.gap.note() == "this is the control"
    strip.show_run(record(7, loss="none", config={"features": [{"kind": "hidden"}], "training": {"epochs": 3}}))
    assert strip.gap.note() == "no control run yet"


@pytest.mark.parametrize("state", ["paused", "stopped", "failed", "interrupted"])
def test_a_run_that_can_go_on_offers_to(strip: LiveStrip, record: Make, qtbot: QtBot, state: str) -> None:
    strip.show_run(record(7, state=state))
    assert strip.second.text() == live_strip.RESUME and strip.second.isVisible()
    with qtbot.waitSignal(strip.resume_wanted) as told:
        strip.second.click()
    assert told.args == [7]


def test_a_running_run_can_be_paused_and_says_so_until_it_has(strip: LiveStrip, record: Make, qtbot: QtBot) -> None:
    run = record(7, state="running", ended_at=None)
    strip.show_run(run)
    with qtbot.waitSignal(strip.pause_wanted) as told:
        strip.second.click()
    assert told.args == [7] and strip.second.text() == live_strip.PAUSE
    strip.set_pausing(7)
    strip.show_run(run)
    assert strip.second.text() == live_strip.PAUSING and not strip.second.isEnabled()
    assert strip.action.isEnabled(), "a stop may still be wanted"
    strip.show_run(record(7, state="paused"))
    assert strip.second.text() == live_strip.RESUME and strip.second.isEnabled()
    strip.show_run(run)
    assert strip.second.text() == live_strip.PAUSE
    for state in ("queued", "finished"):
        strip.show_run(record(7, state=state))
        assert not strip.second.isVisible(), state


def test_a_button_that_is_pressed_and_goes_hands_the_focus_to_no_other(
    strip: LiveStrip, record: Make, qtbot: QtBot
) -> None:
    running = record(1, state="running", phase="training", step=5, total_steps=9, ended_at=None)
    with qtbot.waitActive(strip):
        strip.activateWindow()
    strip.show_run(running)
    for button, change in (
        (strip.second, lambda: strip.set_pausing(1)),
        (strip.second, lambda: strip.show_run(record(1, state="queued"))),
        (strip.action, lambda: strip.set_stop_stage(1, live_strip.STOPPING)),
        (strip.action, lambda: strip.show_run(record(1, state="stopped"))),
    ):
        strip.show_run(record(1, state="finished"))
        strip.show_run(running)
        button.setFocus()
        strip.show_run(replace(running, step=6))
        assert button.hasFocus(), "a step takes it from no button"
        change()
        assert not strip.action.hasFocus() and not strip.second.hasFocus(), "else Space would now do something else"
