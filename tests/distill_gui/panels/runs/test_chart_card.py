"""A chart's card draws what changed and nothing else, and says what it left out."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from distill_gui.models.curves import XAxis
from distill_gui.models.run_charts import CHARTS, ChartOptions
from distill_gui.panels.runs.chart_card import ChartCard
from distill_gui.panels.runs.chart_looks import NO_ROWS, Level, Look

KINDS = {kind.key: kind for kind in CHARTS}
NOTHING: frozenset[tuple[int, str]] = frozenset()


@pytest.fixture
def card(qtbot: QtBot, models: SimpleNamespace) -> ChartCard:
    made = ChartCard(KINDS["loss"], models.curves)
    qtbot.addWidget(made)
    made.resize(420, 260)
    made.show()
    qtbot.waitExposed(made)
    made.set_options(ChartOptions(weight=0.0, x="step"))
    made.set_looks({(1, "train/loss", False): Look(XAxis(), 0), (3, "train/loss", False): Look(XAxis(), 1, True)})
    return made


@pytest.fixture
def drawn(card: ChartCard, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The keys of the curves whose points were handed to the chart since."""
    keys: list[object] = []
    set_curve = card.chart.set_curve

    def note(key: object, *arguments: object, **more: object) -> None:
        keys.append(key)
        set_curve(key, *arguments, **more)

    monkeypatch.setattr(card.chart, "set_curve", note)
    return keys


def test_only_the_streamed_curve_is_drawn_again(
    card: ChartCard, drawn: list[object], models: SimpleNamespace, rows: object
) -> None:
    card.draw((0, 100), NOTHING)
    assert set(drawn) == {(1, "train/loss", False), (3, "train/loss", False)}
    drawn.clear()
    card.draw((0, 100), NOTHING)
    assert drawn == []
    models.curves.append(rows(3, "train/loss", [0.02], first=51))
    card.draw((0, 100), frozenset({(3, "train/loss")}))
    assert drawn == [(3, "train/loss", False)]


