"""Platt scaling of a regression: scores become probabilities to learn from, logits become scores to report.

A score t of the range [low, high] is learnt as σ(t − c), c the middle of the range; a logit z is reported as z + c,
clipped to the range. Numpy only; knows no task and no model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Range = tuple[float, float]


def to_probability(scores: NDArray[Any], score_range: Range) -> NDArray[np.float64]:
    """σ(t − c) of scores t on the task's scale."""
    return 1.0 / (1.0 + np.exp(_centre(score_range) - np.asarray(scores, dtype=np.float64)))


def to_score(logits: NDArray[Any], score_range: Range) -> NDArray[np.float64]:
    """z + c clipped to the range: the score whose probability a logit z stands for."""
    return np.clip(np.asarray(logits, dtype=np.float64) + _centre(score_range), *score_range)


def _centre(score_range: Range) -> float:
    return (score_range[0] + score_range[1]) / 2
