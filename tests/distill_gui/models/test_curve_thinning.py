"""A curve of millions of rows: its memory has a bound, and no view loses an extreme."""

import numpy as np
import pytest

from distill_gui.models.curve_series import Series, XAxis
from distill_gui.models.curve_smoothing import smooth
from distill_gui.models.curve_thinning import A_BIN, MOST_ROWS, NEWEST, Thinning

ROWS = 1_500_000
CHUNK = 50_000
LARGEST_BYTES = 8_500_000  # of a curve with its smoothed twin


def noise(rows: int = ROWS) -> np.ndarray:
    random = np.random.default_rng(0)
    values = 1 / (1 + np.arange(rows) / 1e5) + 0.1 * random.normal(size=rows)
    values[random.integers(0, rows, 40)] += 3.0
    values[random.integers(0, rows, 40)] -= 3.0
    return values


def streamed(values: np.ndarray, weight: float = 0.0) -> Series:
    """As a run streams in while it is watched: drawn again and again."""
    series = Series()
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        steps = np.arange(start, start + len(part))
        series.append(steps, steps * 0.5, part)
        series.points(series.window(XAxis(), 0, start + len(part), 800), XAxis(), weight)
    return series


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return noise()


@pytest.fixture(scope="module")
def series(values: np.ndarray) -> Series:
    return streamed(values, 0.6)


def columns(x: np.ndarray, y: np.ndarray, view: tuple[float, float], pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest y in each of ``pixels`` columns."""
    place = np.clip(((x - view[0]) / (view[1] - view[0]) * pixels).astype(int), 0, pixels - 1)
    low, high = np.full(pixels, np.inf), np.full(pixels, -np.inf)
    np.minimum.at(low, place, y)
    np.maximum.at(high, place, y)
    return low, high


def test_memory_has_a_bound(series: Series) -> None:
    assert len(series) <= MOST_ROWS
    assert series.nbytes <= LARGEST_BYTES
    longer = streamed(noise(600_000), 0.6)
    assert series.nbytes <= 1.1 * longer.nbytes, "it grows with the run"


def test_what_is_held_are_rows_of_the_run_in_their_order(series: Series, values: np.ndarray) -> None:
    steps = series.steps.view.astype(int)
    assert np.all(np.diff(steps) > 0) and steps[0] == 0 and steps[-1] == ROWS - 1
    np.testing.assert_array_equal(series.values.view, values[steps])
    np.testing.assert_array_equal(series.seconds.view, 0.5 * steps)
    np.testing.assert_array_equal(steps[-NEWEST:], np.arange(ROWS - NEWEST, ROWS))  # the newest are whole


@pytest.mark.parametrize("weight", [0.0, 0.6])
@pytest.mark.parametrize("view", [(0, ROWS), (200_000, 900_000), (ROWS - 100_000, ROWS)])
def test_each_old_extreme_is_drawn(series: Series, values: np.ndarray, view: tuple[int, int], weight: float) -> None:
    x, y = series.points(series.window(XAxis(), *view, 800), XAxis(), weight)
    truth = smooth(values, weight)[0]
    inside = slice(view[0], view[1])
    assert len(x) < 4 * 800
    assert np.all(np.diff(x) >= 0)
    assert (y.min(), y.max()) == pytest.approx((truth[inside].min(), truth[inside].max()), rel=1e-12)
    (low, high), (true_low, true_high) = columns(x, y, view, 200), columns(np.arange(*view), truth[inside], view, 200)
    around = [np.roll(np.arange(200), shift) for shift in (-1, 0, 1)]  # a bin may lie across the border of a column
    assert np.all(low[around].min(0) <= true_low + 1e-12)
    assert np.all(high[around].max(0) >= true_high - 1e-12)
    if not weight:
        np.testing.assert_array_equal(y, values[x.astype(int)])  # where they were


def test_a_logarithmic_axis_shows_the_beginning_as_finely_as_ever(series: Series, values: np.ndarray) -> None:
    axis = XAxis(log=True)
    x, y = series.points(series.window(axis, 1, ROWS, 800), axis)
    short = Series()
    short.append(np.arange(100_000), np.arange(100_000), values[:100_000])
    plain, _ = short.points(short.window(axis, 1, 100_000, 800), axis)
    for first in 2 ** np.arange(9, 16):
        assert (
            np.count_nonzero((x >= first) & (x < 2 * first))
            >= np.count_nonzero((plain >= first) & (plain < 2 * first)) - 4
        )
    assert len(x) < 256 + 2 * 256 * 16
    assert (y.min(), y.max()) == (values[1:].min(), values[1:].max())


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.99])
def test_a_smoothing_chosen_afterwards_looks_like_the_true_one(
    series: Series, values: np.ndarray, weight: float
) -> None:
    view = (0, ROWS)
    window = series.window(XAxis(), *view, 800)
    x, y = series.points(window, XAxis(), weight)
    truth = smooth(values, weight)[0]
    mine, true = columns(x, y, view, 100), columns(np.arange(ROWS), truth, view, 100)
    height = truth.max() - truth.min()
    for one, other in zip(mine, true, strict=True):
        assert np.median(np.abs(one - other)) < 0.05 * height
    newest = series.smoothed(weight).values.view[-NEWEST // 2 :]
    np.testing.assert_allclose(newest, truth[-NEWEST // 2 :], atol=1e-6)


def test_a_gap_stays_a_gap_and_a_bin_of_nothing_breaks_nothing() -> None:
    values = noise(400_000)
    values[100_000:150_000] = np.nan
    series = streamed(values, 0.5)
    steps = series.steps.view
    gap = series.values.view[(steps >= 100_352) & (steps < 149_504)]
    assert len(gap) and np.isnan(gap).all()
    x, y = series.points(series.window(XAxis(), 0, 400_000, 500), XAxis(), 0.9)
    assert np.nanmax(y[x < 90_000]) > np.nanmin(y) and np.isfinite(y[x > 200_000]).all()


def test_a_run_that_goes_back_far_is_cut_and_goes_on() -> None:
    values = noise(400_000)
    series = streamed(values)
    generation = series.generation
    series.append(np.arange(150_001, 150_101), np.arange(150_001, 150_101), np.full(100, 9.0))
    assert series.generation > generation
    steps = series.steps.view
    assert np.all(np.diff(steps) > 0) and steps[-1] == 150_100
    assert series.values.view[-1] == 9.0
    rest = np.arange(150_101, 400_000)
    series.append(rest, rest * 0.5, values[rest])
    x, y = series.points(series.window(XAxis(), 0, 400_000, 500), XAxis())
    assert y.max() == 9.0 and np.all(np.diff(x) >= 0) and len(series) <= MOST_ROWS


@pytest.mark.parametrize("came", [MOST_ROWS + 1, 300_000, 5_000_000, 40_000_000])
def test_bins_are_nested_and_leave_room(came: int) -> None:
    before = Thinning().widened(came)
    after = before.widened(4 * came)
    for each in (before, after):
        assert each.kept <= MOST_ROWS - 2 * NEWEST
        assert each.edges[0] == 0 and np.all(each.widths > 0) and each.rows % each.widest == 0
        assert each.kept == np.minimum(each.widths, A_BIN).sum()
        wide = each.edges >= 1024
        assert np.all((each.widths[wide] <= each.edges[wide] / 256) | (each.widths[wide] == 1))
    inside = after.edges[after.edges < before.rows]
    assert np.isin(inside, before.edges).all()
