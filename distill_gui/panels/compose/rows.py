"""The rows of one section of the form: made when they apply, in order, folded where advanced. Knows no card around them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.models.compose_fields import FieldSpec
from distill_gui.models.compose_values import as_text
from distill_gui.panels.compose.controls import Control, make_control
from distill_gui.theme import S
from distill_gui.widgets.field_row import LABEL_WIDTH, FieldRow
from distill_gui.widgets.fold import Fold


class FormRows:
    """``basic`` is the layout of the basic rows, ``folded`` the widget of the advanced ones; ``fold`` opens it.

    Follows the model by ``refresh``; rows come and go with what applies.
    """

    def __init__(self, model: ComposeModel, section: str, fold: Fold, label_width: int = LABEL_WIDTH) -> None:
        self._model, self._section, self._label_width = model, section, label_width
        self._rows: dict[tuple[object, ...], tuple[FieldSpec, FieldRow, Control]] = {}
        self._shown: list[tuple[object, ...]] = []
        self.fold = fold
        self.basic, self.folded = QVBoxLayout(), QWidget()
        self._advanced = QVBoxLayout(self.folded)
        self._advanced.setContentsMargins(0, 0, 0, 0)
        for layout in (self.basic, self._advanced):
            layout.setSpacing(S)
        self.folded.hide()
        fold.toggled_by_hand.connect(self.set_open)

    # the fold ---------------------------------------------------------------------------------------------------------

    def is_open(self) -> bool:
        return self.fold.is_open()

    def set_open(self, opened: bool) -> None:
        """Show or fold away the advanced fields."""
        self.fold.set_open(opened)
        self.folded.setVisible(opened)

    def _name_fold(self) -> None:
        count, changed, wrong = self._model.advanced(self._section)
        self.fold.setVisible(count > 0)
        self.fold.set_words(f"Advanced ({changed} changed)" if changed else "Advanced")
        if wrong:
            self.set_open(True)  # what must be mended is not hidden

    # rows -------------------------------------------------------------------------------------------------------------

    def row(self, key: str) -> FieldRow:
        """The row of a field shown now. KeyError if there is none."""
        for identity in self._shown:
            spec, row, _ = self._rows[identity]
            if spec.key == key:
                return row
        raise KeyError(key)

    def shown_keys(self) -> list[str]:
        """The fields that apply now, from top to bottom, folded ones too."""
        return [self._rows[identity][0].key for identity in self._shown]

    def stops(self, advanced: bool) -> list[QWidget]:
        """What the Tab key reaches in the rows shown, the basic or the advanced ones, in their order."""
        shown = [self._rows[identity] for identity in self._shown]
        return [stop for spec, row, _ in shown if spec.advanced == advanced for stop in row.stops()]

    def lead_to(self, key: str) -> bool:
        """Put the keyboard into a field, unfolding if need be; False if it is not here."""
        if key not in self.shown_keys():
            return False
        if self._model.field(key).advanced:
            self.set_open(True)
        self.row(key).control.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def refresh(self) -> None:
        """Show what the model holds now."""
        wanted = [spec for spec in self._model.fields(self._section) if self._model.is_visible(spec.key)]
        shown = [_identity(spec) for spec in wanted]
        if shown != self._shown:
            self._arrange(wanted)
        for spec in wanted:
            _, row, control = self._rows[_identity(spec)]
            control.refresh()
            changed = self._model.is_changed(spec.key)
            row.set_changed(changed, _former(self._model, spec) if changed else "")
            row.set_fault(self._model.fault(spec.key))
        self._name_fold()

    def _arrange(self, wanted: list[FieldSpec]) -> None:
        """Make rows that are new, put all in order, hide the others, and lead the Tab key through them."""
        self._shown = [_identity(spec) for spec in wanted]
        for identity, (_, row, _) in self._rows.items():
            if identity not in self._shown:
                row.hide()
        places = {False: 0, True: 0}
        before: QWidget = self.fold
        for spec in wanted:
            row = self._make_row(spec)
            layout = self._advanced if spec.advanced else self.basic
            layout.insertWidget(places[spec.advanced], row)
            places[spec.advanced] += 1
            row.show()
            for stop in row.stops():
                QWidget.setTabOrder(before, stop)
                before = stop

    def _make_row(self, spec: FieldSpec) -> FieldRow:
        identity = _identity(spec)
        if identity not in self._rows:
            control = make_control(self._model, spec)
            row = FieldRow("" if spec.kind == "flag" else spec.title, control.widget, self._label_width)
            row.set_help(f"{spec.help}\n{spec.key}")
            row.reset_clicked.connect(lambda key=spec.key: self._model.reset(key))
            self._rows[identity] = (spec, row, control)
        return self._rows[identity][1]


def _identity(spec: FieldSpec) -> tuple[object, ...]:
    """What decides whether two losses can share a row for a setting of the same name."""
    return (spec.key, spec.title, spec.help, spec.kind, spec.bounds, spec.track, spec.step, spec.decimals)


def _former(model: ComposeModel, spec: FieldSpec) -> str:
    base = model.base(spec.key)
    words = next((title for value, title, _ in spec.choices if value == base), as_text(base))
    return words or "nothing"
