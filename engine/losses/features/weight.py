"""How a feature term's weight changes while the student trains: a schedule, and the dynamic α. Knows no particular loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.types import FeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

MEMORY = 0.98  # of the running magnitudes: about the last fifty steps count
SMALLEST = 1e-12


def scheduled_weight(settings: FeatureSettings, progress: float) -> float:
    """The weight at ``progress`` (0 at the first step, 1 at the last) of the training."""
    done = min(1.0, progress / settings.schedule_share)
    share = {"constant": 1.0, "rise": done, "fall": 1.0 - done}[settings.schedule]
    return settings.weight * share


class DynamicAlpha:
    """The factor that brings a term to the magnitude of the logit term: the quotient of two running means of absolute values.

    Kept as tensors, so that a GPU is never waited for. Each mean is of the values seen so far, weighed by ``MEMORY`` (Adam's
    bias correction), so that the first step already has a factor.
    """

    def __init__(self) -> None:
        self._term: Tensor | None = None
        self._reference: Tensor | None = None

    def update(self, term: Tensor, reference: Tensor, share: float = 1.0) -> Tensor:
        """The factor after a step with these values, both scalars; no gradient flows through it.

        ``share`` is how much of a step's rows they are the means of: the shares of a step add up to 1.
        """
        import torch

        memory, seen = MEMORY**share, term.detach().abs()
        # A term of 0 is over (a layer-by-layer transfer after its stages) and says nothing of its magnitude; told on the device.
        over = seen == 0
        self._term = _running(self._term, seen, memory, over)
        self._reference = _running(self._reference, reference.detach().abs(), memory, over)
        return torch.where(self._term > 0, self._reference / self._term.clamp_min(SMALLEST), 1.0)

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint must hold; empty before the first step."""
        if self._term is None or self._reference is None:
            return {}
        return {"term": self._term, "reference": self._reference}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from a ``state()``."""
        self._term, self._reference = state.get("term"), state.get("reference")


def _running(before: Tensor | None, value: Tensor, memory: float, over: Tensor) -> Tensor:
    # Both means miss the same bias (they started at the same step), so that it falls out of their quotient.
    before = value.new_zeros(()) if before is None else before
    return before.where(over, before * memory + value * (1 - memory))
