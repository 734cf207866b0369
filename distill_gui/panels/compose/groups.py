"""The cards that say more than their fields: what a teacher is for, how a task is scored, what a loss comes to."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.group import FieldGroup
from distill_gui.theme import M, S
from distill_gui.widgets.field_row import GUTTER, FieldRow
from distill_gui.widgets.field_text import TextField
from distill_gui.widgets.labels import caption, mono
from distill_gui.widgets.notice import Notice

KEPT = "\N{NO-BREAK SPACE}"  # a formula breaks after a plus only


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
    """Shows the whole loss as a formula in plain numbers, and what must be known about it."""

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        super().__init__(model, "loss", "Loss", parent)
        self.formula = mono("", wrap=True)
        self.formula.setAccessibleName("The loss as a formula")
        box = QFrame()
        box.setProperty("role", "sunken")
        row = QHBoxLayout(box)
        row.setContentsMargins(M, S, M, S)
        row.addWidget(self.formula)
        self._box = box
        self.notice = Notice("warn")
        self.extra.setContentsMargins(0, S // 2, GUTTER, 0)
        self.extra.addWidget(box)
        self.extra.addWidget(self.notice)

    def refresh(self) -> None:
        super().refresh()
        formula = self._model.formula()
        self.formula.setText(f"L = {formula}".replace(" ", KEPT).replace(f"{KEPT}+{KEPT}", f"{KEPT}+ "))
        self._box.setVisible(bool(formula))
        self.notice.set_text(*self._model.notice())
