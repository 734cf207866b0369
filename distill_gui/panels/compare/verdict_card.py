"""The verdicts, a line each: a word, what was found, how sure that is, and where that helps the seeds to run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from distill_gui.models.compare import CompareModel
from distill_gui.theme import M, S
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.buttons import button
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import caption, label
from distill_gui.widgets.visibility import show_if
from engine.analysis.compare.verdict import Verdict
from engine.analysis.compare.words import TAGS, footnote, verdict_words

TONES = {"better": "good", "worse": "bad", "no difference": "neutral", "same": "neutral", "open": "warn"}
FEW = 6  # verdicts; more come by a button


class VerdictCard(Card):
    """``seeds_wanted(verdict)``: a person wants the missing seeds to be run."""

    seeds_wanted = Signal(object)

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        super().__init__("", None, parent)
        self._model = model
        self._all = False
        self._shown: tuple[object, ...] = ()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(M)
        self._grid.setVerticalSpacing(S)
        self._grid.setColumnStretch(1, 1)
        self.note = caption(wrap=True)
        self.more = button("", "quiet")
        self.more.clicked.connect(self._on_more_clicked)
        self.body.addLayout(self._grid)
        self.body.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.note)

    def show_verdicts(self) -> None:
        """Bring the lines up to the model; nothing is made anew where they say the same."""
        verdicts = self._model.verdicts()
        baseline = self._model.comparison.baseline
        shown = (tuple(verdicts), baseline, self._all)
        if shown == self._shown:
            return
        self._shown = shown
        self._clear()
        few = verdicts if self._all or len(verdicts) <= FEW + 1 else verdicts[:FEW]
        for row, verdict in enumerate(few):
            self._add(row, verdict)
        if not verdicts and baseline is not None:
            alone = f"{baseline.title} is alone: tick runs of another method to compare it with."
            self._grid.addWidget(label(alone, wrap=True), 0, 0, 1, 3)
        self.more.setText("Show fewer" if self._all else f"Show all {len(verdicts)}")
        show_if(self.more, len(verdicts) > FEW + 1)
        self.note.setText(footnote(self._model.comparison))
        show_if(self.note, bool(self.note.text()))

    def lines(self) -> Sequence[str]:
        """What is read, a line each."""
        found = []
        for row in range(self._grid.rowCount()):
            item = self._grid.itemAtPosition(row, 1)
            words = item.widget() if item is not None else None
            if words is not None:
                found.append(words.accessibleName())
        return found

    def _add(self, row: int, verdict: Verdict) -> None:
        comparison = self._model.comparison
        assert comparison.baseline is not None
        said, sure = verdict_words(verdict, comparison.baseline, comparison.metric)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(Badge(TAGS[verdict.kind], TONES[verdict.kind]), row, 0, top | Qt.AlignmentFlag.AlignLeft)
        words = _Words(said, sure)
        words.setAccessibleName(f"{TAGS[verdict.kind]}: {said}" + (f" ({sure})" if sure else ""))
        self._grid.addWidget(words, row, 1, top)
        if offer := self._model.offer(verdict):
            run = button(offer, "quiet")
            run.clicked.connect(lambda _=False, verdict=verdict: self.seeds_wanted.emit(verdict))
            self._grid.addWidget(run, row, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _clear(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _on_more_clicked(self) -> None:
        self._all = not self._all
        self.show_verdicts()


class _Words(QWidget):
    """What was found, and below it in smaller type how sure that is."""

    def __init__(self, said: str, sure: str) -> None:
        super().__init__()
        column = QGridLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setVerticalSpacing(1)
        column.addWidget(label(said, wrap=True), 0, 0)
        if sure:
            column.addWidget(caption(sure, wrap=True), 1, 0)
