"""Means over valid tokens, heads, unit vectors, for tensors of shape (rows, tokens, width); knows no particular loss."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def mean_over_tokens(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of ``values`` (rows, tokens) where ``mask`` is True, over all rows together: a scalar; 0 where nothing is valid."""
    valid = mask.to(values.dtype)
    return (values.masked_fill(~mask, 0.0) * valid).sum() / valid.sum().clamp_min(1.0)


def first_token(values: Tensor) -> Tensor:
    """The [CLS] states (rows, width); a tensor that has no tokens, such as a pooler's, as it is."""
    return values[:, 0] if values.dim() == 3 else values


def in_heads(values: Tensor, heads: int) -> Tensor:
    """A projection (rows, tokens, heads · size) as (rows, heads, tokens, size)."""
    return values.unflatten(-1, (heads, -1)).transpose(1, 2)


def unit(values: Tensor, dim: int = -1) -> Tensor:
    """``values`` at length 1 along ``dim``; a vector shorter than 1e-6 is divided by that, so that 0 stays 0 with a gradient."""
    return values * values.square().sum(dim, keepdim=True).clamp_min(1e-12).rsqrt()


def without_autocast(values: Tensor) -> AbstractContextManager[None]:
    """Where matrix products keep the type of their factors: under autocast they would be 16 bits wide."""
    import torch

    device = values.device.type
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()
