"""What holds for every task there is: a sound declaration, and metrics that can be computed for it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engine import catalog
from engine.data.metrics import METRICS, score
from engine.types import Task

GLUE_METRICS = {
    "cola": ("matthews", "accuracy"),
    "mnli": ("accuracy",),
    "mrpc": ("f1", "accuracy"),
    "qnli": ("accuracy",),
    "qqp": ("f1", "accuracy"),
    "rte": ("accuracy",),
    "sst2": ("accuracy",),
    "stsb": ("pearson", "spearman"),
}  # fmt: skip
each_task = pytest.mark.parametrize("task", catalog.tasks().values(), ids=catalog.tasks())


def test_the_tasks_are_those_of_glue_and_the_sample() -> None:
    assert set(catalog.tasks()) == {*GLUE_METRICS, "tickets"}


def test_glue_is_scored_as_the_paper_does() -> None:
    assert {name: catalog.tasks()[name].metrics for name in GLUE_METRICS} == GLUE_METRICS
    assert catalog.tasks()["mnli"].evaluation_splits == ("validation_matched", "validation_mismatched")


@each_task
def test_the_declaration_is_sound(task: Task) -> None:
    assert task.title and task.about and task.reference
    assert 1 <= len(task.text_columns) <= 2 and task.label_column not in task.text_columns
    assert set(task.metrics) <= set(METRICS) and task.key_metric == task.metrics[0]
    assert (task.hub is None) != (task.folder is None), "rows come from the hub or from the program, never from both"
    splits = (task.train_split, *task.evaluation_splits, *task.test_splits)
    assert len(splits) == len(set(splits)) and task.evaluation_splits
    assert task.train_rows > 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.name = "other"  # type: ignore[misc]


@each_task
def test_kind_labels_and_range_agree(task: Task) -> None:
    if task.kind == "regression":
        assert task.outputs == 1 and not task.labels and task.score_range is not None
        assert task.score_range[0] < task.score_range[1] and not task.score_range[0] <= -1 <= task.score_range[1]
    else:
        assert task.outputs == len(task.labels) == len({label.casefold() for label in task.labels}) >= 2
        assert task.score_range is None
        assert "f1" not in task.metrics or len(task.labels) == 2


@each_task
def test_a_perfect_model_scores_one_and_a_contrary_one_less(task: Task) -> None:
    if task.kind == "regression":
        assert task.score_range is not None
        labels = np.linspace(*task.score_range, 20)
        perfect = (labels - sum(task.score_range) / 2)[:, None]
    else:
        labels = np.arange(20) % len(task.labels)
        perfect = np.eye(len(task.labels))[labels]
    assert score(task, perfect, labels) == pytest.approx(dict.fromkeys(task.metrics, 1.0))
    assert all(value < 0.5 for value in score(task, -perfect, labels).values())
