"""The best evaluation so far and its weights, and when to stop early for want of a better one. Knows no optimiser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass
class Best:
    """``see`` each evaluation. ``weights`` are a copy on the CPU, of the best one.

    Early stopping (Prechelt 1998, “Early Stopping – But When?”): ``patience`` evaluations in a row, 0 for none, without a
    score more than ``min_delta`` above the last one that counted as a gain.
    """

    patience: int = 0
    min_delta: float = 0.0
    score: float | None = None
    step: int | None = None
    weights: dict[str, Tensor] | None = None
    last_gain: float | None = None
    without_gain: int = 0
    owed: bool = False  # a stop came during the evaluation of the last step: whoever goes on from there makes it first

    def see(self, score: float, step: int, model: nn.Module) -> bool:
        """Whether this evaluation is the best so far; the first of equals stays, and nothing is worse than NaN."""
        if self.last_gain is None or math.isnan(self.last_gain) or score > self.last_gain + self.min_delta:
            self.last_gain, self.without_gain = score, 0
        else:
            self.without_gain += 1
        is_best = self.score is None or score > self.score or (math.isnan(self.score) and not math.isnan(score))
        if is_best:
            self.score, self.step = score, step
            self.weights = {name: w.detach().to("cpu", copy=True) for name, w in model.state_dict().items()}
        return is_best

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out."""
        return 0 < self.patience <= self.without_gain

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold, but for the weights."""
        return {
            "score": self.score, "step": self.step, "last_gain": self.last_gain, "without_gain": self.without_gain,
            "owed": self.owed,
        }  # fmt: skip

    def load(self, state: dict[str, Any], weights: dict[str, Tensor] | None) -> None:
        """Go on from a ``state()``."""
        self.score, self.step, self.weights = state["score"], state["step"], weights
        self.last_gain, self.without_gain = state["last_gain"], state["without_gain"]
        self.owed = state.get("owed", False)
