"""The page of the first start: what the program is for, and two ways to begin. Knows neither engine nor store."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.theme import XL, L, M, S, notifier
from distill_gui.theme.emblem import drawing
from distill_gui.widgets.buttons import button
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import label, muted

CARD_WIDTH = 330  # px
SAMPLE = (
    "Support tickets written for this program (synthetic, five kinds). A small teacher is fine-tuned, then three "
    "students learn: without a teacher, with vanilla KD, with Taylor KD."
)
OWN = (
    "Choose a teacher, a student, a task and a loss. Models and data come from folders on this machine or by name from "
    "the hub; what is ready to start is shown beside the form."
)


class WelcomePage(QWidget):
    """``sample_wanted`` and ``own_wanted`` are its two buttons."""

    sample_wanted = Signal()
    own_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = label()  # a picture: its text stays empty
        self._drawing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        heading = label("Teach a small model what a large one knows", "display")
        heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        about = muted("Launch distillations, watch them learn, compare with published results, take the student away.")
        about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sample_button = button("Run the sample", "primary", "play")
        self.own_button = button("Start my own", "secondary", "compose")
        self.sample_button.clicked.connect(self.sample_wanted)
        self.own_button.clicked.connect(self.own_wanted)
        cards = QHBoxLayout()
        cards.setSpacing(L)
        cards.addStretch(1)
        cards.addWidget(_way("See it work", SAMPLE, "Offline · three runs · under two minutes", self.sample_button))
        cards.addWidget(_way("Bring your own", OWN, "Your models · your data · no account", self.own_button))
        cards.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(S)
        column.addStretch(2)
        column.addWidget(self._drawing)
        column.addSpacing(L)
        column.addWidget(heading)
        column.addWidget(about)
        column.addSpacing(XL)
        column.addLayout(cards)
        column.addStretch(3)
        self._draw()
        notifier().changed.connect(self._draw)

    def _draw(self) -> None:
        self._drawing.setPixmap(drawing(self.devicePixelRatioF()))


def _way(title: str, text: str, fact: str, action: QWidget) -> Card:
    card = Card(title)
    card.setFixedWidth(CARD_WIDTH)
    card.body.setSpacing(M)
    card.body.addWidget(muted(text, wrap=True))
    card.body.addStretch(1)
    card.body.addWidget(label(fact, "caption"))
    card.body.addWidget(action)
    return card
