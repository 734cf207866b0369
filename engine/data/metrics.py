"""How good predictions are, in float64: accuracy, F1, Matthews, Pearson, Spearman, each as the field defines it.

Values are fractions (0..1, correlations and Matthews -1..1). Knows no torch, no model and no file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.platt import to_score
from engine.errors import EngineError
from engine.types import Task


def accuracy(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Share of the predictions that equal the label."""
    return float(np.mean(np.asarray(labels) == np.asarray(predicted)))


def f1(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """F1 of class 1 of two, as GLUE scores MRPC and QQP; 0 where neither labels nor predictions have it."""
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, pos_label=1, average="binary", zero_division=0.0))


def matthews(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Matthews correlation; 0 where labels or predictions are all of one class."""
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(labels, predicted))


def pearson(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Pearson's correlation; 0 where one side is constant, for which it is not defined."""
    first = np.asarray(labels, dtype=np.float64)
    second = np.asarray(predicted, dtype=np.float64)
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(np.clip((first @ second) / scale, -1.0, 1.0)) if scale > 0 else 0.0


def spearman(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Pearson's correlation of the ranks, ties sharing their mean rank."""
    from scipy.stats import rankdata

    return pearson(rankdata(labels), rankdata(predicted))


METRICS: dict[str, Callable[[NDArray[Any], NDArray[Any]], float]] = {
    "accuracy": accuracy,
    "f1": f1,
    "matthews": matthews,
    "pearson": pearson,
    "spearman": spearman,
}


def predictions(task: Task, logits: NDArray[Any]) -> NDArray[Any]:
    """Class numbers, or scores on the task's own scale, from logits of shape (examples, outputs).

    Raises EngineError for logits that are not finite: they would be scored as if they meant class 0.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(logits).all():
        raise EngineError("The model's outputs are not finite numbers; a lower learning rate usually helps.")
    if task.kind == "regression":
        return to_score(logits[:, 0], task.score_range or (-np.inf, np.inf))
    return logits.argmax(axis=1)


def score(task: Task, logits: NDArray[Any], labels: NDArray[Any]) -> dict[str, float]:
    """All metrics of a task from logits of shape (examples, outputs) and labels as ``rows`` reads them."""
    predicted = predictions(task, logits)
    return {name: METRICS[name](labels, predicted) for name in task.metrics}
