"""The names of the lines across a chart: where they cover no curve, nor each other, and calm while a curve grows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from distill_gui.widgets.plot import Chart

WIDTH, HEIGHT = 400, 200  # px
VIEW = ((0.0, 10.0), (0.0, 10.0))
X = np.linspace(0, 10, 101)


@pytest.fixture
def chart(qtbot: QtBot) -> Iterator[Chart]:
    made = Chart()
    qtbot.addWidget(made)
    made.resize(WIDTH, HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    made.set_view(*VIEW)
    yield made


def draw(chart: Chart, key: str, x: np.ndarray, y: np.ndarray) -> None:
    chart.set_curve(key, x, y, "#D55E00", emphasised=True)


def covered(chart: Chart, rect: QRectF, x: np.ndarray, y: np.ndarray) -> int:
    """How many points of a curve, drawn fine, lie under a name."""
    fine = np.linspace(x[0], x[-1], 5_000)
    (left, right), (low, high) = chart.x_view(), chart.y_view()
    across = (fine - left) / (right - left) * chart.pixels()
    down = (high - np.interp(fine, x, y)) / (high - low) * 15 / chart.text_share()
    inside = (rect.left() < across) & (across < rect.right()) & (rect.top() < down) & (down < rect.bottom())
    return int(inside.sum())


def place(chart: Chart, key: str = "teacher") -> QRectF:
    chart.place_level_names()
    return chart.level_names()[key][1]


@pytest.mark.parametrize(
    "y",
    [
        np.where(X < 6, X, 9.0),  # ends on the line, as a student that has reached its teacher
        np.where(X < 3, 9.0, 4.0),
        np.full_like(X, 9.4),
        np.where(X < 4, 5.0, 9 + 0.4 * np.sin(3 * X)),
        np.where(np.abs(X - 9.6) < 0.05, 0.0, 9.9),  # a deep notch under the name's usual place
    ],
)
def test_a_name_covers_no_curve_while_there_is_room(chart: Chart, y: np.ndarray) -> None:
    chart.set_level("teacher", 9.0, "teacher 89.0")
    draw(chart, "student", X, y)
    rect = place(chart)
    assert rect.width() > 40 and covered(chart, rect, X, y) == 0
    assert QRectF(0, 0, chart.pixels(), HEIGHT).contains(rect)


def test_a_name_stands_at_the_right_end_above_its_line_where_nothing_is_in_its_way(chart: Chart) -> None:
    chart.set_level("teacher", 5.0, "teacher 50.0")
    draw(chart, "student", X, np.full_like(X, 1.0))
    rect = place(chart)
    assert rect.right() > chart.pixels() - 8
    assert rect.bottom() < 0.55 * 15 / chart.text_share()


def test_the_dot_of_a_lonely_row_is_not_covered_either(chart: Chart) -> None:
    chart.set_level("teacher", 5.0, "teacher 50.0")
    draw(chart, "student", np.array([9.5]), np.array([5.0]))
    rect = place(chart)
    (left, right), at = chart.x_view(), 9.5
    assert not rect.left() - 3 < (at - left) / (right - left) * chart.pixels() < rect.right() + 3


def test_where_all_is_covered_a_name_is_shown_all_the_same(chart: Chart) -> None:
    chart.set_level("teacher", 5.0, "teacher 50.0")
    for row in range(60):
        draw(chart, f"student {row}", X, np.full_like(X, row / 6))
    assert place(chart).width() > 40


def test_two_names_do_not_cover_each_other(chart: Chart) -> None:
    chart.set_level("teacher", 5.0, "teacher 50.0")
    chart.set_level("published", 5.2, "BERT base 52.0")
    first, second = place(chart), place(chart, "published")
    assert not first.intersects(second)


def test_a_name_stays_while_a_curve_grows_elsewhere_and_gives_way_once(chart: Chart) -> None:
    chart.set_level("teacher", 5.0, "teacher 50.0")
    seen = []
    for end in range(2, 102):
        draw(chart, "student", X[:end], X[:end] / 2 + 0.2)
        seen.append(place(chart).left())
        assert covered(chart, place(chart), X[:end], X[:end] / 2 + 0.2) == 0
    assert len(set(seen)) == 2, "it moves once, when the curve comes to it"
    chart.remove_curve("student")
    assert place(chart).left() == seen[-1], "and does not jump back"


def test_a_level_follows_its_line_on_a_logarithmic_axis(chart: Chart) -> None:
    chart.set_log(False, True)
    chart.set_view((0, 10), (0.1, 10.0))
    chart.set_level("teacher", 1.0, "teacher 1.0")
    draw(chart, "student", X, np.full_like(X, 1.5))
    rect, middle = place(chart), 0.5 * 15 / chart.text_share()
    assert abs(rect.top() - middle) < 1.5, "below the line, which is half-way up: the curve is above it"
