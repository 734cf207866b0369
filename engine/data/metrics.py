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
    true, said = np.asarray(labels) == 1, np.asarray(predicted) == 1
    either = int(true.sum()) + int(said.sum())
    return 2 * int((true & said).sum()) / either if either else 0.0


def matthews(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Matthews correlation, of any number of classes (Gorodkin 2004, Eq. 8); 0 where labels or predictions are all of one."""
    classes = np.unique(np.concatenate([labels, predicted]))
    true, said = (np.asarray(given)[:, None] == classes for given in (labels, predicted))
    return pearson_of(true.astype(np.float64), said.astype(np.float64))


def pearson(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Pearson's correlation; 0 where one side is constant, for which it is not defined."""
    return pearson_of(np.asarray(labels, np.float64)[:, None], np.asarray(predicted, np.float64)[:, None])


def pearson_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The correlation of two arrays (examples, columns): covariances summed over the columns; 0 where one is constant."""
    first, second = (first - first.mean(0)).ravel(), (second - second.mean(0)).ravel()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(np.clip((first @ second) / scale, -1.0, 1.0)) if scale > 0 else 0.0


def spearman(labels: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Pearson's correlation of the ranks, ties sharing their mean rank."""
    return pearson(_ranks(labels), _ranks(predicted))


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks from 1. Neither scipy nor scikit-learn here: importing them takes longer than an epoch of a small student."""
    _, place, count = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    ranks: NDArray[np.float64] = (last - (count - 1) / 2)[place]
    return ranks


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
