"""Which curves a chart draws, and how long the x axis is."""

from collections.abc import Callable
from math import inf

import pytest

from distill_gui.models.run_charts import (
    CHARTS,
    NO_ANSWERS,
    NO_TEACHER,
    ChartOptions,
    curve_names,
    obstacle,
    sides,
    term_place,
    term_text,
    title,
    view_of,
    with_view,
    x_axis,
    x_end,
    x_text,
)
from engine.store import RunRecord

Make = Callable[..., RunRecord]
KINDS = {kind.key: kind for kind in CHARTS}
NAMES = [
    "teacher/train/loss", "teacher/train/loss/labels", "teacher/validation/f1", "teacher/train/padding_share",
    "train/loss", "train/loss/labels",
    "train/loss/teacher", "train/learning_rate", "train/gradient_norm", "train/examples_per_second", "train/padding_share",
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


def test_a_chart_of_terms_has_views_of_its_own_curves_in_the_order_of_the_loss(record: Make) -> None:
    run = record(1, config={"features": [{"kind": "hidden"}, {"kind": "pkd"}, {"kind": "hidden"}]})
    names = [f"train/{kind}/{term}" for kind in ("raw", "loss") for term in ("pkd", "hidden-2", "labels", "hidden")]
    terms, options = KINDS["terms"], ChartOptions()
    weighted, defined = view_of(terms, options, run), view_of(terms, with_view(options, "terms", "defined"), run)
    assert curve_names(terms, run, names, view=weighted) == [
        "train/loss/labels", "train/loss/hidden", "train/loss/pkd", "train/loss/hidden-2",
    ]  # fmt: skip
    assert curve_names(terms, run, names, view=defined) == [name.replace("loss", "raw") for name in (
        "train/loss/labels", "train/loss/hidden", "train/loss/pkd", "train/loss/hidden-2",
    )]  # fmt: skip
    assert [term_place(f"train/loss/{term}", run) for term in ("labels", "teacher", "hidden", "pkd", "hidden-2", "x")] == [
        0, 1, 2, 3, 4, 5,
    ]  # fmt: skip


def test_a_chosen_view_stays_beside_those_of_other_charts() -> None:
    options = with_view(
        with_view(with_view(ChartOptions(), "shares", "logits"), "terms", "defined"), "shares", "parameters"
    )
    assert dict(options.views) == {"shares": "parameters", "terms": "defined"}


@pytest.mark.parametrize(
    ("loss", "features", "influence", "logits", "parameters"),
    [
        ("kl", [], "", "", ""),
        ("none", [], NO_TEACHER, NO_TEACHER, NO_TEACHER),
        ("none", [{"kind": "hidden"}], NO_ANSWERS, NO_ANSWERS, ""),
        ("kl", [{"kind": "hidden"}], "", "", ""),
    ],
)
def test_what_a_run_can_never_have_rows_of(
    loss: str, features: list, influence: str, logits: str, parameters: str, record: Make
) -> None:
    run, shares = record(1, loss=loss, config={"features": features}), KINDS["shares"]
    by_logits, by_parameters = shares.views
    assert obstacle(KINDS["influence"], None, run) == influence
    assert (obstacle(shares, by_logits, run), obstacle(shares, by_parameters, run)) == (logits, parameters)
    assert obstacle(KINDS["loss"], None, run) == ""
    assert view_of(shares, ChartOptions(), run) == (by_parameters if features else by_logits)
