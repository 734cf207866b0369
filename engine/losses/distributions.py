"""Logits to distributions, in float32 or wider whatever the autocast type; knows no particular loss.

torch is imported inside the functions, so that the losses' declarations can be read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def widen(values: Tensor) -> Tensor:
    """float32 unless already as wide: divergences in bfloat16 can go negative."""
    return values if values.element_size() >= 4 else values.float()


def log_probabilities(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """log softmax(logits / T), shape (examples, classes); one logit z gives (log σ(z/T), log σ(−z/T)), shape (examples, 2).

    The binary form is the softmax of (z, 0): σ(z/T) = softmax((z, 0)/T)₀.
    """
    return (as_logits(logits) / temperature).log_softmax(-1)


def as_logits(logits: Tensor) -> Tensor:
    """Logits of at least two classes, widened; one logit z becomes (z, 0), shape (examples, 2)."""
    import torch

    wide = widen(logits)
    return torch.cat([wide, torch.zeros_like(wide)], dim=-1) if wide.shape[-1] == 1 else wide


def standardised(logits: Tensor) -> Tensor:
    """Each row of logits with mean 0 and standard deviation 1, shape kept (Sun et al. 2024, “Logit Standardization”)."""
    wide = widen(logits)
    centred = wide - wide.mean(-1, keepdim=True)
    return centred / (wide.std(-1, keepdim=True) + 1e-7)


def as_distribution(target: Tensor) -> Tensor:
    """Targets as rows that sum to 1; a column of probabilities t becomes (t, 1 − t)."""
    import torch

    wide = widen(target)
    return torch.cat([wide, 1 - wide], dim=-1) if wide.shape[-1] == 1 else wide


def divergence(log_p: Tensor, log_q: Tensor) -> Tensor:
    """KL(p ‖ q) summed over classes, mean over examples: a scalar."""
    return (log_p.exp() * (log_p - log_q)).sum(-1).mean()


def cross_entropy(target: Tensor, log_q: Tensor) -> Tensor:
    """−⟨target, log q⟩ summed over classes, mean over examples: a scalar."""
    return -(target * log_q).sum(-1).mean()
