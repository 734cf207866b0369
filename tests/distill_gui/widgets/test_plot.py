"""The chart obeys: what it is handed it draws, and only a person's hand makes it speak."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsView, QMenu, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.plot import Chart
from distill_gui.widgets.plot_curves import SMOOTH_EDGES

X = np.linspace(0, 10, 101)


@pytest.fixture
def chart(qtbot: QtBot) -> Iterator[Chart]:
    theme.apply(QApplication.instance(), False)
    made = Chart()
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    qtbot.waitExposed(made)
    yield made


def ink_of(chart: Chart) -> float:
    """How much colour is on the chart, in pixels; axes, grid and levels are grey and do not count."""
    image = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    shown = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, :3].astype(int)
    vividness = shown.max(axis=2) - shown.min(axis=2)
    return float(vividness[vividness > 40].sum() / 213)


def colours_of(chart: Chart) -> set[str]:
    """The vivid colours on the chart; an antialiased edge has many."""
    image = chart.grab().toImage()
    shown = [image.pixelColor(x, y) for x in range(60, 390) for y in range(10, 170)]
    return {colour.name() for colour in shown if max(colour.getRgb()[:3]) - min(colour.getRgb()[:3]) > 40}


def test_a_curve_is_drawn_and_removed(chart: Chart) -> None:
    chart.set_view((0, 10), (0, 10))
    assert ink_of(chart) == 0
    chart.set_curve("a", X, X, "#D55E00")
    assert ink_of(chart) > 100
    chart.remove_curve("a")
    assert ink_of(chart) == 0
    assert chart.curve_keys() == []


def test_an_emphasised_curve_is_wider_and_a_faint_one_fainter(chart: Chart) -> None:
    chart.set_view((0, 10), (0, 10))
    chart.set_curve("a", X, X, "#D55E00")
    plain = ink_of(chart)
    chart.set_look("a", "#D55E00", emphasised=True)
    assert ink_of(chart) > 1.5 * plain
    chart.set_look("a", "#D55E00", faint=True)
    assert ink_of(chart) < 0.5 * plain


def test_a_gap_is_not_bridged(chart: Chart) -> None:
    chart.set_view((0, 10), (0, 10))
    y = np.full(101, 5.0)
    chart.set_curve("a", X, y, "#D55E00")
    whole = ink_of(chart)
    y[20:80] = np.nan
    chart.set_curve("a", X, y, "#D55E00")
    assert 0.2 * whole < ink_of(chart) < 0.6 * whole


def test_the_grid_lies_behind_the_curves(chart: Chart) -> None:
    chart.set_view((0, 10), (0, 10))
    chart.set_curve("beside", X, np.full(101, 5.5), "#D55E00", emphasised=True)
    beside = ink_of(chart)
    chart.set_curve("beside", X, np.full(101, 6.0), "#D55E00", emphasised=True)  # on a line of the grid
    assert ink_of(chart) > 0.9 * beside


def test_the_lines_of_the_grid_at_both_ends_have_their_figures(chart: Chart) -> None:
    def figures() -> list[int]:
        """The first row of pixels of each figure at the left axis."""
        image = chart.grab().toImage()
        inked = [any(image.pixelColor(x, y).lightness() < 180 for x in range(20, 42)) for y in range(image.height())]
        return [y for y in range(1, len(inked)) if inked[y] and not inked[y - 1]]

    chart.set_view((0, 10), (0.001, 9.999))
    inner = len(figures())
    chart.set_view((0, 10), (0, 10))
    assert len(figures()) == inner + 2, "0 and 10 too"


def test_a_single_point_can_be_seen(chart: Chart) -> None:
    chart.set_view((0, 10), (0, 10))
    chart.set_curve("a", np.array([5.0]), np.array([5.0]), "#D55E00")
    lonely = ink_of(chart)
    assert lonely >= 40  # as large as a dot among others it would be overlooked in an empty chart
    chart.set_look("a", "#D55E00", emphasised=True)
    assert ink_of(chart) >= lonely
    chart.set_curve("a", X, np.full(101, 20.0), "#D55E00")  # many points, all outside: the dot is gone
    assert ink_of(chart) == 0


def test_many_curves_are_not_antialiased(chart: Chart) -> None:
    for number in range(SMOOTH_EDGES + 1):
        chart.set_curve(number, X, X, "#D55E00")
    assert colours_of(chart) == {"#d55e00"}
    chart.remove_curve(0)
    assert len(colours_of(chart)) > 10


def test_setting_the_view_tells_nobody(chart: Chart, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(chart.panned):
        chart.set_view((2, 4), (0, 1))
    assert chart.x_view() == (2, 4)
    assert chart.y_view() == (0, 1)


def test_nothing_is_ranged_by_itself(chart: Chart, qtbot: QtBot) -> None:
    chart.set_view((0, 1), (0, 1))
    chart.set_curve("a", X, 100 * X, "#D55E00")
    qtbot.wait(60)
    assert chart.x_view() == (0, 1)
    assert chart.y_view() == (0, 1)


def test_logarithmic_axes_take_and_give_plain_values(chart: Chart) -> None:
    chart.set_log(True, True)
    chart.set_view((1, 100), (0.001, 1))
    chart.set_curve("a", np.array([1.0, 10.0, 100.0]), np.array([1.0, 0.0, 0.001]), "#D55E00")
    np.testing.assert_array_equal(chart._curves["a"].x, [0, 1, 2])
    np.testing.assert_allclose(chart._curves["a"].y, [0, np.nan, -3])
    assert chart.x_view() == pytest.approx((1, 100))
    chart.set_log(False, False)
    assert chart.curve_keys() == []


def test_levels_come_and_go_and_their_names_are_plain_text(chart: Chart) -> None:
    chart.set_view((0, 10), (0, 10))
    chart.set_level("teacher", 5.0, "<b>{value}</b>")
    assert chart.levels() == {"teacher": 5.0}
    assert chart.level_names()["teacher"][0] == "<b>{value}</b>"
    chart.remove_level("teacher")
    assert chart.levels() == {}


def drag(chart: Chart, qtbot: QtBot) -> None:
    port = chart._view.viewport()
    start, end = QPoint(250, 100), QPoint(150, 100)
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.3, 0.6, 1.0):
        qtbot.mouseMove(port, start + (end - start) * share)
        qtbot.wait(20)
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=end)


def test_dragging_pans_x_only(chart: Chart, qtbot: QtBot) -> None:
    chart.set_view((0, 10), (0, 1))
    with qtbot.waitSignal(chart.panned) as told:
        drag(chart, qtbot)
    low, high = chart.x_view()
    assert low > 1 and high - low == pytest.approx(10)
    assert chart.y_view() == (0, 1)
    assert told.args[0] > 0


def turn_wheel(window: QWidget, modifiers: Qt.KeyboardModifier) -> None:
    handle = window.windowHandle()
    QTest.wheelEvent(handle, QPointF(150, 100), QPoint(0, 120), stateKey=modifiers)
    QApplication.processEvents()


def test_the_wheel_alone_scrolls_the_page_and_with_ctrl_zooms(qtbot: QtBot) -> None:
    area, chart = QScrollArea(), Chart()
    chart.setFixedSize(300, 900)
    area.setWidget(chart)
    qtbot.addWidget(area)
    area.resize(340, 300)
    area.show()
    qtbot.waitExposed(area)
    chart.set_view((0, 10), (0, 1))
    area.verticalScrollBar().setValue(200)
    turn_wheel(area, Qt.KeyboardModifier.NoModifier)
    assert area.verticalScrollBar().value() < 200
    assert chart.x_view() == (0, 10)
    with qtbot.waitSignal(chart.panned):
        turn_wheel(area, Qt.KeyboardModifier.ControlModifier)
    low, high = chart.x_view()
    assert high - low < 10


def test_the_pointer_finds_x_and_the_curve_under_it(chart: Chart, qtbot: QtBot) -> None:
    chart.set_view((0, 10), (0, 10))
    chart.set_curve("low", X, np.full(101, 2.0), "#D55E00")
    chart.set_curve("high", X, np.full(101, 8.0), "#0072B2")
    place = chart._box.mapViewToScene(QPointF(5.0, 8.1))
    position = chart._view.mapFromScene(place)
    seen: list[object] = []
    chart.cursor_moved.connect(seen.append)
    chart.curve_pointed.connect(seen.append)
    qtbot.mouseMove(chart._view.viewport(), position)
    qtbot.waitUntil(lambda: len(seen) >= 2)
    assert seen[0] == "high"
    assert seen[1] == pytest.approx(5.0, abs=0.1)
    with qtbot.waitSignal(chart.curve_clicked) as clicked:
        qtbot.mouseClick(chart._view.viewport(), Qt.MouseButton.LeftButton, pos=position)
    assert clicked.args == ["high"]


def test_the_cursor_stays_under_a_resting_pointer_while_the_view_moves_on(chart: Chart, qtbot: QtBot) -> None:
    chart.set_view((0, 10), (0, 10))
    chart.set_curve("low", X, np.full(101, 2.0), "#D55E00")
    position = QPoint(200, 60)
    with qtbot.waitSignal(chart.cursor_moved) as seen:
        qtbot.mouseMove(chart.findChild(QGraphicsView).viewport(), position)
    (before,) = seen.args
    with qtbot.waitSignal(chart.cursor_moved) as seen:
        chart.set_view((0, 20), (0, 10))  # a run streams in
    assert seen.args == [pytest.approx(2 * before)]
    QApplication.sendEvent(chart.findChild(QGraphicsView).viewport(), QEvent(QEvent.Type.Leave))
    with qtbot.assertNotEmitted(chart.cursor_moved):
        chart.set_view((0, 30), (0, 10))


def test_a_double_click_asks_for_everything(chart: Chart, qtbot: QtBot) -> None:
    with qtbot.waitSignal(chart.reset_wanted):
        qtbot.mouseDClick(chart._view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(200, 90))


def test_nothing_of_the_librarys_own_is_shown(chart: Chart) -> None:
    assert not [menu for menu in chart.findChildren(QMenu) if menu.isVisible()]
    chart.set_blank(True)
    ground = chart.grab().toImage()
    assert len({ground.pixelColor(x, 60).name() for x in range(60, 380)}) == 1


def test_the_theme_recolours_the_axes(chart: Chart) -> None:
    before = chart._axes["left"].textPen().color().name()
    theme.apply(QApplication.instance(), True)
    assert chart._axes["left"].textPen().color().name() == theme.current().muted.lower() != before
    theme.apply(QApplication.instance(), False)


def test_only_the_plot_files_import_pyqtgraph() -> None:
    """House rule: pyqtgraph stays behind widgets/plot*.py; give Chart another method instead of importing it."""
    root = Path(__file__).parents[3] / "distill_gui"
    importers = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "pyqtgraph" for name in names):
                importers.add(file.relative_to(root).as_posix())
    assert "widgets/plot.py" in importers
    assert {name for name in importers if not name.startswith("widgets/plot")} == set()
