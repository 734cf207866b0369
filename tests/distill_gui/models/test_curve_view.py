"""A chart's ranges: everything in sight, calm, outliers told."""

from collections.abc import Sequence

import numpy as np
import pytest

from distill_gui.models.curve_view import Range, nice_step, outside, spread, x_range
from distill_gui.models.curve_view import y_range as y_range_of


def y_range(
    drawn: list[np.ndarray], levels: Sequence[float] = (), clip: bool = False, log: bool = False, text: float = 0.0
) -> Range:
    return y_range_of([found for y in drawn if (found := spread(y, log))], levels, clip, log, text)


@pytest.mark.parametrize(("span", "parts", "step"), [(1, 4, 0.5), (1, 5, 0.2), (345, 4, 100), (3e-5, 3, 1e-5)])
def test_nice_steps(span: float, parts: int, step: float) -> None:
    assert nice_step(span, parts) == pytest.approx(step)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("log", [False, True])
def test_everything_is_in_sight_and_little_else(seed: int, log: bool) -> None:
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(size=50)) * 10.0 ** rng.integers(-6, 6)
    values[3] = np.nan
    low, high = y_range([values[:20], values[20:]], log=log)
    assert low <= np.nanmin(values) and np.nanmax(values) <= high
    if log:
        assert np.log10(high / low) <= 1.3 * np.log10(np.nanmax(values) / np.nanmin(values))
    else:
        assert high - low <= 1.3 * (np.nanmax(values) - min(np.nanmin(values), 0.0))


def test_no_value_is_no_error() -> None:
    assert y_range([]) == (0.0, 1.0)
    assert y_range([np.array([np.nan])], log=True) == (0.1, 1.0)
    assert y_range([np.array([-1.0, 0.0])], log=True) == (0.1, 1.0)


def test_a_constant_gets_room_on_both_sides() -> None:
    low, high = y_range([np.full(5, 0.25)])
    assert low < 0.25 < high
    low, high = y_range([np.zeros(5)])
    assert low <= 0 < high


def test_levels_are_in_sight() -> None:
    low, high = y_range([np.array([60.0, 70.0])], levels=[88.9])
    assert low <= 60 and high >= 88.9


def test_a_level_has_room_for_its_name() -> None:
    values = [np.array([60.0, 70.0])]
    assert y_range(values, levels=[88.9], text=0.2)[1] >= 88.9 + 0.2 * (88.9 - 60)


def test_a_spike_is_left_out_when_clipping_and_only_then() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.1, size=500)
    values[[7, 70, 170]] = [90.0, 40.0, 60.0]
    assert y_range([values])[1] >= 90
    low, high = y_range([values], clip=True)
    assert high < 3
    assert outside(values, low, high) == 3


def test_the_first_loss_is_no_outlier() -> None:
    steps = np.arange(500)
    loss = 0.2 + 2.3 * np.exp(-steps / 40)
    assert y_range([loss], clip=True)[1] >= loss.max()


def test_few_points_are_never_outliers() -> None:
    assert y_range([np.array([1.0] * 20 + [50.0])], clip=True)[1] >= 50


def test_a_short_curve_is_not_outvoted_by_long_ones() -> None:
    long, short = np.full(5000, 0.2) + np.linspace(0, 0.1, 5000), np.linspace(1.0, 3.0, 40)
    assert y_range([long, short], clip=True)[1] >= 3.0


def test_streaming_seldom_moves_the_view_and_never_loses_the_last_row() -> None:
    shown, moves = None, 0
    for step in range(1, 1001):
        new = x_range((1.0, float(step)), 1000.0, shown)
        assert new[0] == 0.0 and step <= new[1] <= 1000.0
        moves += new != shown
        shown = new
    assert shown == (0.0, 1000.0)
    assert moves < 40


def test_a_finished_run_fills_the_chart() -> None:
    assert x_range((1.0, 345.0), None, None) == (0.0, 345.0)
    assert x_range(None, None, None) == (0.0, 1.0)
    assert x_range((1.0, 345.0), None, (0.0, 900.0)) == (0.0, 345.0)
    assert x_range((2.0, 345.0), None, None, log=True) == (2.0, 345.0)


def test_an_infinite_value_stretches_nothing() -> None:
    found = spread(np.array([1.0, np.inf, 2.0, -np.inf, np.nan]))
    assert found is not None and (found.low, found.high) == (1.0, 2.0)
    assert spread(np.array([np.inf, np.nan])) is None
    low, high = y_range_of([found])
    assert np.isfinite([low, high]).all()


def test_a_run_without_rows_whose_end_nobody_knows_has_a_finite_view() -> None:
    assert x_range(None, np.inf, None) == (0.0, 1.0)
    assert x_range(None, 400.0, None) == (0.0, 400.0)
