"""MNLI: does a premise entail a hypothesis (Williams et al. 2018); scored on matched and mismatched genres."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="mnli",
    title="MNLI m/mm",
    about="entailment, neutral or contradiction",
    text_columns=("premise", "hypothesis"),
    kind="classification",
    metrics=("accuracy",),
    labels=("entailment", "neutral", "contradiction"),
    evaluation_splits=("validation_matched", "validation_mismatched"),
    test_splits=("test_matched", "test_mismatched"),
    hub=("nyu-mll/glue", "mnli"),
    train_rows=392702,
    reference="Williams et al. 2018; Wang et al. 2019, GLUE",
)
