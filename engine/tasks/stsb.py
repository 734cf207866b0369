"""STS-B: how similar are two sentences, 0 to 5 (Cer et al. 2017); a regression through Platt scaling."""

from __future__ import annotations

from engine.types import Task

TASK = Task(
    name="stsb",
    title="STS-B",
    about="similarity of two sentences from 0 to 5",
    text_columns=("sentence1", "sentence2"),
    kind="regression",
    metrics=("pearson", "spearman"),
    score_range=(0.0, 5.0),
    hub=("nyu-mll/glue", "stsb"),
    train_rows=5749,
    reference="Cer et al. 2017; Wang et al. 2019, GLUE",
)
