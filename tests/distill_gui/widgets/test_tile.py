"""The tile: one figure, its note on the same baseline, said to screen readers as one."""

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.tile import Tile


def test_a_figure_with_its_note(qtbot: QtBot) -> None:
    tile = Tile("Best F1")
    qtbot.addWidget(tile)
    assert tile.value() == "—"
    tile.set("85.2", "@ step 200")
    assert (tile.value(), tile.note()) == ("85.2", "@ step 200")
    assert tile.accessibleName() == "Best F1: 85.2 @ step 200"
    tile.set_caption("Best accuracy")
    tile.set("91.0")
    assert tile.accessibleName() == "Best accuracy: 91.0"


def test_figure_and_note_stand_on_one_line(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    tile = Tile("Δ control")
    qtbot.addWidget(tile)
    tile.set("+1.1", "± 0.9", "warn")
    tile.resize(220, 64)
    tile.show()

    def baseline(widget) -> int:
        return widget.geometry().bottom() - widget.contentsMargins().bottom() - QFontMetrics(widget.font()).descent()

    assert tile._value.font().pixelSize() > tile._note.font().pixelSize()
    assert baseline(tile._value) == baseline(tile._note)


def test_a_shorter_note_stands_in_where_the_whole_one_has_no_room(qtbot: QtBot) -> None:
    tile = Tile("Gap closed")
    qtbot.addWidget(tile)
    tile.set("50 %", "from control 70.0, mean of 3", shorter=["from control 70.0", "control 70.0"])
    tile.show()
    shown = []
    for width in range(400, 150, -1):
        tile.setFixedWidth(width)
        QApplication.processEvents()
        shown.append(tile._note.shown_text())
    assert shown[0] == tile.note() == "from control 70.0, mean of 3"
    assert list(dict.fromkeys(shown))[:3] == [shown[0], "from control 70.0", "control 70.0"], (
        "none is cut before the last"
    )
