"""CoLA: is a sentence acceptable English (Warstadt et al. 2018). Matthews correlation, accuracy beside it."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="cola",
    title="CoLA",
    about="is a sentence acceptable English",
    text_columns=("sentence",),
    kind="classification",
    metrics=("matthews", "accuracy"),
    labels=("unacceptable", "acceptable"),
    hub=("nyu-mll/glue", "cola"),
    train_rows=8551,
    reference="Warstadt et al. 2018; Wang et al. 2019, GLUE",
)
