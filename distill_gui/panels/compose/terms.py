"""The feature terms in the Loss card: what to add, and a compact card for each with its settings."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.models.compose_term import TermWords
from distill_gui.panels.compose.rows import FormRows
from distill_gui.plain import set_tip
from distill_gui.theme import S
from distill_gui.widgets.field_button import field_button
from distill_gui.widgets.field_choice import NotedChoice
from distill_gui.widgets.field_row import GUTTER, LABEL_WIDTH, FieldRow
from distill_gui.widgets.fold import Fold
from distill_gui.widgets.labels import ElidedLabel, caption, set_tone

ADD = "Add a feature term…"
INSET = S  # px, between a term's card and its rows: their labels are narrower by it, so that all controls align


class TermList(QWidget):
    """Follows the model by ``refresh``. A term that the person adds is open; one that comes with a preset is folded."""

    added = Signal(QWidget)  # the card of a term that the person has just added

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._cards: dict[tuple[int, str], TermCard] = {}  # by token and section: keys are part of a card's rows
        self._open: set[int] = set()
        self._stops: list[QWidget] = []  # in the Tab key's order
        self.add = NotedChoice(placeholder=ADD)
        self.add.setAccessibleName(ADD.rstrip("…"))
        self.add.set_options(model.term_choices())
        self.add.show_key("")
        self.add.chosen.connect(self._on_chosen)
        row = FieldRow("Feature terms", self.add)
        row.set_help(
            "What draws the student's inside to the teacher's, beside the loss of the answers; any number.\nfeatures"
        )
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, GUTTER, 0)
        self._column.setSpacing(S)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(S)
        whole.addWidget(row)
        whole.addLayout(self._column)

    def cards(self) -> list[TermCard]:
        """The cards shown, in the order of the terms."""
        return [self._cards[words.token, words.section] for words in self._model.terms()]

    def lead_to(self, key: str) -> QWidget | None:
        """Put the keyboard into a setting of a term, or to the term itself; None if there is no such term."""
        for card in self.cards():
            if key == card.section or key.startswith(f"{card.section}."):
                self._set_open(card, True)
                wrong = key == card.section and bool(self._model.fault(key))  # the layers are at fault, mostly
                if not card.rows.lead_to(f"{key}.layers" if wrong else key):
                    card.fold.setFocus(Qt.FocusReason.OtherFocusReason)
                return card
        return None

    def refresh(self) -> None:
        terms = self._model.terms()
        wanted = {(words.token, words.section) for words in terms}
        for identity in self._cards.keys() - wanted:
            card = self._cards.pop(identity)
            if (holder := card.focusWidget()) is not None and holder.hasFocus():
                self.add.setFocus(Qt.FocusReason.OtherFocusReason)  # Qt would give the keyboard to another place
            card.hide()
            card.deleteLater()
        self._open &= {words.token for words in terms}
        for place, words in enumerate(terms):
            card = self._cards.get((words.token, words.section)) or self._make_card(words)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
                card.show()  # now, not when Qt comes round to it: it may be scrolled to at once
            card.refresh(words)
            if card.is_faulty():
                self._set_open(card, True)  # what must be mended is not hidden
        self._lead_tab()

    def _lead_tab(self) -> None:
        """Lead the Tab key through the cards from top to bottom: what is made later would come last in the window."""
        stops = [self.add, *(stop for card in self.cards() for stop in card.stops())]
        if stops != self._stops:
            self._stops = stops
            for before, stop in pairwise(stops):
                QWidget.setTabOrder(before, stop)

    def _make_card(self, words: TermWords) -> TermCard:
        card = TermCard(self._model, words)
        card.set_open(words.token in self._open)
        card.fold.toggled_by_hand.connect(lambda opened: self._set_open(card, opened))
        card.remove_clicked.connect(lambda: self._model.remove_term(words.token))
        self._cards[words.token, words.section] = card
        return card

    def _set_open(self, card: TermCard, opened: bool) -> None:
        card.set_open(opened)
        (self._open.add if opened else self._open.discard)(card.token)

    def _on_chosen(self, kind: str) -> None:
        before = {words.token for words in self._model.terms()}
        self.add.show_key("")
        self._model.add_term(kind)
        for card in self.cards():
            if card.token not in before:
                self._set_open(card, True)
                card.lead_in()
                self.added.emit(card)


class TermCard(QFrame):
    """One feature term: title, the name of its curves and what it adds to the formula; its settings where it is open."""

    remove_clicked = Signal()

    def __init__(self, model: ComposeModel, words: TermWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "sunken")
        self._model, self.token, self.section = model, words.token, words.section
        self.fold, self.more = Fold(leading=True), Fold()
        self.curve, self.part = caption(), ElidedLabel("", "caption")
        self.part.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.remove = field_button("close", "Take this term out")
        self.remove.clicked.connect(self.remove_clicked)
        self.fault = caption("", wrap=True)
        set_tone(self.fault, "bad")
        self.rows = FormRows(model, words.section, self.more, LABEL_WIDTH - INSET)
        self._body = QWidget()
        self._lay_out()

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setSpacing(S)
        header.setContentsMargins(0, 0, S // 2, 0)
        for widget, stretch in ((self.fold, 0), (self.curve, 0), (self.part, 1), (self.remove, 0)):
            header.addWidget(widget, stretch)
        advanced = QHBoxLayout()
        advanced.setContentsMargins(0, 0, GUTTER - S, 0)  # its arrow ends where the controls do
        advanced.addStretch(1)
        advanced.addWidget(self.more)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(S)
        body.addLayout(self.rows.basic)
        body.addLayout(advanced)
        body.addWidget(self.rows.folded)
        column = QVBoxLayout(self)
        column.setContentsMargins(INSET, S // 2, 0, S // 2)
        column.setSpacing(S // 2)
        column.addLayout(header)
        said = QHBoxLayout()
        said.setContentsMargins(S // 2, 0, S, 0)
        said.addWidget(self.fault)
        column.addLayout(said)
        column.addWidget(self._body)

    def is_open(self) -> bool:
        return self.fold.is_open()

    def set_open(self, opened: bool) -> None:
        """Show or fold away the settings."""
        self.fold.set_open(opened)
        self._body.setVisible(opened)

    def stops(self) -> list[QWidget]:
        """What the Tab key reaches in the card, in its order."""
        return [self.fold, self.remove, *self.rows.stops(False), self.more, *self.rows.stops(True)]

    def lead_in(self) -> None:
        """Put the keyboard into the first setting."""
        for key in self.rows.shown_keys()[:1]:
            self.rows.lead_to(key)

    def is_faulty(self) -> bool:
        return any(self._model.fault(key) for key in (*self._own_keys(), *self.rows.shown_keys()))

    def refresh(self, words: TermWords) -> None:
        """Show what the model holds now."""
        self.fold.set_words(words.title)
        set_tip(self.fold, words.about)
        self.curve.setText(words.curve)
        set_tip(self.curve, "The name of its curves")
        self.curve.setVisible(words.curve[-1:].isdigit())  # else it only repeats the title: the formula needs the room
        self.part.setText(words.part)
        self.part.setAccessibleName(f"{words.curve}: {words.part}")
        self.remove.setAccessibleName(f"Take out {words.title} ({words.curve})")
        self.rows.refresh()
        fault = next(filter(None, map(self._model.fault, self._own_keys())), "")
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))

    def _own_keys(self) -> tuple[str, str]:
        return self.section, f"{self.section}.kind"
