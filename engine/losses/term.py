"""One term of a total: its value as defined and what it is multiplied by. Knows no particular loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Term:
    """``raw`` is a scalar, the mean over examples; ``weight`` a number, or a scalar tensor where it follows the training."""

    raw: Tensor
    weight: float | Tensor

    @property
    def weighted(self) -> Tensor:
        """What the term adds to the total."""
        return self.weight * self.raw


def total(terms: dict[str, Term]) -> Tensor:
    """The sum of the weighted terms, a scalar."""
    import torch

    return torch.stack([term.weighted for term in terms.values()]).sum()
