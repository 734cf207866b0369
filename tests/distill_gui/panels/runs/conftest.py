"""Three runs with curves — one finished, one failed, one training — for the tests of the Runs place."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.models.curves import CurveModel
from distill_gui.models.run_list import RunListModel
from engine.store import MetricRows, RunRecord

NAMES = ("train/loss", "train/loss/labels", "train/loss/teacher", "train/gradient_norm", "validation/f1")
Rows = Callable[..., MetricRows]


@pytest.fixture
def rows() -> Rows:
    """Makes rows of one curve: run, metric name, values; steps count from `first`, ten rows a second."""

    def make(run: int, name: str, values: list[float], first: int = 1) -> MetricRows:
        steps = np.arange(first, first + len(values))
        of_run, of_series = np.full(len(steps), run), np.zeros(len(steps), int)
        return MetricRows(0, of_run, of_series, {0: name}, steps, steps / 10, np.array(values, float))

    return make


@pytest.fixture
def models(qtbot: QtBot, record: Callable[..., RunRecord], rows: Rows) -> Iterator[SimpleNamespace]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, False)
    runs, curves = RunListModel(), CurveModel()
    reason = "The total loss is nan at step 41: training has gone astray. Lower the learning rate."
    runs.update(
        [
            record(1, loss="none", best_score=0.80),
            record(2, state="failed", reason=reason, best_score=None),
            record(
                3, state="running", phase="training", step=50, total_steps=100, steps_per_epoch=50, best_score=0.84,
                best_step=40, started_at=time.time() - 5, ended_at=None, toml='name = "three"\n',
            ),
        ]
    )  # fmt: skip
    for run in (1, 3):
        for name in NAMES:
            curves.append(rows(run, name, [1 / step for step in range(1, 51)]))
    yield SimpleNamespace(runs=runs, curves=curves)