def test_curves_that_did_not_change_are_not_even_looked_at(
    card: ChartCard, models: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.draw((0, 100), NOTHING)
    asked: list[object] = []
    drawing = models.curves.drawing
    monkeypatch.setattr(models.curves, "drawing", lambda key, *more: (asked.append(key), drawing(key, *more))[1])
    card.draw((0, 100), frozenset({(3, "train/loss")}))
    assert asked == [(3, "train/loss")]


def test_a_row_outside_the_view_draws_nothing(
    card: ChartCard, drawn: list[object], models: SimpleNamespace, rows: object
) -> None:
    card.draw((0, 30), NOTHING)
    drawn.clear()
    models.curves.append(rows(3, "train/loss", [0.02], first=51))
    card.draw((0, 30), frozenset({(3, "train/loss")}))
    assert drawn == []


def test_another_look_hands_over_no_points(card: ChartCard, drawn: list[object]) -> None:
    card.draw((0, 100), NOTHING)
    drawn.clear()
    card.set_looks({(1, "train/loss", False): Look(XAxis(), 0, True), (3, "train/loss", False): Look(XAxis(), 1)})
    card.draw((0, 100), NOTHING)
    assert drawn == []
    assert card.chart._curves[1, "train/loss", False].emphasised


def test_a_run_no_longer_drawn_leaves_no_curve(card: ChartCard) -> None:
    card.draw((0, 100), NOTHING)
    card.set_looks({(1, "train/loss", False): Look(XAxis(), 0)})
    card.draw((0, 100), NOTHING)
    assert card.chart.curve_keys() == [(1, "train/loss", False)]


def test_everything_is_in_sight(card: ChartCard) -> None:
    card.set_levels({"teacher": Level(1.4, "teacher")})
    card.draw((0, 50), NOTHING)
    low, high = card.chart.y_view()
    assert low <= 0.02 and high > 1.4
    assert card.chart.x_view() == (0, 50)


def test_spikes_are_off_scale_and_counted_on_all_rows(card: ChartCard, models: SimpleNamespace, rows: object) -> None:
    values = np.ones(5000) + 0.1 * np.sin(np.arange(5000))
    values[[100, 2000, 4000]] = [500.0, 900.0, -300.0]
    models.curves.append(rows(1, "train/loss", list(values)))
    card.set_looks({(1, "train/loss", False): Look(XAxis(), 0)})
    card.draw((0, 5000), NOTHING)
    assert card.note.text() == "3 points off-scale"
    assert card.chart.y_view()[1] < 5
    card.draw((0, 3000), NOTHING)
    assert card.note.text() == "2 points off-scale"
    card.set_options(ChartOptions(weight=0.0, x="step", clip=False))
    card.draw((0, 5000), NOTHING)
    assert card.note.text() == ""
    assert card.chart.y_view()[1] >= 900


def test_smoothing_is_said_and_drawn(card: ChartCard, models: SimpleNamespace) -> None:
    card.set_options(ChartOptions(weight=0.5, x="step"))
    card.draw((0, 100), NOTHING)
    assert card.note.text() == "smoothing 0.5"
    shown = card.chart._curves[1, "train/loss", False].y
    np.testing.assert_array_equal(shown, models.curves.series(1, "train/loss").smoothed(0.5).values.view)


def test_scores_are_shown_times_a_hundred_and_never_smoothed(qtbot: QtBot, models: SimpleNamespace) -> None:
    card = ChartCard(KINDS["validation"], models.curves)
    qtbot.addWidget(card)
    card.show()
    card.set_options(ChartOptions(weight=0.9, x="step", log_y=True))
    card.set_looks({(1, "validation/f1", False): Look(XAxis(), 0)})
    card.draw((0, 100), NOTHING)
    np.testing.assert_allclose(card.chart._curves[1, "validation/f1", False].y[:2], [100, 50])


def test_an_empty_chart_says_so(card: ChartCard) -> None:
    card.set_looks({(9, "train/loss", False): Look(XAxis(), 0)})
    card.draw((0, 1), NOTHING)
    assert card.note.text() == NO_ROWS


def test_the_cursors_words_stay_while_rows_stream_in(card: ChartCard, models: SimpleNamespace, rows: object) -> None:
    card.draw((0, 100), NOTHING)
    card.say("0.5 at step 2")
    models.curves.append(rows(3, "train/loss", [0.02], first=51))
    card.draw((0, 100), frozenset({(3, "train/loss")}))
    assert card.note.text() == "0.5 at step 2"
    card.say("")
    assert card.note.text() == ""


def test_copied_values_are_the_rows_in_view(card: ChartCard) -> None:
    card.set_options(ChartOptions(weight=0.9, x="step"))
    card.set_looks({(3, "train/loss", False): Look(XAxis(), 0), (3, "train/loss", True): Look(XAxis(), 0, raw=True)})
    card.draw((0, 3), NOTHING)
    card.copy_values()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[:3] == ["run,metric,step,seconds,value", "3,train/loss,1,0.100,1.0", "3,train/loss,2,0.200,0.5"]
    assert len(lines) == 5  # one row beyond the view leads the line out of it


def test_the_legend_names_the_terms(card: ChartCard, qtbot: QtBot) -> None:
    card.set_legend([("labels", 0), ("<b>teacher</b>", 1)])
    assert card.legend.entries() == [("labels", 0), ("<b>teacher</b>", 1)] and card.legend.isVisible()
    card.set_legend([])
    assert not card.legend.isVisible()


def test_the_usual_note_is_whole_or_not_there(card: ChartCard) -> None:
    card.set_options(ChartOptions(weight=0.5, x="step"))
    card.draw((0, 100), NOTHING)
    card.note.resize(200, 20)
    assert card.note.shown_text() == "smoothing 0.5"
    card.note.resize(30, 20)
    assert card.note.shown_text() == ""
    card.say("0.5 at step 2")
    card.note.resize(30, 20)
    assert card.note.shown_text().endswith("…")
