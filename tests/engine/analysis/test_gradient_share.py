"""From a run's curves to what a row tells of them."""

from __future__ import annotations

import math

import pytest

from engine.analysis.gradient_share import INFLUENCE, LABELS_SHARE, gradient_of


def test_what_is_not_the_labels_mean_over_runs() -> None:
    means = {
        1: {LABELS_SHARE: 0.2, INFLUENCE: 0.5},
        2: {LABELS_SHARE: 0.6},
        3: {INFLUENCE: 0.1},
        4: {LABELS_SHARE: 0.0},
    }
    found = gradient_of([1, 2, 3, 2], means)
    assert found.share == pytest.approx(60.0) and found.influence == pytest.approx(0.3) and found.runs == 2


def test_nothing_logged_is_none_and_not_zero() -> None:
    for means in ({}, {1: {"train/loss": 1.0}}, {1: {LABELS_SHARE: math.nan, INFLUENCE: math.inf}}):
        found = gradient_of([1], means)
        assert (found.share, found.influence, found.runs) == (None, None, 0)
