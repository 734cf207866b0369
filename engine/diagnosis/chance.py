"""How surely scores and outputs differ from chance, on few rows. Numpy only; knows no task and no model."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TWO_SIDED_95 = 1.959964


def wilson(right: int, rows: int, z: float = TWO_SIDED_95) -> tuple[float, float]:
    """The interval of a share from ``right`` of ``rows`` (Wilson 1927); stays inside [0, 1] and is honest near both ends."""
    share, square = right / rows, z * z
    middle = (share + square / (2 * rows)) / (1 + square / rows)
    half = z / (1 + square / rows) * math.sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    return max(0.0, middle - half), min(1.0, middle + half)


def fisher(correlation: float, rows: int, z: float = TWO_SIDED_95) -> tuple[float, float]:
    """The interval of a correlation over ``rows`` (Fisher's z, 1921); of three rows or fewer nothing is known."""
    if rows <= 3:
        return -1.0, 1.0
    middle = math.atanh(min(max(correlation, -0.999999), 0.999999))
    half = z / math.sqrt(rows - 3)
    return math.tanh(middle - half), math.tanh(middle + half)


def log_probabilities(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log-softmax in float64 of logits of shape (rows, classes)."""
    wide = np.asarray(logits, dtype=np.float64)
    wide = wide - wide.max(axis=1, keepdims=True)
    return wide - np.log(np.exp(wide).sum(axis=1, keepdims=True))


def dependence(log_p: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """By how many standard deviations the rows' own labels are likelier than the same labels dealt out anew.

    ``log_p`` (rows, classes). The sum of the labels' log-probabilities against all permutations of the labels, whose mean
    and variance are known (Hoeffding 1951, "A combinatorial central limit theorem"). Near 0 for outputs that know nothing
    of the labels, however lopsided both are; negative where they mean the opposite.
    """
    rows = len(labels)
    counts = np.bincount(labels, minlength=log_p.shape[1])
    centred = log_p - log_p.mean(axis=0)
    centred -= (centred @ counts / rows)[:, None]
    spread = math.sqrt(float((centred**2 @ counts).sum()) / max(1, rows - 1))
    return float(centred[np.arange(rows), labels].sum()) / spread if spread > 1e-9 else 0.0
