"""The sample: synthetic support tickets, made by ``tickets_generator``. Declares columns, classes, metrics and source."""

from __future__ import annotations

from engine.tasks.tickets_phrases import CLASSES
from engine.types import Task

TASK = Task(
    name="tickets",
    title="Tickets (synthetic)",
    about="which team a synthetic support ticket is for; written for this project",
    text_columns=("text",),
    kind="classification",
    labels=CLASSES,
    metrics=("accuracy",),
    folder="sample/tickets",
    train_rows=2_000,
    reference="synthetic: engine/tasks/tickets_generator.py",
)
