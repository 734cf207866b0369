"""The losses once more, straight from their formulas in float64 NumPy, without a line shared with the product."""

from __future__ import annotations

import numpy as np


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def as_classes(logits: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One output z with target t is the two-class case σ(z), 1 − σ(z) with target t, 1 − t."""
    if logits.shape[1] > 1:
        return logits, target
    return np.hstack([logits, 0 * logits]), np.hstack([target, 1 - target])


def cross_entropy(target: np.ndarray, z: np.ndarray) -> float:
    z, target = as_classes(z, target)
    return float(
        np.mean(
            [-sum(t * np.log(p) for t, p in zip(*row, strict=True)) for row in zip(target, softmax(z), strict=True)]
        )
    )


def kl(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float) -> float:
    p, f = softmax(as_classes(z_t, y)[0] / T), softmax(as_classes(z_s, y)[0] / T)
    return float(T**2 * np.mean(np.sum(p * np.log(p / f), axis=1)))


def taylor(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float, gamma: float) -> float:
    p, f = softmax(as_classes(z_t, y)[0] / T), softmax(as_classes(z_s, y)[0] / T)
    labels = as_classes(z_s, y)[1]
    divergence = np.sum(p * np.log(p / f), axis=1)
    correction = np.sum((labels - p) * -np.log(f), axis=1)
    return float(T**2 * np.mean(divergence + gamma * correction))


def mse_logits(z_s: np.ndarray, z_t: np.ndarray) -> float:
    return float(np.mean(np.mean((z_s - z_t) ** 2, axis=1)))


def tempered(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float) -> tuple[np.ndarray, np.ndarray]:
    return softmax(as_classes(z_t, y)[0] / T), softmax(as_classes(z_s, y)[0] / T)


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return np.sum(p * np.log(p / q), axis=1)


def reverse_kl(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float) -> float:
    p, f = tempered(z_s, z_t, y, T)
    return float(T**2 * np.mean(divergence(f, p)))


def js(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float, beta: float) -> float:
    p, f = tempered(z_s, z_t, y, T)
    m = beta * p + (1 - beta) * f
    return float(T**2 * np.mean(beta * divergence(p, m) + (1 - beta) * divergence(f, m)) / (beta * (1 - beta)))


def skew_kl(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float, skew: float) -> float:
    p, f = tempered(z_s, z_t, y, T)
    return float(T**2 * np.mean(divergence(p, skew * p + (1 - skew) * f)))


def tvd(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float) -> float:
    p, f = tempered(z_s, z_t, y, T)
    return float(np.mean(0.5 * np.sum(np.abs(p - f), axis=1)))


def dkd(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float, alpha: float, beta: float) -> float:
    total = 0.0
    for student, teacher, label in zip(z_s, z_t, y, strict=True):
        p, f = softmax(teacher[None] / T)[0], softmax(student[None] / T)[0]
        c = int(np.argmax(label))
        tckd = p[c] * np.log(p[c] / f[c]) + (1 - p[c]) * np.log((1 - p[c]) / (1 - f[c]))
        others = [k for k in range(len(p)) if k != c]
        nckd = sum(p[k] / (1 - p[c]) * np.log((p[k] / (1 - p[c])) / (f[k] / (1 - f[c]))) for k in others)
        total += alpha * tckd + beta * nckd
    return float(T**2 * total / len(z_s))


def dist(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, T: float, inter: float, intra: float) -> float:
    p, f = tempered(z_s, z_t, y, T)
    rows = np.mean([1 - np.corrcoef(a, b)[0, 1] for a, b in zip(p, f, strict=True)])
    columns = np.mean([1 - np.corrcoef(a, b)[0, 1] for a, b in zip(p.T, f.T, strict=True)])
    return float(T**2 * (inter * rows + intra * columns))


def taylor_sel(z_s: np.ndarray, z_t: np.ndarray, y: np.ndarray, gamma: float, epsilon: float) -> float:
    (s, labels), (t, _) = as_classes(z_s, y), as_classes(z_t, y)
    p = softmax(t)
    smooth = (1 - epsilon) * p + epsilon / p.shape[1]
    return float(np.mean(smooth * (s - t - gamma * (labels / smooth - 1)) ** 2))
