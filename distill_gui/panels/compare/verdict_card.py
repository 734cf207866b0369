"""The verdicts, a line each: a word, what was found, how sure that is, and where that helps the seeds to run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from distill_gui.models.compare import CompareModel, VerdictLine
from distill_gui.plain import set_tip
from distill_gui.theme import M, S
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.buttons import button
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import caption, label
from distill_gui.widgets.visibility import show_if

FEW = 6  # verdicts; more come by a button


class VerdictCard(Card):
    """``seeds_wanted(line)``: a person wants the seeds that this line lacks."""

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
        lines, alone, note = self._model.verdict_lines(), self._model.alone(), self._model.footnote()
        shown = (tuple(lines), alone, note, self._all)
        if shown == self._shown:
            return
        self._shown = shown
        self._clear()
        for row, line in enumerate(lines if self._all or len(lines) <= FEW + 1 else lines[:FEW]):
            self._add(row, line)
        self._order_tabs()
        if alone:
            self._grid.addWidget(label(alone, wrap=True), 0, 0, 1, 3)
        self.more.setText("Show fewer" if self._all else f"Show all {len(lines)}")
        show_if(self.more, len(lines) > FEW + 1)
        self.note.setText(note)
        show_if(self.note, bool(note))

    def lines(self) -> Sequence[str]:
        """What is read, a line each."""
        found = []
        for row in range(self._grid.rowCount()):
            item = self._grid.itemAtPosition(row, 1)
            words = item.widget() if item is not None else None
            if isinstance(words, _Words):
                found.append(words.accessibleName())
        return found

    def _add(self, row: int, line: VerdictLine) -> None:
        top = Qt.AlignmentFlag.AlignTop
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(Badge(line.tag, line.tone), row, 0, top | Qt.AlignmentFlag.AlignLeft)
        self._grid.addWidget(_Words(line), row, 1, top)
        if line.offer:
            run = button(line.offer, "quiet")
            set_tip(run, line.about)
            run.clicked.connect(lambda: self.seeds_wanted.emit(line))
            self._grid.addWidget(run, row, 2, right)
        elif line.waits:
            self._grid.addWidget(caption(line.waits), row, 2, right)

    def _order_tabs(self) -> None:
        """The lines' buttons from top to bottom, then the one below them: Qt puts what is made later behind all others."""
        last: QWidget = self.more
        for row in range(self._grid.rowCount()):
            item = self._grid.itemAtPosition(row, 2)
            if item is not None and isinstance(offer := item.widget(), QPushButton):
                QWidget.setTabOrder(last, offer)
                last = offer
        if last is not self.more:
            QWidget.setTabOrder(last, self.more)

    def _clear(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                if widget.hasFocus():
                    self.setFocus(Qt.FocusReason.OtherFocusReason)  # else Qt hands it to another line's button
                widget.hide()
                widget.deleteLater()

    def _on_more_clicked(self) -> None:
        self._all = not self._all
        self.show_verdicts()


class _Words(QWidget):
    """What was found, and below it in smaller type how sure that is."""

    def __init__(self, line: VerdictLine) -> None:
        super().__init__()
        column = QGridLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setVerticalSpacing(1)
        column.addWidget(label(line.said, wrap=True), 0, 0)
        if line.sure:
            column.addWidget(caption(line.sure, wrap=True), 1, 0)
        self.setAccessibleName(f"{line.tag}: {line.said}" + (f" ({line.sure})" if line.sure else ""))
