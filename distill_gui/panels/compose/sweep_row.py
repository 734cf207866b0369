"""One setting of a sweep and its values: a list, a range, or some of its choices. Knows its model and widgets only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.models.compose_sweep import CHOICES, LIST, RANGE, Row, Setting, SweepModel
from distill_gui.plain import set_tip
from distill_gui.theme import M, S
from distill_gui.widgets.buttons import icon_button
from distill_gui.widgets.field_choice import NotedChoice
from distill_gui.widgets.field_text import TextField
from distill_gui.widgets.labels import caption, muted, set_tone
from distill_gui.widgets.segmented import Segmented
from distill_gui.widgets.visibility import show_if

SETTING_WIDTH = 236  # px
CHOICES_A_LINE = 4
PARTS = (("first", "from"), ("last", "to"), ("step", "step"))


class SweepRow(QFrame):
    """``place`` is which row of the model it shows. The controls tell the model; ``set_fault`` and ``set_offered`` show."""

    def __init__(self, model: SweepModel, row: Row, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._setting = model, row.setting
        self.place = 0
        self.identity = (id(row), row.mode)
        self._row = row  # kept, so that its id stays its own
        self.setProperty("role", "card")
        self.setting = NotedChoice()
        self.setting.setAccessibleName("Setting to sweep over")
        self.setting.setFixedWidth(SETTING_WIDTH)
        self.setting.chosen.connect(lambda key: model.choose(self.place, key))
        self.remove = icon_button("close", f"Do not sweep over {row.setting.title}")
        self.remove.clicked.connect(lambda: model.remove(self.place))
        self.way: Segmented | None = None
        self.fields: dict[str, TextField] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self.fault = caption("", wrap=True)
        set_tone(self.fault, "bad")
        self._lay_out(row)
        self.set_fault("")

    def _lay_out(self, row: Row) -> None:
        line = QHBoxLayout()
        line.setSpacing(M)
        line.addWidget(self.setting)
        below: QWidget | None = None
        if row.mode == CHOICES:
            line.addStretch(1)
            below = self._choices(row)
        else:
            if row.setting.numeric:
                self.way = Segmented(((LIST, "List"), (RANGE, "From–to")))
                self.way.set_current(row.mode)
                # once the key press is over: the row that comes for this one gets the keyboard, and keeps it
                self.way.chosen.connect(self._on_way_chosen, Qt.ConnectionType.QueuedConnection)
                line.addWidget(self.way)
            line.addLayout(self._range(row) if row.mode == RANGE else self._list(row), 1)
        line.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, S, S, S)
        column.setSpacing(S)
        column.addLayout(line)
        if below is not None:
            column.addWidget(below)
        column.addWidget(self.fault)
        now = f"now {row.setting.now}" if row.setting.now and row.mode != CHOICES else ""
        if about := " · ".join(filter(None, (row.setting.limits, now))):
            column.addWidget(caption(about[0].upper() + about[1:], wrap=True))

    def _list(self, row: Row) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(self._field(row, "text", "values, separated by commas"))
        self.fields["text"].setPlaceholderText("0.1, 0.2, 0.5" if row.setting.numeric else "one, another")
        return line

    def _range(self, row: Row) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(S)
        for part, word in PARTS:
            line.addWidget(muted(word))
            line.addWidget(self._field(row, part, word), 1)
        return line

    def _field(self, row: Row, part: str, word: str) -> TextField:
        made = TextField()
        made.set_text(getattr(row, part))
        made.setAccessibleName(f"{row.setting.title}: {word}")
        made.edited.connect(lambda text: self._model.set_part(self.place, part, text))
        set_tip(made, row.setting.help)
        self.fields[part] = made
        return made

    def _on_way_chosen(self, mode: str) -> None:
        self._model.set_mode(self.place, mode)

    def _choices(self, row: Row) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(M)
        grid.setVerticalSpacing(S)
        for number, (key, words) in enumerate(row.setting.choices):
            box = QCheckBox(words)
            box.setAccessibleName(f"{row.setting.title}: {words}")
            box.setChecked(key in row.chosen)
            box.clicked.connect(lambda checked, key=key: self._model.set_chosen(self.place, key, checked))
            grid.addWidget(box, number // CHOICES_A_LINE, number % CHOICES_A_LINE)
            self.boxes[key] = box
        return holder

    def parts(self) -> list[QWidget]:
        """Its controls in the order of the Tab key."""
        way = [self.way.button(self.way.current())] if self.way is not None else []
        return [self.setting, *way, *self.fields.values(), *self.boxes.values(), self.remove]

    def set_offered(self, settings: Sequence[Setting]) -> None:
        """Offer these settings, this row's own among them."""
        self.setting.set_options([(setting.key, setting.title, setting.help) for setting in settings])
        self.setting.show_key(self._setting.key)

    def set_fault(self, text: str) -> None:
        """Say what is wrong with the values, beside them; "" if nothing."""
        self.fault.setText(text)
        show_if(self.fault, bool(text))
        for field in self.fields.values():
            field.set_invalid(bool(text))
            field.setAccessibleDescription(text)
