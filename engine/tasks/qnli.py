"""QNLI: does a sentence answer a question (from SQuAD, Rajpurkar et al. 2016)."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="qnli",
    title="QNLI",
    about="does a sentence hold the answer to a question",
    text_columns=("question", "sentence"),
    kind="classification",
    metrics=("accuracy",),
    labels=("entailment", "not_entailment"),
    hub=("nyu-mll/glue", "qnli"),
    train_rows=104743,
    reference="Rajpurkar et al. 2016; Wang et al. 2019, GLUE",
)
