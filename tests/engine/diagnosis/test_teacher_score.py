"""A teacher against chance: healthy ones pass, chance is found, few rows are said to be few."""

from __future__ import annotations

import numpy as np
import pytest

from engine import catalog
from engine.diagnosis.teacher_score import kept_finding, score_finding
from tests.engine.diagnosis.test_label_order import knowing

MRPC, STSB, COLA = (catalog.tasks()[name] for name in ("mrpc", "stsb", "cola"))


def test_a_teacher_that_knows_is_fine() -> None:
    found = score_finding(MRPC, *knowing(256, 2, 2.0))
    assert found.level == "fine" and not found.remedy
    assert found.numbers["low"] < found.numbers["accuracy"] < found.numbers["high"]
    assert found.numbers["chance"] >= 0.5 and found.numbers["f1"] > 0.8


@pytest.mark.parametrize("seed", range(20))
def test_a_teacher_at_chance_stops(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = (random.random(256) < 0.68).astype(int)
    for logits in (random.normal(size=(256, 2)) * 0.01 + [0.0, 1.0], random.normal(size=(256, 2)) * 0.01 + [1.0, 0.0]):
        # 1 of 100 by its bound; these twenty seeds hold none
        assert score_finding(MRPC, logits, labels).level == "stop"


def test_one_that_knows_but_always_says_the_same_is_worth_a_look() -> None:
    logits, labels = knowing(256, 2, 1.5)
    logits[:, 1] += 6
    found = score_finding(MRPC, logits, labels)
    assert found.level == "look" and "fine_tune" in found.remedy


def test_a_suspect_is_named_first() -> None:
    logits, labels = knowing(256, 2, 2.0)
    found = score_finding(MRPC, -logits, labels, "Mend the order of its outputs.")
    assert found.level == "stop" and found.remedy == "Mend the order of its outputs."


def test_few_rows_are_said_to_be_few() -> None:
    logits, labels = knowing(20, 2, 0.0)
    found = score_finding(MRPC, logits, labels)
    assert found.level == "look" and "too few rows" in found.text


def test_outputs_that_are_no_numbers_stop() -> None:
    logits, labels = knowing(64, 2, 2.0)
    logits[3, 1] = np.nan
    assert score_finding(MRPC, logits, labels).level == "stop"


def test_a_regression_is_a_correlation() -> None:
    random = np.random.default_rng(0)
    labels = random.uniform(0, 5, 200)
    good = (labels - 2.5 + random.normal(size=200))[:, None]
    found = score_finding(STSB, good, labels)
    assert found.level == "fine" and found.numbers["low"] < found.numbers["correlation"] < found.numbers["high"]
    for bad in (random.normal(size=(200, 1)), np.zeros((200, 1)), -good):
        assert score_finding(STSB, bad, labels).level == "stop"


def test_a_kept_teacher_by_the_scores_it_was_kept_with() -> None:
    labels = {"validation": np.array([1] * 279 + [0] * 129)}
    good = kept_finding(MRPC, {"validation": {"f1": 0.858, "accuracy": 0.787}}, labels)
    assert good.level == "fine" and "0.858" in good.text
    always = kept_finding(MRPC, {"validation": {"f1": 0.812, "accuracy": 279 / 408}}, labels)
    assert always.level == "stop" and "not surely better than chance" in always.text
    assert (
        kept_finding(
            MRPC, {"validation": {"f1": 0.8, "accuracy": 0.68}}, {"validation": labels["validation"][260:300]}
        ).level
        == "look"
    )
    assert kept_finding(COLA, {"validation": {"matthews": 0.41}}, labels).level == "fine"
    assert kept_finding(COLA, {"validation": {"matthews": 0.02}}, labels).level == "stop"
