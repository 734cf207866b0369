"""Smoothing against a plain loop."""

import numpy as np
import pytest

from distill_gui.models.curve_smoothing import SmoothingState, smooth


def smooth_by_loop(values: np.ndarray, weight: float) -> list[float]:
    total, count, smoothed = 0.0, 0, []
    for value in values.tolist():
        if value != value:
            smoothed.append(value)
            continue
        total = weight * total + (1.0 - weight) * value
        count += 1
        smoothed.append(total / (1.0 - weight**count))
    return smoothed


@pytest.mark.parametrize("weight", [0.0, 0.1, 0.6, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("gaps", [0.0, 0.4, 1.0])
def test_equals_the_loop(weight: float, gaps: float) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(5.0, 2.0, size=5_000)
    values[rng.random(len(values)) < gaps] = np.nan
    smoothed, _ = smooth(values, weight)
    np.testing.assert_allclose(smoothed, smooth_by_loop(values, weight), rtol=1e-11)


@pytest.mark.parametrize("weight", [0.3, 0.95])
def test_in_pieces_equals_at_once(weight: float) -> None:
    values = np.random.default_rng(4).normal(size=999)
    values[100:130] = np.nan
    state, pieces = SmoothingState(), []
    for start in (0, 1, 100, 115, 130, 131, 700, 999):
        stop = {0: 1, 1: 100, 100: 115, 115: 130, 130: 131, 131: 700, 700: 999}.get(start, 999)
        piece, state = smooth(values[start:stop], weight, state)
        pieces.append(piece)
    np.testing.assert_allclose(np.concatenate(pieces), smooth(values, weight)[0], rtol=1e-11)


def test_a_constant_is_not_pulled_to_zero_at_the_start() -> None:
    smoothed, _ = smooth(np.full(50, 3.0), 0.99)
    np.testing.assert_allclose(smoothed, 3.0, rtol=1e-12)


@pytest.mark.parametrize("weight", [-0.1, 1.0, float("nan")])
def test_refuses_a_weight_outside_its_range(weight: float) -> None:
    with pytest.raises(ValueError, match="smoothing weight"):
        smooth(np.ones(3), weight)
