"""The learning rate and the moments of evaluation, as plain numbers."""

from __future__ import annotations

import pytest

from engine.training.schedule import evaluation_steps, rate_factor


def test_rises_linearly_then_falls_linearly() -> None:
    factors = [rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 11) and factors[10] == 1.0 and factors[55] == pytest.approx(0.5)
    assert factors[99] == pytest.approx(1 / 90) and min(factors) > 0
    assert factors[:11] == sorted(factors[:11]) and factors[10:] == sorted(factors[10:], reverse=True)


def test_without_warm_up_it_starts_at_the_peak() -> None:
    assert rate_factor(0, 10, 0.0) == 1.0


@pytest.mark.parametrize(("per_epoch", "expected"), [(1, {7, 14}), (2, {3, 7, 10, 14}), (100, set(range(1, 15)))])
def test_evaluates_evenly_and_at_every_epochs_end(per_epoch: int, expected: set[int]) -> None:
    assert evaluation_steps(7, 2, per_epoch) == expected
