"""What a view of a curve draws: never more than two points a pixel, never an extreme lost."""

import numpy as np
import pytest

from distill_gui.models.curve_series import Series, XAxis


def series_of(values: np.ndarray, every: int = 1) -> Series:
    series = Series()
    steps = np.arange(1, len(values) + 1) * every
    series.append(steps, steps * 0.5, values)
    return series


@pytest.mark.parametrize("rows", [1, 2, 3, 799, 800, 801, 5_000, 123_457])
def test_few_points_and_every_extreme(rows: int) -> None:
    values = np.random.default_rng(rows).normal(size=rows)
    series = series_of(values)
    axis = XAxis()
    window = series.window(axis, 0, rows + 1, 400)
    x, y = series.points(window, axis)
    assert len(x) <= 2 * 401
    assert (y.min(), y.max()) == (values.min(), values.max())
    np.testing.assert_array_equal(y, values[x.astype(int) - 1])


def test_a_part_of_the_curve_reaches_one_row_beyond_either_edge() -> None:
    series = series_of(np.arange(1000.0))
    axis = XAxis(scale=0.01)
    x, _ = series.points(series.window(axis, 2.005, 2.995, 500), axis)
    assert (x[0], x[-1]) == (2.0, 3.0)
    assert len(x) == 101


def test_new_rows_outside_the_view_leave_its_window_as_it_was() -> None:
    series = series_of(np.arange(1000.0))
    before = series.window(XAxis(), 100, 200, 300)
    series.append(np.array([1001.0]), np.array([501.0]), np.array([0.0]))
    assert series.window(XAxis(), 100, 200, 300) == before
    assert series.window(XAxis(), 100, 2000, 300) != before


def test_a_resumed_run_replaces_its_rows() -> None:
    series = series_of(np.zeros(100))
    shown = series.window(XAxis(), 0, 50, 10)
    series.append(np.arange(41, 61), np.arange(41, 61), np.ones(20))
    np.testing.assert_array_equal(series.steps.view, np.arange(1, 61))
    np.testing.assert_array_equal(series.values.view, [0.0] * 40 + [1.0] * 20)
    assert series.window(XAxis(), 0, 50, 10) != shown
    assert np.all(np.diff(series.seconds.view) >= 0)


def test_a_batch_that_goes_back_keeps_what_was_said_last() -> None:
    series = Series()
    series.append(np.array([1, 2, 3, 4, 2, 3, 5]), np.arange(7), np.array([1.0, 2, 3, 4, 20, 30, 50]))
    np.testing.assert_array_equal(series.steps.view, [1, 2, 3, 5])
    np.testing.assert_array_equal(series.values.view, [1, 20, 30, 50])


def test_seconds_are_an_axis_of_their_own() -> None:
    series = Series()
    series.append(np.array([1, 2, 3]), np.array([5.0, 4.0, 9.0]), np.array([1.0, 2.0, 3.0]))
    axis = XAxis(seconds=True)
    np.testing.assert_array_equal(series.points(series.window(axis, 0, 10, 100), axis)[0], [5.0, 5.0, 9.0])
    assert series.extent(axis) == (5.0, 9.0)


def test_infinity_is_a_gap() -> None:
    series = series_of(np.array([1.0, np.inf, -np.inf, 2.0]))
    np.testing.assert_array_equal(series.values.view, [1.0, np.nan, np.nan, 2.0])


def test_smoothing_sees_the_whole_history_then_reduces() -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    series = series_of(values)
    axis = XAxis()
    window = series.window(axis, 15_000, 15_100, 300)
    _, y = series.points(window, axis, 0.9)
    np.testing.assert_array_equal(y, series.smoothed(0.9).values.view[window.start : window.stop])
    series.append(np.array([20_001]), np.array([10_001]), np.array([7.0]))
    assert len(series.smoothed(0.9).values) == 20_001


@pytest.mark.parametrize("weight", [0.0, 0.8])
@pytest.mark.parametrize("rows", [100, 256, 257, 512, 513, 70_001])
def test_a_logarithmic_axis_keeps_the_first_rows_single_and_every_extreme(rows: int, weight: float) -> None:
    values = np.random.default_rng(rows).normal(size=rows)
    series = series_of(values)
    axis = XAxis(log=True)
    drawn = series.rows(series.window(axis, 1, rows, 500), weight)
    held = series.smoothed(weight).values.view if weight else values
    np.testing.assert_array_equal(drawn[: min(rows, 256)], np.arange(min(rows, 256)))
    assert (held[drawn].min(), held[drawn].max()) == (held.min(), held.max())
    assert np.all(np.diff(drawn) >= 0)
    assert len(drawn) < 256 + 2 * 256 * 10


def test_the_nearest_row() -> None:
    series = series_of(np.arange(10.0), every=10)
    axis = XAxis(scale=0.1)
    assert series.nearest(axis, 3.4) == 2
    assert series.nearest(axis, 3.6) == 3
    assert series.nearest(axis, 10.9) == 9
    assert series.nearest(axis, 12.0) is None
    assert Series().nearest(axis, 1.0) is None
