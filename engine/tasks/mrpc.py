"""MRPC: do two sentences say the same (Dolan and Brockett 2005). F1 as in the paper, accuracy beside it."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="mrpc",
    title="MRPC",
    about="are two sentences paraphrases",
    text_columns=("sentence1", "sentence2"),
    kind="classification",
    metrics=("f1", "accuracy"),
    labels=("not_equivalent", "equivalent"),
    hub=("nyu-mll/glue", "mrpc"),
    train_rows=3668,
    reference="Dolan and Brockett 2005; Wang et al. 2019, GLUE",
)
