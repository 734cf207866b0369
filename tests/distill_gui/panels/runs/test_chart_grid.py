"""The charts share x and cursor, follow while nobody pans, and draw only what can be seen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QGraphicsView
from pytestqt.qtbot import QtBot

from distill_gui.models.run_charts import NO_ANSWERS, NO_TEACHER, ChartOptions, with_view
from distill_gui.panels.runs.chart_grid import ChartGrid
from distill_gui.panels.runs.chart_looks import BASELINE_DASH, NO_ROWS
from distill_gui.theme import run_colour, term_look
from engine.store import MetricRows, RunRecord


@pytest.fixture
def grid(qtbot: QtBot, models: SimpleNamespace, dressed_last: Callable[[], AbstractContextManager[None]]) -> ChartGrid:
    with dressed_last():
        made = ChartGrid(models.curves)
        made.complete()
    qtbot.addWidget(made)
    made.resize(760, 700)
    made.show()
    qtbot.waitExposed(made)
    made.set_options(ChartOptions(x="step"))
    show(made, models, 3)
    made.draw()
    return made


def show(grid: ChartGrid, models: SimpleNamespace, chosen: int, published: tuple[str, float] | None = None) -> None:
    grid.set_runs([models.runs.record(1), models.runs.record(3)], models.runs.record(chosen), published)


def keys(grid: ChartGrid, chart: str) -> list[object]:
    return sorted(grid.cards[chart].chart.curve_keys())


def test_charts_are_made_one_a_frame_once_they_are_to_be_seen(qtbot: QtBot, models: SimpleNamespace) -> None:
    made = ChartGrid(models.curves)
    qtbot.addWidget(made)
    show(made, models, 3)
    made.draw()
    assert not made.cards  # nobody sees it
    made.show()
    made.draw()
    assert len(made.cards) == 1 and not made.is_complete()
    while not made.is_complete():
        made.draw()
    made.draw()
    assert made.cards["loss"].chart.curve_keys() and made.cards["loss"].isVisible()


def test_each_chart_has_its_curves(grid: ChartGrid) -> None:
    assert keys(grid, "loss") == [(1, "train/loss", False), (3, "train/loss", False)]
    assert keys(grid, "validation") == [(1, "validation/f1", False), (3, "validation/f1", False)]
    assert keys(grid, "terms") == [(3, "train/loss/labels", False), (3, "train/loss/teacher", False)]
    assert grid.cards["validation"].heading.text() == "Validation F1"


def test_the_chosen_run_is_in_front_with_its_lines(grid: ChartGrid, models: SimpleNamespace) -> None:
    curves = grid.cards["loss"].chart._curves
    assert [curves[run, "train/loss", False].emphasised for run in (1, 3)] == [False, True]
    show(grid, models, 1, ("published", 0.721))
    grid.draw()
    assert [curves[run, "train/loss", False].emphasised for run in (1, 3)] == [True, False]
    assert grid.cards["validation"].chart.levels() == {"teacher": 90.0, "published": pytest.approx(72.1)}


def test_a_live_run_has_room_ahead_and_never_leaves_the_view(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    views = set()
    for step in range(51, 101):
        models.curves.append(rows(3, "train/loss", [0.1], first=step))
        grid.draw()
        low, high = grid.cards["loss"].chart.x_view()
        views.add(high)
        assert low == 0 and step <= high <= 100
    assert len(views) < 8


def test_all_charts_show_the_same_x_and_panning_stops_following(grid: ChartGrid, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grid.following_changed) as told:
        grid.cards["loss"].chart.panned.emit(10.0, 20.0)
    assert told.args == [False]
    grid.draw()
    assert {grid.cards[key].chart.x_view() for key in ("loss", "validation", "terms")} == {(10.0, 20.0)}
    with qtbot.waitSignal(grid.following_changed):
        grid.follow()
    grid.draw()
    assert grid.cards["loss"].chart.x_view()[0] == 0


def test_streaming_leaves_a_panned_view_alone(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    grid.cards["loss"].chart.panned.emit(10.0, 20.0)
    models.curves.append(rows(3, "train/loss", [0.1] * 40, first=51))
    grid.draw()
    assert grid.cards["loss"].chart.x_view() == (10.0, 20.0)


def test_the_cursor_is_everywhere_and_reads_the_chosen_run(grid: ChartGrid) -> None:
    grid.cards["loss"].chart.cursor_moved.emit(4.2)
    assert all(card.chart._cursor.isVisible() for card in grid.cards.values())
    assert grid.cards["validation"].note.text() == "25.0 at step 4"
    grid.cards["loss"].chart.cursor_moved.emit(None)
    assert not any(card.chart._cursor.isVisible() for card in grid.cards.values())
    assert grid.cards["validation"].note.text() == ""


def test_a_curve_that_comes_to_a_resting_pointer_is_read(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    grid.cards["validation"].chart.cursor_moved.emit(60.0)
    note = grid.cards["validation"].note
    assert note.text() == "", "the run is at step 50"
    models.curves.append(rows(3, "validation/f1", [0.75] * 20, first=51))
    grid.draw()
    assert note.text() == "75.0 at step 60"


def test_the_raw_line_is_drawn_for_the_pointed_run_only(grid: ChartGrid, qtbot: QtBot) -> None:
    curve = (1, "train/loss", False)
    with qtbot.waitSignal(grid.run_pointed) as told:
        grid.cards["loss"].chart.curve_pointed.emit(curve)
    assert told.args == [1]
    grid.draw()
    assert (1, "train/loss", True) in keys(grid, "loss") and (3, "train/loss", True) not in keys(grid, "loss")
    assert grid.cards["loss"].chart._curves[1, "train/loss", True].faint
    grid.point_at(None)
    grid.draw()
    assert (1, "train/loss", True) not in keys(grid, "loss")


def test_hidden_charts_draw_nothing(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    for key, card in grid.cards.items():
        draw = card.draw
        monkeypatch.setattr(card, "draw", lambda *a, key=key, draw=draw: (drawn.append(key), draw(*a)))
    grid.resize(380, 210)  # one column, one chart high: the others are scrolled out of sight
    grid._arrange()
    grid._grid.activate()
    models.curves.append(rows(3, "train/loss", [0.1], first=51))
    grid.draw()
    assert "validation" in drawn and "throughput" not in drawn
    drawn.clear()
    grid.set_options(ChartOptions(x="step", hidden=frozenset({"validation"})))
    grid.draw()
    assert not grid.cards["validation"].isVisible()
    assert "validation" not in drawn
    drawn.clear()
    grid.hide()
    models.curves.append(rows(3, "train/loss", [0.1], first=52))
    grid.draw()
    assert drawn == []


def test_a_card_of_which_only_the_heading_shows_does_not_say_that_there_is_nothing(
    qtbot: QtBot, models: SimpleNamespace
) -> None:
    grid = ChartGrid(models.curves)
    qtbot.addWidget(grid)
    grid.complete()
    grid.resize(400, 230)  # one column
    grid.show()
    qtbot.waitExposed(grid)
    card = grid.cards["loss"]
    grid.draw()
    qtbot.waitUntil(lambda: card.y() > 100)
    grid.verticalScrollBar().setValue(card.y() + 30 - grid.viewport().height())
    show(grid, models, 3)
    grid.draw()
    assert card.is_in_sight() and card.chart.visibleRegion().isEmpty()
    assert card.note.text() == "smoothing 0.6"
    assert not grid.cards["terms"].is_in_sight() and not keys(grid, "terms")


def test_a_chart_scrolled_into_sight_catches_up(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    grid.resize(380, 210)
    grid._arrange()
    grid._grid.activate()
    grid.draw()
    models.curves.append(rows(3, "train/gradient_norm", [9.0], first=51))
    grid.draw()
    grid.ensureWidgetVisible(grid.cards["gradient_norm"])
    grid.draw()
    assert 51 in grid.cards["gradient_norm"].chart._curves[3, "train/gradient_norm", False].x


def test_a_metric_that_appears_later_gets_its_curve(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    assert keys(grid, "learning_rate") == []
    models.curves.append(rows(3, "train/learning_rate", [1e-5, 2e-5]))
    grid.draw()
    assert keys(grid, "learning_rate") == [(3, "train/learning_rate", False)]


def test_progress_alone_asks_for_no_drawing(grid: ChartGrid, models: SimpleNamespace, qtbot: QtBot) -> None:
    run = models.runs.record(3)
    with qtbot.assertNotEmitted(grid.stale):
        grid.set_runs([models.runs.record(1), replace(run, step=51)], replace(run, step=51))
    with qtbot.waitSignal(grid.stale):
        grid.set_runs([models.runs.record(1), replace(run, state="finished")], replace(run, state="finished"))


def test_other_units_start_over(grid: ChartGrid) -> None:
    grid.cards["loss"].chart.panned.emit(10.0, 20.0)
    grid.set_options(ChartOptions(x="examples"))
    grid.draw()
    assert grid.following
    assert grid.cards["loss"].chart.x_view()[1] >= 50 * 32


def test_logarithmic_axes_keep_every_curve(grid: ChartGrid) -> None:
    grid.set_options(ChartOptions(x="step", log_x=True, log_y=True))
    grid.draw()
    low, high = grid.cards["loss"].chart.x_view()
    assert low == pytest.approx(1.0) and high >= 50
    low, high = grid.cards["loss"].chart.y_view()
    assert 0 < low <= 0.02 and high >= 1
    assert keys(grid, "loss") == [(1, "train/loss", False), (3, "train/loss", False)]


def test_as_many_columns_as_fit(grid: ChartGrid) -> None:
    for width, columns in ((380, 1), (760, 2), (1200, 3)):
        grid.resize(width, 600)
        grid._arrange()
        assert grid._columns == columns


def test_a_click_on_a_curve_chooses_its_run(grid: ChartGrid, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grid.run_chosen) as told:
        grid.cards["loss"].chart.curve_clicked.emit((1, "train/loss", False))
    assert told.args == [1]


def test_the_chosen_run_is_drawn_unticked_too(grid: ChartGrid, models: SimpleNamespace) -> None:
    chosen: RunRecord = models.runs.record(3)
    grid.set_runs([models.runs.record(1)], chosen)
    grid.draw()
    assert (3, "train/loss", False) in keys(grid, "loss")


def test_columns_are_alike_and_none_is_out_of_sight(grid: ChartGrid, models: SimpleNamespace) -> None:
    grid.resize(1040, 700)
    for card in grid.cards.values():
        card.set_legend([("labels", 0), ("teacher", 1), ("another long name", 2), ("a fourth one", 3)])
    grid.widget().layout().activate()
    shown = [card for card in grid.cards.values() if card.isVisible()]
    widths = [card.width() for card in shown]
    assert max(widths) - min(widths) <= 1
    assert max(card.geometry().right() for card in shown) < grid.viewport().width()
    assert grid.cards["influence"].heading.toolTip()


def test_headings_are_whole_beside_two_terms(grid: ChartGrid, qtbot: QtBot) -> None:
    grid.resize(1040, 700)
    for card in grid.cards.values():
        card.set_legend([("labels", 0), ("teacher", 1)])
    qtbot.waitUntil(lambda: all(card.heading.text() == card.heading.shown_text() for card in grid.cards.values()))


def test_a_control_says_that_its_gradient_has_no_shares(grid: ChartGrid, models: SimpleNamespace) -> None:
    card = grid.cards["shares"]
    show(grid, models, 3)
    grid.draw()
    assert card.empty == NO_ROWS
    show(grid, models, 1)
    grid.draw()
    assert card.empty == NO_TEACHER


def taught_inside(grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows], loss: str) -> None:
    """Show run 3 as one with two feature terms and some curves of them."""
    for name in (
        "loss/hidden",
        "loss/pkd",
        "raw/labels",
        "raw/hidden",
        "parameter_share/labels",
        "parameter_share/hidden",
    ):
        models.curves.append(rows(3, f"train/{name}", [0.5, 0.4]))
    run = replace(models.runs.record(3), loss=loss, config={"features": [{"kind": "hidden"}, {"kind": "pkd"}]})
    grid.set_runs([run], run)
    grid.draw()


def test_terms_look_like_terms_and_never_like_runs(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    taught_inside(grid, models, rows, "kl")
    card = grid.cards["terms"]
    assert card.legend.entries() == [("labels", 0), ("teacher", 1), ("hidden", 2), ("pkd", 3)]
    drawn = card.chart._curves
    looks = [(drawn[key].colour, drawn[key].dash) for key in drawn]
    assert looks == [(term_look(place).colour, term_look(place).dash) for place in range(4)]
    assert not {colour for colour, _ in looks} & {run_colour(index) for index in range(6)}
    assert drawn[3, "train/loss/teacher", False].pen.dashPattern() == [6.0, 3.0]


def test_a_term_has_the_same_look_in_every_chart_and_view(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows], qtbot: QtBot
) -> None:
    taught_inside(grid, models, rows, "kl")
    card = grid.cards["terms"]
    with qtbot.waitSignal(grid.view_chosen) as told:
        card.views.action("defined").trigger()
    assert told.args == ["terms", "defined"]
    grid.set_options(with_view(ChartOptions(x="step"), "terms", "defined"))
    grid.draw()
    assert keys(grid, "terms") == [(3, "train/raw/hidden", False), (3, "train/raw/labels", False)]
    assert card.legend.entries() == [("labels", 0), ("hidden", 2)]
    assert "before its weight" in card.heading.toolTip()
    card.chart.cursor_moved.emit(1.0)
    assert card.note.text() == "labels 0.5, hidden 0.5 at step 1"


def test_shares_of_a_run_with_feature_terms_are_those_of_all_parameters_unless_asked(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    taught_inside(grid, models, rows, "none")
    card = grid.cards["shares"]
    assert card.views.current() == "parameters" and card.empty == NO_ROWS
    assert card.legend.entries() == [("labels", 0), ("hidden", 2)]
    assert grid.cards["influence"].empty == NO_ANSWERS
    grid.set_options(with_view(ChartOptions(x="step"), "shares", "logits"))
    grid.draw()
    assert card.empty == NO_ANSWERS and card.legend.entries() == []


def test_weights_have_a_chart_only_while_they_change(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows]
) -> None:
    assert not grid.cards["weights"].isVisible()
    models.curves.append(rows(3, "train/weight/hidden", [0.0, 0.1]))
    grid.draw()
    assert grid.cards["weights"].isVisible() and grid._grid.indexOf(grid.cards["weights"]) >= 0
    show(grid, models, 1)
    grid.draw()
    assert not grid.cards["weights"].isVisible()


def test_nothing_is_kept_of_runs_no_longer_drawn(grid: ChartGrid, models: SimpleNamespace) -> None:
    grid.verticalScrollBar().setValue(0)  # charts further down note what changed until somebody scrolls there
    columns = {
        "series": [0], "names": {0: "train/loss"}, "steps": [51], "seconds": [51.0], "values": [0.1],
    }  # fmt: skip
    for run in (1, 3):
        models.curves.append(SimpleNamespace(runs=[run], **columns))
    grid.draw()

    def kept() -> set[int]:
        return {run for keys in (grid._known, *grid._changed.values()) for run, _ in keys}

    assert kept() == {1, 3}
    grid.set_runs([models.runs.record(3)], models.runs.record(3))
    assert kept() == {3}


def test_nothing_scrolls_while_the_charts_fit(
    grid: ChartGrid, models: SimpleNamespace, rows: Callable[..., MetricRows], qtbot: QtBot
) -> None:
    """A chart once laid out must not want as much again when another theme, a legend or a lower window comes."""
    columns = grid.viewport().width() // 340
    lowest = -(-8 // columns) * (196 + 12)
    for height in (lowest + 200, lowest, lowest + 60):
        grid.resize(760, height + 2 * grid.frameWidth())
        show(grid, models, 1)  # a run without terms, and then one with
        grid.draw()
        qtbot.wait(1)
        for chart in grid.findChildren(QGraphicsView):
            chart.updateGeometry()  # as another style sheet does
        qtbot.wait(1)
        show(grid, models, 3)
        grid.draw()
        qtbot.wait(1)
        assert grid.cards["terms"].legend.entries()
        assert grid.verticalScrollBar().maximum() == 0
        assert grid.widget().height() == grid.viewport().height()


def test_the_run_that_is_compared_with_is_dashed(grid: ChartGrid) -> None:
    def dashed(chart: str) -> list[object]:
        looks = grid.cards[chart].looks()
        return [curve for curve, look in looks.items() if look.line().dash == BASELINE_DASH]

    grid.set_baseline(1)
    grid.draw()
    assert dashed("loss") == [(1, "train/loss", False)] and dashed("validation") == [(1, "validation/f1", False)]
    assert dashed("terms") == [], "terms have dashes of their own"
    grid.set_baseline(None)
    grid.draw()
    assert dashed("loss") == []
