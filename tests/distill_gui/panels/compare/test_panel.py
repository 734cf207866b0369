"""The Compare place: what is shown, what a click asks for, and what an empty place says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.models.compare import CompareModel
from distill_gui.panels.compare import PANEL
from distill_gui.panels.compare.panel import ComparePanel
from distill_gui.widgets.toast import Toast
from engine.store import RunRecord, ScoreRow

Record = Callable[..., RunRecord]

TOML = '[task]\nname = "mrpc"\n[teacher]\nmodel = "owner/teacher"\n[student]\narchitecture = "2x128"\n[loss]\nkind = "{}"\n'
SCORES = {"none": (80.0, 81.0, 79.5, 80.4), "kl": (83.1, 83.8, 82.2, 83.5)}  # by seed; apart in each


@pytest.fixture
def model(qapp: QApplication) -> CompareModel:
    theme.apply(qapp, False)
    return CompareModel()


@pytest.fixture
def panel(qtbot: QtBot, model: CompareModel, dressed_last: Callable[[], AbstractContextManager[None]]) -> ComparePanel:
    with dressed_last():
        made = ComparePanel(model)
    qtbot.addWidget(made)
    made.resize(1208, 700)
    made.show()
    return made


@pytest.fixture
def run(record: Record) -> Record:
    def make(number: int, kind: str, seed: int = 0, weight: float = 0.5, task: str = "mrpc") -> RunRecord:
        loss: dict[str, Any] = {"kind": kind} | ({} if kind == "none" else {"lambda": weight, "temperature": 2.0})
        config = {
            "task": {"name": task}, "loss": loss, "teacher": {"model": "owner/teacher", "training": "as_is"},
            "student": {"architecture": "2x128", "init": "random"}, "training": {"seed": seed},
        }  # fmt: skip
        return record(number, loss=kind, architecture="2x128", config=config, seed=seed, toml=TOML.format(kind), task=task,
                      started_at=0.0, ended_at=30.0, parameters=4_400_000, teacher_parameters=22_700_000)  # fmt: skip

    return make


def fill(model: CompareModel, runs: list[RunRecord], values: list[float]) -> None:
    model.update(runs)
    scores = [
        ScoreRow(run.id, "student", "validation", "f1", value / 100) for run, value in zip(runs, values, strict=True)
    ]
    model.set_scores([*scores, *(ScoreRow(run.id, "teacher", "validation", "f1", 0.9) for run in runs)])
    model.set_ticked([run.id for run in runs])
    model.rebuild()


@pytest.fixture
def seeded(model: CompareModel, run: Record) -> None:
    kinds = [(kind, seed) for kind in SCORES for seed in range(4)]
    fill(model, [run(1 + at, *its) for at, its in enumerate(kinds)], [SCORES[kind][seed] for kind, seed in kinds])


def test_a_verdict_in_words_with_how_sure_it_is(panel: ComparePanel, seeded: None) -> None:
    (line,) = panel.verdicts.lines()
    assert line.startswith("better: Vanilla KD") and "beats No teacher by 2.9 ± 0.2 F1 over 4 seeds" in line
    assert "p < 0.001, paired t" in line and "closes 30 % of the gap to the teacher" in line
    assert panel.verdicts.note.text().startswith("Paired t test") and not panel.verdicts.more.isVisible()
    assert not [made for made in panel.verdicts.findChildren(QPushButton) if made.text().startswith("Run ")]


def test_missing_seeds_are_queued_by_a_click(
    panel: ComparePanel, model: CompareModel, run: Record, qtbot: QtBot
) -> None:
    fill(model, [run(1, "none"), run(2, "kl")], [80.0, 83.0])
    (line,) = panel.verdicts.lines()
    assert line.startswith("can’t tell yet: Vanilla KD") and "+3.0 F1 over 1 seed" in line
    (offer,) = [made for made in panel.verdicts.findChildren(QPushButton) if made.text().startswith("Run ")]
    panel.activateWindow()
    offer.setFocus()
    assert offer.text() == "Run 4 more seeds each (about 4 min)"
    with qtbot.waitSignal(panel.queue_requested) as asked:
        QTest.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert len(asked.args[0]) == 8 and sum('kind = "kl"' in toml for toml in asked.args[0]) == 4
    with qtbot.assertNotEmitted(panel.queue_requested):
        QTest.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert panel.verdicts.hasFocus(), "the keyboard is not handed to another button, which the next Space would press"


def test_runs_left_out_are_ticked_by_a_click(
    panel: ComparePanel, model: CompareModel, run: Record, seeded: None, qtbot: QtBot
) -> None:
    model.set_ticked([1, 5])
    model.rebuild()
    (offer,) = [made for made in panel.verdicts.findChildren(QPushButton) if made.text().startswith("Tick ")]
    with qtbot.waitSignal(panel.tick_requested) as asked:
        offer.click()
    assert offer.text() == "Tick 6 more runs" and sorted(asked.args[0]) == [2, 3, 4, 6, 7, 8]


def test_a_configuration_that_cannot_be_repeated_is_said(
    panel: ComparePanel, model: CompareModel, run: Record, qtbot: QtBot
) -> None:
    from dataclasses import replace

    gone = replace(run(2, "kl"), toml=TOML.format("kl").replace("owner/teacher", "/gone"))
    fill(model, [run(1, "none"), gone], [80.0, 83.0])
    (offer,) = [made for made in panel.verdicts.findChildren(QPushButton) if made.text().startswith("Run ")]
    with qtbot.assertNotEmitted(panel.queue_requested):
        offer.click()
    assert any("/gone" in toast.label.text() for toast in panel.window().findChildren(Toast))


def test_tab_goes_from_top_to_bottom(panel: ComparePanel, model: CompareModel, run: Record, qtbot: QtBot) -> None:
    for last in (4, 9, 11):  # lines come and go, the first of them before there is a button for more
        fill(model, [run(1, "none"), *(run(2 + at, "kl", weight=at / 10) for at in range(last))], [80.0] * (last + 1))
        qtbot.wait(1)
    panel.activateWindow()
    panel.copy_button.setFocus()
    reached: list[object] = []
    for _ in range(8):
        panel.focusNextChild()
        reached.append(panel.focusWidget())
    buttons = [
        made for made in panel.verdicts.findChildren(QPushButton) if made.text().startswith("Run ") and made.isVisible()
    ]
    in_sight = sorted(buttons, key=lambda made: made.mapTo(panel, QPoint(0, 0)).y())
    assert reached == [*in_sight, panel.verdicts.more, panel.sweep.plot] and len(in_sight) == 6


def test_many_verdicts_are_folded(panel: ComparePanel, model: CompareModel, run: Record) -> None:
    runs = [run(1, "none"), *(run(2 + at, "kl", weight=at / 10) for at in range(10))]
    fill(model, runs, [80.0 + run.id for run in runs])
    assert len(panel.verdicts.lines()) == 6 and panel.verdicts.more.text() == "Show all 10"
    panel.verdicts.more.click()
    assert len(panel.verdicts.lines()) == 10
    panel.verdicts.more.click()
    assert len(panel.verdicts.lines()) == 6


def test_a_sweep_makes_a_curve_and_without_one_it_is_said_how(
    panel: ComparePanel, model: CompareModel, run: Record, seeded: None
) -> None:
    assert not panel.sweep.plot.isVisible() and "Sweep over…" in panel.sweep.about.text()
    runs = [run(1, "none"), *(run(2 + at, "kl", weight=at / 2) for at in range(3))]
    fill(model, runs, [80.0, 81.0, 83.0, 82.0])
    assert panel.sweep.heading.text() == "λ curve" and panel.sweep.plot.isVisible()
    assert [(dot.x, round(dot.y)) for dot in panel.sweep.plot.dots()] == [(0.0, 81), (0.5, 83), (1.0, 82)]
    assert "0.5 83.0" in panel.sweep.plot.accessibleName()


def test_a_dot_offers_its_runs_its_student_and_to_be_the_baseline(
    panel: ComparePanel, model: CompareModel, seeded: None, qtbot: QtBot
) -> None:
    taught = model.comparison.contenders[1]
    dot = next(dot for dot in panel.costs.plot.dots() if dot.key == taught.key)

    def act(text: str) -> None:
        panel.costs.plot.clicked.emit(dot.key, QPoint(9, 9))
        menu = panel.findChildren(QMenu)[-1]
        next(action for action in menu.actions() if action.text() == text).trigger()
        menu.close()

    with qtbot.waitSignal(panel.show_runs_requested) as shown:
        act("Show its 4 runs")
    with qtbot.waitSignal(panel.export_requested) as exported:
        act("Export its newest student")
    assert shown.args[0] == [8, 7, 6, 5] and exported.args == [8]
    act("Compare the others with it")
    assert panel.baseline.currentText() == taught.title and panel.verdicts.lines()[0].startswith("worse: No teacher")


def test_cost_is_drawn_as_chosen_with_the_teacher_where_its_size_is_known(panel: ComparePanel, seeded: None) -> None:
    assert [dot.name for dot in panel.costs.plot.dots()][-1] == "teacher"
    panel.costs.costs.action("seconds").trigger()
    assert {dot.x for dot in panel.costs.plot.dots()} == {30.0} and panel.costs.about.text().startswith("seconds")
    panel.costs.costs.action("bytes").trigger()
    assert not panel.costs.plot.dots() and panel.costs.about.text() == "Not known of any of these runs."


def test_baseline_and_task_are_chosen(panel: ComparePanel, model: CompareModel, run: Record, seeded: None) -> None:
    assert panel.baseline.isVisible() and not panel.task.isVisible()
    panel.baseline.setCurrentIndex(1)
    panel.baseline.activated.emit(1)
    assert panel.verdicts.lines()[0].startswith("worse: No teacher falls behind")
    runs = [run(20, "none", task="rte"), run(21, "none")]
    model.update(runs)
    model.set_scores(
        [ScoreRow(20, "student", "validation", "accuracy", 0.6), ScoreRow(21, "student", "validation", "f1", 0.8)]
    )
    model.set_ticked([20, 21])
    model.rebuild()
    assert panel.task.isVisible() and panel.task.count() == 2 and not panel.baseline.isVisible()
    assert panel.verdicts.lines() == []


def test_what_goes_out_of_sight_hands_the_keyboard_to_no_button(
    panel: ComparePanel, model: CompareModel, seeded: None, qtbot: QtBot
) -> None:
    panel.activateWindow()
    panel.baseline.setFocus()
    qtbot.waitUntil(panel.baseline.hasFocus)
    model.set_ticked([])
    model.rebuild()
    assert panel.empty.isVisible() and panel.hasFocus()


def test_all_of_it_is_copied(panel: ComparePanel, seeded: None) -> None:
    panel.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.startswith("## MRPC · 2 × 128 · validation F1") and "**better**" in text and "`loss.kind`" in text


def test_an_empty_place_leads_on(panel: ComparePanel, model: CompareModel, run: Record, qtbot: QtBot) -> None:
    model.update([])
    model.rebuild()
    assert not panel.copy_button.isEnabled() and panel.empty.button.text() == "Go to Runs"
    with qtbot.waitSignal(panel.runs_place_requested):
        panel.empty.button.click()
    fill(model, [run(1, "none")], [80.0])
    model.set_ticked([])
    model.rebuild()
    assert panel.empty.isVisible() and panel.empty.button.text() == "Compare all runs"
    panel.empty.button.click()
    assert not panel.empty.isVisible() and panel.scope.current() == "all"


def test_it_stands_after_the_table() -> None:
    from distill_gui.panels import discover

    assert [panel.key for panel in discover()][2:4] == ["table", PANEL.key]
