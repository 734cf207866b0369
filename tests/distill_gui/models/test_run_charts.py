"""Which curves a chart draws, and how long the x axis is."""

from collections.abc import Callable
from math import inf

import pytest

from distill_gui.models.run_charts import (
    CHARTS,
    ChartOptions,
    curve_names,
    sides,
    term_text,
    title,
    x_axis,
    x_end,
    x_text,
)
from engine.store import RunRecord

Make = Callable[..., RunRecord]
KINDS = {kind.key: kind for kind in CHARTS}
NAMES = [
    "teacher/train/loss", "teacher/train/loss/labels", "teacher/validation/f1", "train/loss", "train/loss/labels",
    "train/loss/teacher", "train/learning_rate", "train/gradient_norm", "train/examples_per_second",
    "validation/f1", "validation/accuracy", "validation/loss",
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "student", "teacher"),
    [
        ("validation", ["validation/f1"], ["teacher/validation/f1"]),
        ("loss", ["train/loss"], ["teacher/train/loss"]),
        ("terms", ["train/loss/labels", "train/loss/teacher"], ["teacher/train/loss/labels"]),
        ("learning_rate", ["train/learning_rate"], []),
        ("gradient_norm", ["train/gradient_norm"], []),
        ("throughput", ["train/examples_per_second"], []),
    ],
)
def test_each_chart_takes_its_curves(key: str, student: list[str], teacher: list[str], record: Make) -> None:
    assert curve_names(KINDS[key], record(1), NAMES) == student
    assert curve_names(KINDS[key], record(1), NAMES, "teacher") == teacher


def test_two_validation_splits_are_both_drawn(record: Make) -> None:
    names = ["validation_matched/accuracy", "validation_mismatched/accuracy", "validation/loss"]
    assert curve_names(KINDS["validation"], record(1, key_metric="accuracy"), names) == names[:2]
    assert curve_names(KINDS["validation"], record(1, key_metric=""), names) == []


def test_the_heading_names_the_metric_all_runs_share(record: Make) -> None:
    kind = KINDS["validation"]
    assert title(kind, [record(1), record(2), record(3, key_metric="")]) == "Validation F1"
    assert title(kind, [record(1), record(2, key_metric="pearson")]) == "Validation score"
    assert title(KINDS["loss"], []) == "Total loss"


def test_sides_and_terms() -> None:
    assert sides(NAMES) == ["student", "teacher"]
    assert sides(["teacher/train/loss"]) == ["teacher"]
    assert sides([]) == ["student"]
    assert term_text("teacher/train/loss/labels") == "labels"


@pytest.mark.parametrize(("x", "scale"), [("step", 1.0), ("epoch", 1 / 115), ("examples", 32.0)])
def test_scales(x: str, scale: float, record: Make) -> None:
    run = record(1, state="running", steps_per_epoch=115, total_steps=345)
    assert x_axis(run, ChartOptions(x=x)).scale == pytest.approx(scale)
    assert x_end(run, ChartOptions(x=x)) == pytest.approx(345 * scale)
    assert x_end(record(1), ChartOptions(x=x)) is None


def test_nobody_knows_how_many_seconds_a_run_will_take(record: Make) -> None:
    run = record(1, state="running", total_steps=345)
    assert x_axis(run, ChartOptions(x="seconds")).seconds
    assert x_end(run, ChartOptions(x="seconds")) == inf


def test_the_teachers_epochs_have_its_own_batches(record: Make) -> None:
    options = ChartOptions(side="teacher")
    config = {"teacher": {"batch_size": 16, "epochs": 4}}
    assert x_axis(record(1, config=config, steps_per_epoch=100), options).scale == pytest.approx(1 / 200)
    early = record(1, config=config, steps_per_epoch=0, total_steps=0, phase_total=400, state="running")
    assert x_axis(early, options).scale == pytest.approx(1 / 100)


def test_places_in_words() -> None:
    assert x_text(ChartOptions(x="epoch"), 1.857) == "epoch 1.86"
    assert x_text(ChartOptions(x="examples"), 12345.0) == "12,345 examples"
