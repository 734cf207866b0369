"""The cards that say more than their fields: what a teacher is for, how a task is scored, what a loss comes to."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.group import FieldGroup
from distill_gui.panels.compose.terms import TermList
from distill_gui.theme import M, S
from distill_gui.widgets.field_row import GUTTER, FieldRow
from distill_gui.widgets.field_text import TextField
from distill_gui.widgets.labels import caption, mono
from distill_gui.widgets.notice import Notice

KEPT = "\N{NO-BREAK SPACE}"  # a formula breaks after a plus only, as long as its parts fit into a line
LONGEST_PART = 36  # characters


class TeacherGroup(FieldGroup):
    """Says what the teacher is for where the loss does not ask it."""

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        super().__init__(model, "teacher", "Teacher", parent)
        self.remark = caption("", wrap=True)
        self.extra.addWidget(self.remark)
        self.remark.hide()

    def refresh(self) -> None:
        super().refresh()
        text = self._model.teacher_remark()
        self.remark.setText(text)
        self.remark.setVisible(bool(text))


class TaskGroup(FieldGroup):
    """Shows how the chosen task is scored."""

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        super().__init__(model, "task", "Task", parent)
        self.score = TextField()
        self.score.setReadOnly(True)
        self.score.setAccessibleName("Metric")
        self._metric_row = FieldRow("Metric", self.score)
        self._metric_row.set_help("What the student is scored by on the validation rows; the task decides.")
        self.extra.setContentsMargins(0, 0, 0, 0)
        self.extra.addWidget(self._metric_row)

    def refresh(self) -> None:
        super().refresh()
        key, others = self._model.metrics()
        self._metric_row.setVisible(bool(key))
        self.score.set_text(key)
        self.score.set_note(f"also {others}" if others else "")


class LossGroup(FieldGroup):
    """Holds the feature terms; shows the whole loss as a formula in plain numbers, and what must be known about it."""

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        super().__init__(model, "loss", "Loss", parent, extra_last=True)
        self.terms = TermList(model)
        self.formula = mono("", wrap=True)
        self.formula.setAccessibleName("The loss as a formula")
        box = QFrame()
        box.setProperty("role", "sunken")
        row = QHBoxLayout(box)
        row.setContentsMargins(M, S, M, S)
        row.addWidget(self.formula)
        self._box = box
        self.notice = Notice("warn")
        self.extra.setContentsMargins(0, 0, 0, 0)
        shown = QVBoxLayout()
        shown.setContentsMargins(0, 0, GUTTER, 0)
        shown.setSpacing(S)
        shown.addWidget(box)
        shown.addWidget(self.notice)
        self.extra.addWidget(self.terms)
        self.extra.addLayout(shown)

    def lead_to(self, key: str) -> QWidget | None:
        return super().lead_to(key) or self.terms.lead_to(key)

    def refresh(self) -> None:
        super().refresh()
        self.terms.refresh()
        formula = self._model.formula()
        parts = f"L = {formula}".split(" + ")
        whole = [part if len(part) > LONGEST_PART else part.replace(" ", KEPT) for part in parts]
        self.formula.setText(f"{KEPT}+ ".join(whole))
        self._box.setVisible(bool(formula))
        self.notice.set_text(*self._model.notice())
