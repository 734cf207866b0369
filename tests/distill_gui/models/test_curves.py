"""Streaming touches the curves a batch names and no other."""

from dataclasses import dataclass

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from distill_gui.models.curves import CurveModel, XAxis


@dataclass
class Batch:
    runs: np.ndarray
    series: np.ndarray
    names: dict[int, str]
    steps: np.ndarray
    seconds: np.ndarray
    values: np.ndarray


def batch(*rows: tuple[int, str, int, float]) -> Batch:
    runs, names, steps, values = zip(*rows, strict=True)
    numbers = {name: number for number, name in enumerate(sorted(set(names)), start=3)}
    series = np.array([numbers[name] for name in names])
    steps_array = np.array(steps)
    return Batch(
        np.array(runs),
        series,
        {n: name for name, n in numbers.items()},
        steps_array,
        steps_array * 2.0,
        np.array(values),
    )


def test_a_batch_is_dealt_to_its_curves(qtbot: QtBot) -> None:
    model = CurveModel()
    rows = [(run, name, step, run * 1000 + step) for step in range(1, 6) for run in (2, 1) for name in ("a", "b")]
    with qtbot.waitSignal(model.changed) as told:
        model.append(batch(*rows))
    assert told.args == [frozenset({(1, "a"), (1, "b"), (2, "a"), (2, "b")})]
    curve = model.series(2, "b")
    assert curve is not None
    np.testing.assert_array_equal(curve.values.view, [2001, 2002, 2003, 2004, 2005])
    np.testing.assert_array_equal(curve.seconds.view, [2, 4, 6, 8, 10])
    assert model.names(1) == ["a", "b"]


def test_only_what_changed_needs_drawing(qtbot: QtBot) -> None:
    model, axis = CurveModel(), XAxis()
    model.append(batch((1, "a", 1, 0.5), (2, "a", 1, 0.7)))
    shown = {run: model.drawing((run, "a"), axis, (0, 100), 400) for run in (1, 2)}
    with qtbot.waitSignal(model.changed) as told:
        model.append(batch((2, "a", 2, 0.6)))
    assert told.args == [frozenset({(2, "a")})]
    again = {run: model.drawing((run, "a"), axis, (0, 100), 400, drawn=shown[run][0]) for run in (1, 2)}
    assert again[1] is None
    np.testing.assert_array_equal(again[2][2], [0.7, 0.6])


def test_an_empty_batch_says_nothing(qtbot: QtBot) -> None:
    model = CurveModel()
    with qtbot.assertNotEmitted(model.changed):
        nothing = np.array([])
        model.append(Batch(nothing, nothing, {}, nothing, nothing, nothing))


def test_last_at_and_extent() -> None:
    model = CurveModel()
    model.append(batch((1, "a", 10, 1.0), (1, "a", 20, 3.0), (2, "a", 50, 4.0)))
    assert model.last(1, "a") == (20.0, 3.0)
    assert model.last(1, "a", 0.5) == (20.0, pytest.approx((0.25 * 1 + 0.5 * 3) / 0.75))
    assert model.last(3, "a") is None
    assert model.at((1, "a"), XAxis(scale=0.1), 1.1) == (1.0, 1.0)
    assert model.at((1, "a"), XAxis(), 90) is None
    assert model.extent([((1, "a"), XAxis()), ((2, "a"), XAxis(scale=2))]) == (10.0, 100.0)
    assert model.extent([((9, "a"), XAxis())]) is None


def test_a_forgotten_run_leaves_no_curve(qtbot: QtBot) -> None:
    model = CurveModel()
    model.append(batch((1, "a", 1, 1.0), (2, "a", 1, 1.0)))
    with qtbot.waitSignal(model.changed) as told:
        model.forget(1)
    assert told.args == [frozenset({(1, "a")})]
    assert model.series(1, "a") is None and model.series(2, "a") is not None and model.names(1) == []


def test_the_memory_told_holds_what_drawing_derives() -> None:
    model = CurveModel()
    model.append(batch(*[(1, "a", step, float(step % 7)) for step in range(500)]))
    rows = model.nbytes()
    model.drawing((1, "a"), XAxis(), (0, 500), 50)
    drawn = model.nbytes()
    model.drawing((1, "a"), XAxis(), (0, 500), 50, weight=0.5)
    assert rows >= 3 * 8 * 500 and drawn > rows and model.nbytes() >= drawn + 8 * 500


def test_beyond_its_room_the_run_drawn_least_recently_goes_first_and_none_that_is_drawn_or_live() -> None:
    model = CurveModel(room_bytes=4 * 3 * 8 * 64)  # four runs of one short curve

    def add(*runs: int) -> None:
        model.append(batch(*[(run, "a", 1, 1.0) for run in runs]))

    def held() -> set[int]:
        return {run for run in range(20) if model.names(run)}

    model.set_drawn([2])
    model.set_drawn([1])
    add(1, 2, 3, 4, 5)
    assert model.spare() == [] and held() == {1, 2, 3, 4, 5}, "one is drawn, four fit"
    add(6, 7, 8)
    assert model.spare(live=[3]) == [4, 5] and held() == {1, 2, 3, 6, 7, 8}, "never drawn: the oldest"
    model.set_drawn([3, 8])
    add(9, 10)
    assert model.spare() == [6, 7] and held() == {1, 2, 3, 8, 9, 10}
    model.set_drawn([])
    assert model.spare() == [9, 10], "first what was never drawn"
    add(9)
    assert model.spare() == [9], "what comes again is counted again"
    model.set_drawn([2, 9])
    add(9, 11, 12)
    assert model.spare() == [11], "1, 3, 8 and 12 fit"
    model.set_drawn([])
    assert model.spare() == [12, 1], "then 1, which was drawn before the others"


def test_what_drawing_derived_counts_once_the_run_is_drawn_no_longer() -> None:
    model = CurveModel(room_bytes=3 * 8 * 512)
    model.set_drawn([1])
    model.append(batch(*[(1, "a", step, float(step % 7)) for step in range(512)]))
    assert model.spare() == []
    model.drawing((1, "a"), XAxis(), (0, 512), 50, weight=0.5)
    model.set_drawn([])
    assert model.spare() == [1] and model.nbytes() == 0
