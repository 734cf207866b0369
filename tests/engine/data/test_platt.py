"""Platt scaling: the middle of the range is 1/2, and a logit that stands for a score is that score again."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.platt import to_probability, to_score

STSB = (0.0, 5.0)


def test_scores_become_the_probabilities_of_the_definition() -> None:
    scores = np.array([0.0, 2.5, 3.8, 5.0])
    by_hand = [1 / (1 + np.exp(-(score - 2.5))) for score in scores]
    assert to_probability(scores, STSB) == pytest.approx(by_hand, rel=1e-15)
    assert to_probability(scores, STSB)[1] == 0.5


def test_the_logit_of_a_probability_is_the_score_again() -> None:
    scores = np.linspace(0, 5, 51)
    probabilities = to_probability(scores, STSB)
    assert to_score(np.log(probabilities / (1 - probabilities)), STSB) == pytest.approx(scores, abs=1e-12)


def test_scores_stay_in_the_range() -> None:
    assert to_score(np.array([-1e4, 1e4, 0.0]), STSB).tolist() == [0.0, 5.0, 2.5]
    assert to_score(np.array([0.5], np.float32), (1.0, 3.0)).tolist() == [2.5]


def test_float32_comes_in_and_float64_goes_out() -> None:
    assert to_probability(np.array([1.0], np.float32), STSB).dtype == np.float64
    assert to_score(np.array([1.0], np.float32), STSB).dtype == np.float64
