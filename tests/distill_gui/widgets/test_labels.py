"""Labels: plain text whatever is in it, roles, and a label that gives way."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from distill_gui.widgets import labels

HOSTILE = '<a href="file:///etc/passwd">run</a><img src=x>'


@pytest.mark.parametrize(
    ("make", "role"),
    [
        (labels.title, "title"),
        (labels.heading, "heading"),
        (labels.muted, "muted"),
        (labels.caption, "caption"),
        (labels.mono, "mono"),
    ],
)
def test_every_rank_has_its_role_and_shows_plain_text(qtbot: QtBot, make, role: str) -> None:
    made: QLabel = make(HOSTILE)
    qtbot.addWidget(made)
    assert made.property("role") == role
    assert made.textFormat() == Qt.TextFormat.PlainText
    assert made.text() == HOSTILE


def test_mono_can_be_copied(qtbot: QtBot) -> None:
    made = labels.mono("distill run x.toml")
    qtbot.addWidget(made)
    assert made.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse


def test_a_narrow_label_is_cut_and_tells_the_whole(qtbot: QtBot) -> None:
    made = labels.ElidedLabel("taylor · 3x384 · MRPC · seed 1")
    qtbot.addWidget(made)
    made.show()
    made.resize(made.sizeHint())
    assert made.shown_text() == made.text()
    assert made.toolTip() == ""
    made.resize(80, made.height())
    assert made.shown_text().endswith("…")
    assert made.toolTip() == "taylor · 3x384 · MRPC · seed 1"
    made.resize(made.sizeHint())
    assert made.toolTip() == ""


def test_an_elided_label_keeps_a_tooltip_of_someone_elses(qtbot: QtBot) -> None:
    made = labels.ElidedLabel("a rather long text that is cut")
    qtbot.addWidget(made)
    made.setToolTip("from outside")
    made.resize(40, 20)
    made.setText("another rather long text")
    assert made.toolTip() == "from outside"


def test_the_middle_can_give_way(qtbot: QtBot) -> None:
    made = labels.ElidedLabel("/home/someone/runs/17/student", mode=Qt.TextElideMode.ElideMiddle)
    qtbot.addWidget(made)
    made.resize(110, 20)
    assert made.shown_text().startswith("/h")
    assert made.shown_text().endswith("t")
    assert "…" in made.shown_text()


def test_a_shorter_text_stands_in_where_the_whole_has_no_room(qtbot: QtBot) -> None:
    made = labels.ElidedLabel()
    qtbot.addWidget(made)
    made.show()
    texts = ["step 1,709 of 3,780, epoch 27.13, ETA 1 min", "step 1,709, ETA 1 min", "ETA 1 min"]
    made.set_texts(texts)
    for text in (*texts, texts[1], texts[0]):
        made.resize(made.fontMetrics().horizontalAdvance(text) + 4, 20)
        assert made.shown_text() == text and made.text() == texts[0]
        assert (texts[0] in made.toolTip()) == (text != texts[0])
    made.resize(30, 20)
    assert made.shown_text().startswith("ET") and made.shown_text().endswith("…")
    made.setText("of another kind")
    made.resize(400, 20)
    assert made.shown_text() == "of another kind"


def test_tone_is_set_and_taken_away(qtbot: QtBot) -> None:
    made = labels.caption("can't tell yet")
    qtbot.addWidget(made)
    labels.set_tone(made, "warn")
    assert made.property("tone") == "warn"
    labels.set_tone(made, "")
    assert made.property("tone") == ""
