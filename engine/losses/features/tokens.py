"""Means over valid tokens and widening, for tensors of shape (rows, tokens, width); knows no particular loss."""

from __future__ import annotations

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
