"""Metrics against their formulas written out in float64, and what they give where they are not defined."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine import catalog
from engine.data.metrics import METRICS, predictions, score
from engine.errors import EngineError
from tests.engine.data.conftest import GRADES, PAIRS


def counts(labels: NDArray[Any], found: NDArray[Any]) -> tuple[int, int, int, int]:
    """(true positives, true negatives, false positives, false negatives) of class 1."""
    pairs = list(zip(labels.tolist(), found.tolist(), strict=True))
    return pairs.count((1, 1)), pairs.count((0, 0)), pairs.count((0, 1)), pairs.count((1, 0))


@pytest.fixture(params=range(5))
def two_classes(request: pytest.FixtureRequest) -> tuple[NDArray[Any], NDArray[Any]]:
    chance = np.random.default_rng(request.param)
    labels = chance.integers(0, 2, 83)
    return labels, np.where(chance.random(83) < 0.3, 1 - labels, labels)


def test_f1_is_that_of_class_one(two_classes: Any) -> None:
    positive, _, false_positive, false_negative = counts(*two_classes)
    wanted = 2 * positive / (2 * positive + false_positive + false_negative)
    assert METRICS["f1"](*two_classes) == pytest.approx(wanted, rel=1e-12)


def test_matthews(two_classes: Any) -> None:
    tp, tn, fp, fn = counts(*two_classes)
    wanted = (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert METRICS["matthews"](*two_classes) == pytest.approx(wanted, rel=1e-12)


def test_accuracy(two_classes: Any) -> None:
    labels, found = two_classes
    equal = sum(a == b for a, b in zip(labels, found, strict=True))
    assert METRICS["accuracy"](labels, found) == equal / len(labels)


def test_pearson_and_spearman_are_those_of_scipy() -> None:
    from scipy import stats

    chance = np.random.default_rng(1)
    labels = np.round(chance.random(200) * 5, 1)  # with ties
    found = labels + chance.normal(size=200)
    assert METRICS["pearson"](labels, found) == pytest.approx(stats.pearsonr(labels, found).statistic, rel=1e-12)
    assert METRICS["spearman"](labels, found) == pytest.approx(stats.spearmanr(labels, found).statistic, rel=1e-12)


def test_pearson_is_exact_at_the_ends_and_in_float64() -> None:
    labels = np.arange(50.0)
    assert METRICS["pearson"](labels, 3 * labels + 7) == 1.0
    assert METRICS["pearson"](labels, -labels) == -1.0
    far = (1e6 + labels / 1000).astype(np.float64)  # in float32 these would all be nearly equal
    assert METRICS["pearson"](labels, far) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("name", ["pearson", "spearman", "matthews", "f1"])
def test_a_constant_prediction_scores_nothing(name: str) -> None:
    assert METRICS[name](np.array([0, 1, 1, 0]), np.zeros(4, np.int64)) == 0.0


def test_logits_are_scored_with_every_metric_of_the_task() -> None:
    task = catalog.tasks()["mrpc"]
    logits = np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 5.0], [9.0, 8.0]], np.float32)
    assert score(task, logits, np.array([0, 1, 0, 1])) == {"f1": 0.5, "accuracy": 0.5}
    assert list(score(task, logits, np.array([0, 1, 0, 1]))) == list(task.metrics)


def test_a_regression_is_scored_on_its_own_scale() -> None:
    assert predictions(GRADES, np.array([[0.0], [2.0], [50.0], [-9.0]])).tolist() == [2.5, 4.5, 5.0, 0.0]
    labels = np.array([1.0, 2.0, 4.0])
    assert score(GRADES, (labels - 2.5)[:, None], labels)["pearson"] == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_outputs_that_are_no_numbers_are_not_scored(wrong: float) -> None:
    with pytest.raises(EngineError, match="not finite numbers"):
        score(PAIRS, np.array([[0.0, 1.0], [wrong, 0.0]]), np.array([1, 0]))
