"""The chosen student in figures: name, state, size, scores. Knows the export model's facts only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.models.export import Facts
from distill_gui.theme import M, S
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import ElidedLabel
from distill_gui.widgets.tile import Tile

_TONES = {"finished": "good", "failed": "bad", "interrupted": "warn"}


class StudentCard(Card):
    """Shows one run; nothing in it can be changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._name = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)  # names of a sweep differ at their end
        self._state = Badge()
        self._line = ElidedLabel("", "muted")
        self._tiles = {name: Tile(name) for name in ("Parameters", "On disk", "Score", "Teacher")}
        first = QHBoxLayout()
        first.setSpacing(S)
        first.addWidget(self._name)
        first.addWidget(self._state)
        first.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(first)
        words.addWidget(self._line)
        tiles = QHBoxLayout()
        tiles.setSpacing(M)
        for tile in self._tiles.values():
            tiles.addWidget(tile, 1)
        self.body.setSpacing(M)
        self.body.addLayout(words)
        self.body.addLayout(tiles)

    def set(self, name: str, line: str, facts: Facts) -> None:
        """Show a run's student."""
        self._name.setText(name)
        self._state.set(facts.state, _TONES.get(facts.state, "neutral"))
        self._line.setText(line + (f" · {facts.state_note}" if facts.state_note else ""))
        self._tiles["Parameters"].set(facts.parameters)
        self._tiles["On disk"].set(facts.size)
        self._tiles["Score"].set_caption(f"{facts.score_name}, validation")
        self._tiles["Score"].set(facts.score)
        self._tiles["Teacher"].set_caption("Teacher, validation")
        self._tiles["Teacher"].set(facts.teacher_score)

    def tile(self, name: str) -> Tile:
        """The tile "Parameters", "On disk", "Score" or "Teacher"."""
        return self._tiles[name]
