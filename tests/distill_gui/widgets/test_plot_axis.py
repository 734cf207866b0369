"""Ticks: few, round, readable."""

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.widgets.plot_axis import Axis, linear_ticks, log_ticks, number_text, time_text, time_ticks


@pytest.mark.parametrize(("low", "high"), [(0, 3), (0, 345), (0.1, 0.9), (-1.5, 2.5), (1e-5, 5e-5), (61.2, 90.3)])
@pytest.mark.parametrize("parts", [2, 4, 7])
def test_linear_ticks_are_round_inside_and_not_too_many(low: float, high: float, parts: int) -> None:
    step, values = linear_ticks(low, high, parts)
    assert f"{step:e}"[0] in "125"
    assert 1 <= len(values) <= parts + 1
    assert all(low - 1e-9 * step <= value <= high + 1e-9 * step for value in values)
    assert all(value / step == pytest.approx(round(value / step)) for value in values)


def test_whole_ticks_never_lie_between_steps() -> None:
    assert linear_ticks(0, 3, 10, whole=True) == (1.0, [0, 1, 2, 3])


def test_an_empty_range_has_no_ticks() -> None:
    assert linear_ticks(2, 2, 4)[1] == []


def test_time_ticks_divide_minutes_and_hours() -> None:
    assert time_ticks(0, 118, 4) == (30.0, [0, 30, 60, 90])
    assert time_ticks(0, 7200, 4) == (1800.0, [0, 1800, 3600, 5400, 7200])


def test_log_ticks() -> None:
    assert log_ticks(-3, 1, 5) == [-3, -2, -1, 0, 1]
    assert [round(10**value, 3) for value in log_ticks(-1, 0, 8)] == [0.1, 0.2, 0.5, 1.0]
    assert [round(10**value, 2) for value in log_ticks(-0.3, -0.1, 4)] == [0.6, 0.7]
    assert len(log_ticks(-20, 20, 4)) <= 5


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.0, 0.1, "0"), (0.30000000000000004, 0.1, "0.3"), (85.0, 5.0, "85"), (1e-5, 1e-5, "1e-5"), (4.5e-5, 5e-6, "4.5e-5"),
        (12_000, 2000, "12k"), (0.25, 0.05, "0.25"), (-0.5, 0.5, "-0.5"),
    ],
)  # fmt: skip
def test_numbers(value: float, step: float, text: str) -> None:
    assert number_text(value, step) == text


def test_the_ticks_of_an_axis_are_written_alike(qtbot: QtBot) -> None:
    axis = Axis("left")
    assert axis.tickStrings([0.0, 0.0005, 0.001], 1.0, 0.0005) == ["0", "0.0005", "0.0010"]
    assert axis.tickStrings([0.0, 2e-5, 4e-5], 1.0, 2e-5) == ["0", "2e-5", "4e-5"]
    assert axis.tickStrings([0.00098, 0.001, 0.00102], 1.0, 2e-5) == ["0.00098", "0.00100", "0.00102"]
    assert axis.tickStrings([5e6, 1e7], 1.0, 5e6) == ["5e6", "1e7"]


def test_times() -> None:
    assert [time_text(seconds, 30) for seconds in (0, 30, 60, 150)] == ["0", "30 s", "1:00", "2:30"]
    assert time_text(5400, 1800) == "1.5 h"
    assert time_text(0.5, 0.1) == "0.5 s"


def test_the_axis_writes_exponents_as_numbers_and_blanks(qtbot: QtBot) -> None:
    axis = Axis("left")
    assert axis.tickStrings([0.1, 0.2], 1.0, 0.1) == ["0.1", "0.2"]
    axis.log = True
    [(_, values)] = axis.tickValues(-2, 0, 200)
    assert axis.tickStrings(values, 1.0, 1.0) == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    axis.blank = True
    assert axis.tickValues(-2, 0, 200) == [(1.0, [])]
