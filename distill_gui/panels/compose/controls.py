"""The control of each kind of field: shows what the model holds, tells the model what the person did."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.models.compose_fields import FieldSpec
from distill_gui.models.compose_values import as_text, from_text
from distill_gui.panels.compose.layer_map import NOTHING, LayerMapControl, is_being_typed
from distill_gui.widgets.field_choice import NotedChoice
from distill_gui.widgets.field_text import TextField
from distill_gui.widgets.slider import NumberSlider


class Control(Protocol):
    """A widget and how it follows the model. ``refresh`` never writes to the model."""

    @property
    def widget(self) -> QWidget: ...

    def refresh(self) -> None: ...


def make_control(model: ComposeModel, spec: FieldSpec) -> Control:
    """The control for a field."""
    if spec.track is not None:
        return SliderControl(model, spec)
    if spec.kind == "layers":
        return LayerMapControl(model, spec)
    if spec.kind == "choice":
        return ChoiceControl(model, spec)
    if spec.kind == "flag":
        return FlagControl(model, spec)
    return LineControl(model, spec)


class LineControl:
    """Text, numbers, seeds and folders. While the person types, the text is theirs; afterwards it is the model's.

    "1." or "1, " is on its way to something else, though the model knows it as 1: it stays as long as the field has the
    keyboard and nothing but this field has changed the value.
    """

    def __init__(self, model: ComposeModel, spec: FieldSpec) -> None:
        self._model, self._spec = model, spec
        self._typing = False
        self._typed: Any = NOTHING  # what the model made of the text being typed
        self.widget = TextField(browse=spec.kind == "path", elide_left=spec.kind == "path")
        self.widget.setAccessibleName(spec.title)
        self.widget.edited.connect(self._on_edited)
        self.widget.editingFinished.connect(self._on_finished)
        self.widget.browse_clicked.connect(self._on_browse_clicked)

    def refresh(self) -> None:
        key = self._spec.key
        if not self._typing and not is_being_typed(self.widget, self._typed, self._model.value(key)):
            self.widget.set_text(as_text(self._model.value(key)))
        self.widget.set_note(self._model.note(key))
        self.widget.set_suggestions(self._model.suggestions(key))
        self.widget.setPlaceholderText(self._model.placeholder(key))
        self.widget.set_invalid(bool(self._model.fault(key)))

    def _on_finished(self) -> None:
        self._typed = NOTHING
        if self._model.has_field(self._spec.key):  # the keyboard also leaves a field whose term has just gone
            self.refresh()

    def _on_edited(self, text: str) -> None:
        self._typing = True
        self._model.set_value(self._spec.key, from_text(self._spec, text))
        self._typing, self._typed = False, self._model.value(self._spec.key)

    def _on_browse_clicked(self) -> None:
        folder = choose_folder(
            self.widget, f"{self._spec.title}: choose a folder", as_text(self._model.value(self._spec.key))
        )
        if folder:
            self._model.set_value(self._spec.key, folder)


class ChoiceControl:
    """One of a few values."""

    def __init__(self, model: ComposeModel, spec: FieldSpec) -> None:
        self._model, self._key = model, spec.key
        self.widget = NotedChoice(placeholder=f"Choose a {spec.title.lower()}…")
        self.widget.setAccessibleName(spec.title)
        self.widget.chosen.connect(lambda value: model.set_value(spec.key, value))

    def refresh(self) -> None:
        self.widget.set_options(self._model.choices(self._key))
        self.widget.show_key(as_text(self._model.value(self._key)))
        self.widget.set_note(self._model.note(self._key))
        self.widget.set_invalid(bool(self._model.fault(self._key)))


class FlagControl:
    """Yes or no; the box says itself what it is about."""

    def __init__(self, model: ComposeModel, spec: FieldSpec) -> None:
        self._model, self._key = model, spec.key
        self.widget = QCheckBox(spec.title)
        self.widget.clicked.connect(lambda checked: model.set_value(spec.key, checked))

    def refresh(self) -> None:
        self.widget.setChecked(self._model.value(self._key) is True)


class SliderControl:
    """A number with a slider; typed numbers may lie beyond the slider's ends."""

    def __init__(self, model: ComposeModel, spec: FieldSpec) -> None:
        self._model, self._spec = model, spec
        low, high = spec.track or spec.bounds
        self.widget = NumberSlider(low, high, spec.step, spec.decimals)
        self.widget.box.setRange(*spec.bounds)
        self.widget.set_name(spec.title)
        self.widget.value_changed.connect(lambda value: model.set_value(spec.key, value))

    def refresh(self) -> None:
        value = self._model.value(self._spec.key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.widget.set_decimals(max(self._spec.decimals, min(4, _decimals(value))))
            self.widget.set_value(value)


def _decimals(value: float) -> int:
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


def choose_folder(parent: QWidget, title: str, start: str) -> str:
    """Ask for a folder; "" if the person chose none."""
    return QFileDialog.getExistingDirectory(parent, title, start)
