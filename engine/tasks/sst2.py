"""SST-2: is a film-review sentence negative or positive (Socher et al. 2013)."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="sst2",
    title="SST-2",
    about="sentiment of film-review sentences",
    text_columns=("sentence",),
    kind="classification",
    metrics=("accuracy",),
    labels=("negative", "positive"),
    hub=("nyu-mll/glue", "sst2"),
    train_rows=67349,
    reference="Socher et al. 2013; Wang et al. 2019, GLUE",
)
