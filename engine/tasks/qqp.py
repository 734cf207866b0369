"""QQP: do two questions ask the same (Quora). F1 as in the paper, accuracy beside it."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="qqp",
    title="QQP",
    about="are two questions duplicates",
    text_columns=("question1", "question2"),
    kind="classification",
    metrics=("f1", "accuracy"),
    labels=("not_duplicate", "duplicate"),
    hub=("nyu-mll/glue", "qqp"),
    train_rows=363846,
    reference="Quora Question Pairs; Wang et al. 2019, GLUE",
)
