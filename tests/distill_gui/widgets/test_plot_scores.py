"""Where dots stand, whose names are shown, what a click means, and that nothing of an earlier drawing stays."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.plot_scores import Dot, Line, ScorePlot


@pytest.fixture
def plot(qtbot: QtBot, qapp: QApplication) -> ScorePlot:
    theme.apply(qapp, False)
    made = ScorePlot()
    qtbot.addWidget(made)
    made.resize(420, 240)
    made.show()
    return made


DOTS = [Dot(1.0, 80.0, "#0072B2", "one", "one", "a"), Dot(100.0, 90.0, "#D55E00", "two", "two", "b", spread=2.0)]


def names(plot: ScorePlot) -> list[str]:
    return [name.text() for name, _ in plot._names if name.isVisible()]


def test_every_dot_is_in_sight_and_more_is_further_up_and_right(plot: ScorePlot) -> None:
    plot.show_scores(dots=DOTS)
    low, high = (plot.position_of(dot) for dot in DOTS)
    assert 40 < low.x() < high.x() < plot.width() and 0 < high.y() < low.y() < plot.height()


def test_a_logarithmic_axis_puts_ten_in_the_middle(plot: ScorePlot) -> None:
    dots = [*DOTS, Dot(10.0, 85.0, "#009E73")]
    plot.show_scores(dots=dots, log_x=True)
    first, last, middle = (plot.position_of(dot).x() for dot in dots)
    assert middle == pytest.approx((first + last) / 2, abs=2)


def test_a_click_near_a_dot_is_its_own_and_elsewhere_nobodys(plot: ScorePlot, qtbot: QtBot) -> None:
    plot.show_scores(dots=DOTS)
    heard: list[str] = []
    plot.clicked.connect(lambda key, where: heard.append(key))
    there = plot.position_of(DOTS[1]).toPoint()
    for place in (there + QPoint(3, -3), QPoint(plot.width() // 2, plot.height() // 2)):
        QTest.mouseClick(plot._view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard == ["b"]


def test_a_press_elsewhere_that_ends_on_a_dot_chooses_none(plot: ScorePlot, qtbot: QtBot) -> None:
    plot.show_scores(dots=DOTS)
    with qtbot.assertNotEmitted(plot.clicked):
        QTest.mousePress(plot._view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(plot.width() // 2, 20))
        there = plot.position_of(DOTS[1]).toPoint()
        QTest.mouseRelease(plot._view.viewport(), Qt.MouseButton.LeftButton, pos=there)


def test_dots_are_reached_and_chosen_by_keys(plot: ScorePlot, qtbot: QtBot) -> None:
    plot.show_scores(dots=DOTS)
    plot.activateWindow()
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    heard: list[tuple[str, QPoint]] = []
    plot.clicked.connect(lambda key, where: heard.append((key, where)))
    for key in (
        Qt.Key.Key_Return,
        Qt.Key.Key_Right,
        Qt.Key.Key_Return,
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Space,
    ):
        QTest.keyClick(plot, key)
    assert heard == [(dot.key, plot.mapToGlobal(plot.position_of(dot).toPoint())) for dot in DOTS]
    assert plot.accessibleDescription() == "two" and plot._ring is not None
    plot.clearFocus()
    assert plot._ring is None


def test_the_bands_of_many_lines_would_hide_each_other(plot: ScorePlot) -> None:
    import pyqtgraph as pg

    def bands(lines: int) -> int:
        dots = tuple(Dot(float(x), 80.0, "#0072B2", spread=1.0) for x in range(3))
        plot.show_scores([Line(dots, "#0072B2")] * lines)
        return sum(isinstance(item, pg.FillBetweenItem) for item in plot._items)

    assert [bands(lines) for lines in (1, 3, 4)] == [1, 3, 0]


def test_names_never_lie_on_each_other_or_on_a_dot(plot: ScorePlot) -> None:
    crowd = [Dot(1.0 + place / 1000, 80.0, "#0072B2", name=f"name {place}") for place in range(9)]
    plot.show_scores(dots=[*crowd, Dot(2.0, 90.0, "#D55E00", name="apart")])
    shown = names(plot)
    assert "apart" in shown and 1 <= len(shown) < 10


def test_another_drawing_takes_the_place_of_the_first(plot: ScorePlot) -> None:
    line = Line((Dot(0.0, 80.0, "#0072B2", spread=1.0), Dot(1.0, 81.0, "#0072B2", spread=1.0)), "#0072B2", (6, 3))
    plot.show_scores([line], level=79.0, frontier=[(0.0, 80.0), (1.0, 81.0)])
    many = len(plot._items)
    plot.show_scores(dots=DOTS)
    assert len(plot._items) < many and names(plot) == ["one", "two"] and plot.dots() == DOTS
    plot.show_scores()
    assert not names(plot) and not plot.dots()


@pytest.mark.parametrize(
    ("spreads", "bands"), [((1.0, 1.0, 1.0), 1), ((1.0, None, 1.0), 0), ((None, 1.0, 1.0), 1), ((None,) * 3, 0)]
)
def test_a_band_is_only_where_neighbours_have_a_spread(
    plot: ScorePlot, spreads: tuple[float | None, ...], bands: int
) -> None:
    import pyqtgraph as pg

    plot.show_scores(
        [Line(tuple(Dot(float(x), 80.0, "#0072B2", spread=its) for x, its in enumerate(spreads)), "#0072B2")]
    )
    assert sum(isinstance(item, pg.FillBetweenItem) for item in plot._items) == bands
