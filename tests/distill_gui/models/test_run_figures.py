"""What the curves of a run tell of it, and nothing that they do not know."""

from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QApplication

from distill_gui.models.curves import CurveModel
from distill_gui.models.run_figures import figures
from engine.store import MetricRows, RunRecord

Make = Callable[..., RunRecord]


def rows(name: str, *values: float) -> MetricRows:
    """Of run 1, a step each half second."""
    steps = np.arange(len(values))
    one, number = np.ones_like(steps), np.full_like(steps, 1 if name == "train/loss" else 2)
    return MetricRows(0, one, number, {int(number[0]): name}, steps, 0.5 * steps, np.array(values))


def test_loss_pace_and_what_is_left(qapp: QApplication, record: Make) -> None:
    curves = CurveModel()
    run = record(1, state="running", phase="training", step=2, total_steps=10)
    assert set(figures(run, curves, 0.0).values()) == {None}, "nothing is known yet"
    curves.append(rows("train/loss", 0.9, 0.25, 0.5))
    curves.append(rows("train/examples_per_second", 30.0, 40.0))
    assert figures(run, curves, 0.0) == {"last_loss": 0.5, "loss_change": 0.25, "rate": 40.0, "eta_s": 4.0}
    assert figures(record(1, state="running", phase="evaluating", step=2, total_steps=10), curves, 0.0)["eta_s"] is None
