"""The pyramid against brute force, however its rows arrive."""

import numpy as np
import pytest

from distill_gui.models.curve_pyramid import Column, Pyramid


def built(values: np.ndarray, cuts: list[int]) -> tuple[Pyramid, np.ndarray]:
    column, pyramid, start = Column(), Pyramid(), 0
    for cut in [*cuts, len(values)]:
        column.extend(values[start:cut])
        pyramid.update(column.view)
        start = cut
    return pyramid, column.view


def extremes_by_hand(values: np.ndarray, level: int) -> list[tuple[float, float]]:
    found = []
    for start in range(0, len(values), 2**level):
        numbers = [v for v in values[start : start + 2**level] if v == v]
        found.append((min(numbers), max(numbers)) if numbers else (np.nan, np.nan))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_every_level_holds_the_extremes_of_its_bins_however_rows_arrived(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rng.integers(1, 700))
    values[rng.random(len(values)) < 0.3] = np.nan
    cuts = sorted(rng.integers(0, len(values) + 1, size=9).tolist())
    pyramid, held = built(values, cuts)
    assert pyramid.levels == int(np.ceil(np.log2(len(values)))) if len(values) > 1 else pyramid.levels == 0
    for level in range(1, pyramid.levels + 1):
        bins = -(-len(values) // 2**level)
        rows = pyramid.rows(level, 0, bins)
        picked = held[rows].reshape(-1, 2)
        wanted = np.array(extremes_by_hand(values, level))
        np.testing.assert_array_equal(np.sort(picked, axis=1), wanted)
        assert np.all(np.diff(rows) >= 0)
        assert np.all(rows // 2**level == np.repeat(np.arange(bins), 2))


def test_replacing_the_end_leaves_the_same_as_building_once() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=301), rng.normal(size=90)
    column, pyramid = Column(), Pyramid()
    column.extend(first)
    pyramid.update(column.view)
    column.truncate(137)
    pyramid.truncate(137)
    column.extend(second)
    pyramid.update(column.view)
    fresh, _ = built(np.concatenate([first[:137], second]), [])
    assert pyramid.levels == fresh.levels
    for level in range(1, fresh.levels + 1):
        bins = -(-227 // 2**level)
        np.testing.assert_array_equal(pyramid.rows(level, 0, bins), fresh.rows(level, 0, bins))


def test_a_full_bin_never_changes_again() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    early, _ = built(values[:600], [])
    late, _ = built(values, [])
    for level in range(1, 9):
        full = 600 >> level
        np.testing.assert_array_equal(early.rows(level, 0, full), late.rows(level, 0, full))


def test_a_column_doubles_and_keeps_what_it_held() -> None:
    column = Column()
    for start in range(0, 10_000, 7):
        column.extend(np.arange(start, start + 7, dtype=float))
    np.testing.assert_array_equal(column.view, np.arange(len(column)))
    assert column.nbytes <= 2 * 8 * len(column)


def test_the_pyramid_of_a_million_rows_stays_below_twelve_megabytes() -> None:
    pyramid, _ = built(np.zeros(1_000_000), [])
    assert pyramid.nbytes < 12e6
