"""A card with the fields of one section: basic ones, then what is folded away as advanced."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.rows import FormRows
from distill_gui.theme import L, M, S
from distill_gui.widgets.card import Card
from distill_gui.widgets.field_row import GUTTER, FieldRow
from distill_gui.widgets.fold import HEIGHT, Fold

FOLD_PADDING = 9  # px between the arrow of the fold and its edge


class FieldGroup(Card):
    """Follows the model by ``refresh``. ``extra`` is room under the basic fields, or under all of them."""

    def __init__(
        self, model: ComposeModel, section: str, title: str, parent: QWidget | None = None, *, extra_last: bool = False
    ) -> None:
        self.fold = Fold()
        super().__init__(title, self.fold, parent)
        self.heading.setMinimumHeight(HEIGHT)
        self._model = model
        self.rows = FormRows(model, section, self.fold)
        self.extra = QVBoxLayout()
        self.extra.setSpacing(S)
        self.body.addLayout(self.rows.basic)
        if extra_last:
            self.body.addWidget(self.rows.folded)
        self.body.addLayout(self.extra)
        if not extra_last:
            self.body.addWidget(self.rows.folded)
        # the way back of a row stands in the card's right margin, so that controls end where the heading line does
        whole = self.layout()
        assert whole is not None
        whole.setContentsMargins(L, M, 0, L)
        self.header.setContentsMargins(0, 0, GUTTER - FOLD_PADDING, 0)
        self.extra.setContentsMargins(0, 0, GUTTER, 0)

    def is_open(self) -> bool:
        return self.rows.is_open()

    def set_open(self, opened: bool) -> None:
        """Show or fold away the advanced fields."""
        self.rows.set_open(opened)

    def row(self, key: str) -> FieldRow:
        """The row of a field shown now. KeyError if there is none."""
        return self.rows.row(key)

    def shown_keys(self) -> list[str]:
        """The fields that apply now, from top to bottom, folded ones too."""
        return self.rows.shown_keys()

    def lead_to(self, key: str) -> QWidget | None:
        """Put the keyboard into a field, unfolding if need be. Returns what to scroll to, None if it is not here."""
        return self.row(key) if self.rows.lead_to(key) else None

    def refresh(self) -> None:
        """Show what the model holds now."""
        self.rows.refresh()
