"""The whole objective of a run, L = λ·L_class + (1 − λ)·L_KD (the paper's Eq. 9), term by term and as a formula in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.losses.distributions import as_distribution, cross_entropy, log_probabilities, standardised
from engine.types import Loss, LossInputs, LossSettings, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


def label_loss(student_logits: Tensor, target: Tensor) -> Tensor:
    """L_class: cross-entropy at T = 1, binary cross-entropy where there is one output; mean over examples, a scalar."""
    return cross_entropy(as_distribution(target), log_probabilities(student_logits))


@dataclass(frozen=True)
class Objective:
    """A response loss with its settings; ``terms`` are weighted and add up to the total."""

    loss: Loss
    settings: LossSettings

    @property
    def label_weight(self) -> float:
        return self.settings.label_weight if isinstance(self.settings, WeightedLossSettings) else 1.0

    def terms(self, student_logits: Tensor, teacher_logits: Tensor | None, target: Tensor) -> dict[str, Tensor]:
        """{"labels": λ·L_class, "teacher": (1 − λ)·L_KD}; without a teacher only the first. Logits (examples, outputs)."""
        weighted = {"labels": self.label_weight * label_loss(student_logits, target)}
        if self.loss.compute is not None:
            if teacher_logits is None:
                raise ValueError(f"the loss {self.loss.name} was given no teacher logits")
            read = standardised if _standardises(self.settings) else _as_they_are
            inputs = LossInputs(read(student_logits), read(teacher_logits.detach()), target)
            weighted["teacher"] = (1 - self.label_weight) * self.loss.compute(inputs, self.settings)
        return weighted


def formula(loss: Loss, settings: LossSettings) -> str:
    """The total in plain numbers, such as ``0.30·CE(y) + 0.70·4.00·KL(p‖f; T=2)``."""
    if not isinstance(settings, WeightedLossSettings):
        return "CE(y)"
    weight = settings.label_weight
    scored = " on z-scored logits" if settings.standardise else ""
    return f"{weight:.2f}·CE(y) + {1 - weight:.2f}·{loss.formula(settings)}{scored}"


def _standardises(settings: LossSettings) -> bool:
    return isinstance(settings, WeightedLossSettings) and settings.standardise


def _as_they_are(logits: Tensor) -> Tensor:
    return logits
