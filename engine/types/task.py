"""What a task declares about itself; loads no pydantic, so that a window can name the tasks before it knows any settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaskKind = Literal["classification", "regression", "multi_label"]


@dataclass(frozen=True)
class Task:
    """Where a task's rows come from and how it is scored (one file of ``engine/tasks`` each).

    ``labels`` are the class names in the order of their numbers; empty for regression. ``metrics[0]`` is the key
    metric. In a ``multi_label`` task each class is a yes or no by itself.
    ``hub`` is (repository, configuration) on the model hub; ``folder`` is a folder of rows inside ``assets``.
    ``train_rows`` is the official size of the training split, 0 where there is none. ``reference`` says where the task is defined.
    """

    name: str
    title: str
    about: str
    text_columns: tuple[str, ...]
    kind: TaskKind
    metrics: tuple[str, ...]
    labels: tuple[str, ...] = ()
    label_column: str = "label"
    train_split: str = "train"
    evaluation_splits: tuple[str, ...] = ("validation",)
    test_splits: tuple[str, ...] = ("test",)
    hub: tuple[str, str] | None = None
    folder: str | None = None
    train_rows: int = 0
    score_range: tuple[float, float] | None = None
    reference: str = ""

    @property
    def key_metric(self) -> str:
        return self.metrics[0]

    @property
    def outputs(self) -> int:
        """Logits a model has for this task: one per class, one for regression."""
        return 1 if self.kind == "regression" else len(self.labels)
