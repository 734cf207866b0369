"""The control of a layer map: a map by name, or pairs of the person's own typed below it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.models.compose_fields import FieldSpec
from distill_gui.models.compose_term import parse_pairs
from distill_gui.models.compose_values import as_text, from_text
from distill_gui.plain import set_tip
from distill_gui.theme import S
from distill_gui.widgets.field_choice import NotedChoice
from distill_gui.widgets.field_text import TextField

PAIRS = "pairs"
OWN = (PAIRS, "Own pairs", "the student's layer ↔ the teacher's; 0 is the embeddings; module paths too")
FIRST_PAIRS = [[1, 1]]
EXAMPLE = "1↔2, 2↔4"
NOTHING = object()  # no value at all


class LayerMapControl:
    """Own pairs begin as those that the map chosen before comes to, where that is known."""

    def __init__(self, model: ComposeModel, spec: FieldSpec) -> None:
        self._model, self._spec = model, spec
        self._typing = False
        self._typed: Any = NOTHING  # what the model made of the text being typed
        self.choice, self.pairs = NotedChoice(), TextField()
        self.choice.setAccessibleName(spec.title)
        self.choice.set_options([*spec.choices, OWN])
        self.choice.chosen.connect(self._on_chosen)
        self.pairs.setAccessibleName(f"{spec.title}: pairs")
        self.pairs.setPlaceholderText(EXAMPLE)
        set_tip(self.pairs, f"Pairs such as {EXAMPLE} (or 1-2, 2-4): the student's layer, then the teacher's")
        self.pairs.edited.connect(self._on_edited)
        self.pairs.editingFinished.connect(self._on_finished)
        self.widget = QWidget()
        self.widget.setFocusProxy(self.choice)
        self.widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S // 2)
        column.addWidget(self.choice)
        column.addWidget(self.pairs)

    def refresh(self) -> None:
        key = self._spec.key
        value, invalid = self._model.value(key), bool(self._model.fault(key))
        named = isinstance(value, str) and value in [name for name, _, _ in self._spec.choices]
        self.choice.show_key(value if named else PAIRS)
        self.choice.set_note(self._model.note(key) if named else "")
        self.pairs.setVisible(not named)
        if not self._typing and not is_being_typed(self.pairs, self._typed, value):
            self.pairs.set_text("" if named else as_text(value))
        self.pairs.set_invalid(invalid)
        self.choice.set_invalid(invalid and named)

    def _on_chosen(self, chosen: str) -> None:
        if chosen != PAIRS:
            self._model.set_value(self._spec.key, chosen)
            return
        known = self._model.note(self._spec.key)
        self._model.set_value(self._spec.key, parse_pairs(known) if known else FIRST_PAIRS)
        self.pairs.setFocus()

    def _on_finished(self) -> None:
        self._typed = NOTHING
        if self._model.has_field(self._spec.key):  # the keyboard also leaves a field whose term has just gone
            self.refresh()

    def _on_edited(self, text: str) -> None:
        self._typing = True
        self._model.set_value(self._spec.key, from_text(self._spec, text))
        self._typing, self._typed = False, self._model.value(self._spec.key)


def is_being_typed(field: TextField, typed: Any, value: Any) -> bool:
    """Whether the text of a field is the person's still: the value is what their last key made of it, ``typed``."""
    return typed is not NOTHING and field.hasFocus() and type(typed) is type(value) and bool(typed == value)
