"""The legend of terms: as many rows as it needs, hidden when it has nothing to say."""

from pytestqt.qtbot import QtBot

from distill_gui.theme import run_colour, term_look
from distill_gui.widgets.term_legend import ROW, TermLegend

ENTRIES = [("labels", 0), ("teacher", 1), ("hidden", 2), ("attention", 3), ("embedding", 4)]


def test_it_grows_by_rows_and_goes_away(qtbot: QtBot) -> None:
    legend = TermLegend()
    qtbot.addWidget(legend)
    legend.set_entries(ENTRIES)
    assert legend.heightForWidth(800) == ROW
    assert ROW < legend.heightForWidth(200) <= 3 * ROW
    assert legend.accessibleName() == "labels, teacher, hidden, attention, embedding"
    legend.set_entries([])
    assert legend.isHidden() and legend.heightForWidth(200) == 0


def test_each_line_is_drawn_in_its_terms_colour(qtbot: QtBot) -> None:
    legend = TermLegend()
    qtbot.addWidget(legend)
    legend.set_entries(ENTRIES)
    legend.resize(800, ROW)
    legend.show()
    picture = legend.grab().toImage()
    seen = {picture.pixelColor(x, y).name().upper() for x in range(picture.width()) for y in range(picture.height())}
    assert {term_look(place).colour.upper() for _, place in ENTRIES} <= seen
    assert run_colour(0) not in seen


def test_a_name_wider_than_the_card_is_cut_and_not_read_as_markup(qtbot: QtBot) -> None:
    legend = TermLegend()
    qtbot.addWidget(legend)
    legend.set_entries([("<b>" + "n" * 200, 0)])
    legend.resize(120, ROW)
    legend.show()
    assert legend.heightForWidth(120) == ROW and legend.minimumSizeHint().width() <= 0
