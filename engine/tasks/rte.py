"""RTE: does one sentence follow from another (Dagan et al. 2006 and later)."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="rte",
    title="RTE",
    about="does the second sentence follow from the first",
    text_columns=("sentence1", "sentence2"),
    kind="classification",
    metrics=("accuracy",),
    labels=("entailment", "not_entailment"),
    hub=("nyu-mll/glue", "rte"),
    train_rows=2490,
    reference="Dagan et al. 2006; Wang et al. 2019, GLUE",
)
