"""What rests is drawn once and what moves is drawn over it; the picture is the one that drawing all of it would give."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.plot import Chart
from distill_gui.widgets.plot_curves import AT_REST, OVER, SMOOTH_EDGES, Curve, Curves

X = np.linspace(0, 10, 201)
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7")
MANY = SMOOTH_EDGES + 8


def wave(number: int, length: int = 201) -> NDArray[np.float64]:
    """A noisy curve of its own, with a gap where its number says so."""
    y = 5 + 3 * np.sin(X / 3 + number) + np.random.default_rng(number).normal(0, 0.3, len(X))
    if number % 4 == 1:
        y[40:60] = np.nan
    return y[:length]


@pytest.fixture
def open_chart(qtbot: QtBot) -> Iterator[Callable[[], Chart]]:
    theme.apply(QApplication.instance(), False)

    def make() -> Chart:
        made = Chart()
        qtbot.addWidget(made)
        made.resize(400, 200)
        made.show()
        made.set_view((0, 10), (0, 10))
        return made

    yield make


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Curve]:
    """Every curve each time it is drawn."""
    seen: list[Curve] = []
    draw = Curve.draw
    monkeypatch.setattr(Curve, "draw", lambda curve, *how: (seen.append(curve), draw(curve, *how)))
    return seen


def fill(chart: Chart, count: int) -> None:
    for number in range(count):
        chart.set_curve(number, X, wave(number), COLOURS[number % 4], emphasised=number == 3, faint=number == 5)


def draw_each(_: Curves, painter: QPainter, curves: list[Curve], smooth: bool) -> None:
    for curve in curves:
        curve.draw(painter, smooth)


def pixels(chart: Chart) -> NDArray[np.int16]:
    image = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).astype(np.int16)


def test_only_what_moves_is_drawn_again(open_chart: Callable[[], Chart], drawn: list[Curve]) -> None:
    chart = open_chart()
    fill(chart, MANY)
    chart.grab()
    assert len(drawn) == MANY
    for length in range(150, 160):
        drawn.clear()
        chart.set_curve(0, X[:length], wave(0, length), COLOURS[0])
        chart.grab()
    assert drawn == [chart._curves[0], chart._curves[3]], "the live one, and in front of it the emphasised"
    for _ in range(AT_REST + 2):
        drawn.clear()
        chart.grab()
    assert drawn == [chart._curves[3]], "the live one has come to rest"


@pytest.mark.parametrize("count", [SMOOTH_EDGES - 2, MANY])
def test_the_picture_is_that_of_all_curves_drawn_anew(
    open_chart: Callable[[], Chart], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Whatever happens after the resting curves were drawn: another view, look or size, fewer curves, other points."""
    chart = open_chart()
    fill(chart, count)
    chart.grab()
    acts: list[Callable[[Chart], None]] = [
        lambda chart: chart.set_curve(0, X[:150], wave(0, 150), COLOURS[0]),
        lambda chart: chart.set_view((2, 7), (1, 9)),
        lambda chart: chart.set_curve(2, X, 10 - wave(2), COLOURS[2]),
        lambda chart: chart.set_look(8, "#555500"),
        lambda chart: chart.set_look(4, "#555500", faint=True),
        lambda chart: chart.set_look(6, COLOURS[2], emphasised=True),
        lambda chart: chart.remove_curve(7),
        lambda chart: chart.resize(500, 260),
        lambda chart: chart.set_curve(7, X[:10], wave(8, 10), "#AA0000"),
        lambda chart: chart.set_view((0, 10), (-2, 12)),
    ]
    for done in range(1, len(acts) + 1):
        acts[done - 1](chart)
        got = pixels(chart)
        with monkeypatch.context() as patched:
            patched.setattr(Curves, "_show_picture", draw_each)
            wanted = pixels(chart)
        # Of 255: an edge laid over the ground is rounded twice. A line's pixel may fall to either side of a tie.
        differing = int((np.abs(got - wanted).max(axis=2) > 3).sum())
        assert differing <= 3, f"{differing} pixels after act {done}"


def test_no_extreme_is_lost(open_chart: Callable[[], Chart]) -> None:
    """A single row far from its neighbours is seen, at rest as well as moving."""
    chart = open_chart()
    fill(chart, MANY)
    y = np.full(201, 2.0)
    y[77] = 9.5
    chart.set_curve("peak", X, y, "#FF0000")
    for _ in range(AT_REST + 3):
        red = pixels(chart)[:60, :, 2] - pixels(chart)[:60, :, 1] > 200
        assert red.any()


def test_the_dot_of_a_last_row_at_the_edge_is_whole(open_chart: Callable[[], Chart]) -> None:
    chart = open_chart()

    def rightmost_ink() -> int:
        image = chart.grab().toImage()
        colours = (
            (x, image.pixelColor(x, y).getRgb()[:3]) for x in range(image.width()) for y in range(image.height())
        )
        return max(x for x, colour in colours if max(colour) - min(colour) > 80)

    chart.set_curve("a", np.array([0.0, 5.0, 9.0]), np.array([2.0, 5.0, 8.0]), COLOURS[0], emphasised=True)
    inside = rightmost_ink()
    chart.set_view((0, 9), (0, 10))
    assert rightmost_ink() == pytest.approx(inside + chart.pixels() / 10, abs=1.5), "as far beyond its row as inside"
    chart.set_view((0, 5), (0, 10))
    assert rightmost_ink() <= inside + chart.pixels() / 10 + OVER, (
        "what goes on out of the view is cut soon after its edge"
    )
