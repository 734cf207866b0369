"""Distances between the student's and the teacher's states of one layer, each a mean over valid tokens; knows no layer map.

All take tensors of shape (rows, tokens, width) and the mask (rows, tokens), and return a scalar in float32 or wider that is
never below 0. Padded places are emptied before anything is computed, so that no content of theirs reaches value or gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.losses.distributions import widen
from engine.losses.features.tokens import mean_over_tokens, unit, without_autocast

if TYPE_CHECKING:
    from torch import Tensor

Distance = Callable[["Tensor", "Tensor", "Tensor"], "Tensor"]


def over_tokens(values: Tensor, mask: Tensor) -> Tensor:
    """``values`` widened and 0 at padded places; a tensor without tokens (rows, width) stands at every token of its row."""
    if values.dim() == 2:
        values = values[:, None].expand(-1, mask.shape[1], -1)
    if values.dim() != 3 or values.shape[:2] != mask.shape:
        raise ModelError(
            f"A feature loss needs tensors of (rows, tokens, width) and was given {tuple(values.shape)} "
            f"for {len(mask)} rows of {mask.shape[1]} tokens; name another module in its layers."
        )
    return widen(values).masked_fill(~mask[..., None], 0.0)


def mse(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Squared difference, mean over the width and over valid tokens (FitNets has ½ and a sum over the width)."""
    return mean_over_tokens((over_tokens(student, mask) - over_tokens(teacher, mask)).square().mean(-1), mask)


def l1(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Absolute difference, mean over the width and over valid tokens."""
    return mean_over_tokens((over_tokens(student, mask) - over_tokens(teacher, mask)).abs().mean(-1), mask)


def cosine(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """1 − cos of the two states, mean over valid tokens; as ½·‖u − v‖² of unit vectors, which rounding cannot make negative."""
    apart = unit(over_tokens(student, mask)) - unit(over_tokens(teacher, mask))
    return mean_over_tokens(0.5 * apart.square().sum(-1), mask)


def ce(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Soft cross-entropy of softmaxes over the width, teacher's as target, less the teacher's entropy: KL(p ‖ f).

    The entropy does not depend on the student: the gradient is the cross-entropy's, and equal states have the distance 0.
    """
    log_p = over_tokens(teacher, mask).log_softmax(-1)
    log_f = over_tokens(student, mask).log_softmax(-1)
    return mean_over_tokens((log_p.exp() * (log_p - log_f)).sum(-1).clamp_min(0.0), mask)


def mmd(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """MMD² between the selectivity patterns of the units, with the kernel k(x, y) = (xᵀy)² (Huang & Wang 2017, §4).

    A unit's pattern is its activation over the tokens of a row, at length 1. With the patterns of C units as the columns of X
    the three means of k are one squared Frobenius norm, ‖X_s X_sᵀ / C_s − X_t X_tᵀ / C_t‖²: the widths need not agree. A row's
    value counts as often as it has valid tokens.
    """
    with without_autocast(student):
        apart = _gram(over_tokens(student, mask)) - _gram(over_tokens(teacher, mask))
        return mean_over_tokens(apart.square().sum((-1, -2))[:, None].expand(mask.shape), mask)


def _gram(values: Tensor) -> Tensor:
    """X Xᵀ / C of unit columns, shape (rows, tokens, tokens)."""
    patterns = unit(values, dim=1)
    return patterns @ patterns.transpose(1, 2) / values.shape[-1]


BY_NAME: dict[str, Distance] = {"mse": mse, "l1": l1, "cosine": cosine, "ce": ce, "mmd": mmd}
