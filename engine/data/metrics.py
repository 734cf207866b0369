"""The scores of tasks, in float64: what each metric is, and the Platt scaling of regression. Torch-free."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.types import Task

PLATT_CENTRE = 2.5  # the middle of STS-B's 0..5


def platt_target(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Scores t in 0..5 as probabilities σ(t − 2.5); same shape."""
    return 1.0 / (1.0 + np.exp(-(np.asarray(scores, np.float64) - PLATT_CENTRE)))


def platt_score(logits: NDArray[Any], score_range: tuple[float, float]) -> NDArray[np.float64]:
    """The inverse: a logit z is σ⁻¹(σ(z)) = z, so the score is z + 2.5, kept inside the range; same shape."""
    return np.clip(np.asarray(logits, np.float64) + PLATT_CENTRE, *score_range)


def score(task: Task, logits: NDArray[Any], labels: NDArray[Any]) -> dict[str, float]:
    """All of the task's metrics, its key metric first. ``logits`` (rows, outputs), ``labels`` (rows,), none hidden.

    0..1 for F1 and accuracy, −1..1 for correlations; a correlation with a constant is 0, as GLUE's scorers have it.
    """
    if task.kind == "regression":
        assert task.score_range is not None, f"{task.name} is a regression without a score range"
        found: NDArray[Any] = platt_score(logits[:, 0], task.score_range)
    else:
        found = np.argmax(logits, axis=1)
    return {name: METRICS[name](labels, found) for name in task.metrics}


def _accuracy(labels: NDArray[Any], found: NDArray[Any]) -> float:
    return float(np.mean(labels == found))


def _f1(labels: NDArray[Any], found: NDArray[Any]) -> float:
    """F1 of class 1, the one GLUE calls positive (paraphrase, duplicate)."""
    from sklearn.metrics import f1_score

    return float(f1_score(labels, found, pos_label=1, average="binary", zero_division=0))


def _matthews(labels: NDArray[Any], found: NDArray[Any]) -> float:
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(labels, found))


def _pearson(labels: NDArray[Any], found: NDArray[Any]) -> float:
    left, right = (np.asarray(values, np.float64) - np.mean(values, dtype=np.float64) for values in (labels, found))
    size = float(np.sqrt(np.sum(left**2) * np.sum(right**2)))
    return float(np.sum(left * right) / size) if size > 0 else 0.0


def _spearman(labels: NDArray[Any], found: NDArray[Any]) -> float:
    from scipy.stats import rankdata

    return _pearson(rankdata(labels), rankdata(found))


METRICS = {"accuracy": _accuracy, "f1": _f1, "matthews": _matthews, "pearson": _pearson, "spearman": _spearman}
