"""The whole objective of a run, L = λ·L_class + (1 − λ)·L_KD (the paper's Eq. 9), term by term and as a formula in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.losses.distributions import as_distribution, cross_entropy, log_probabilities, standardised, widen
from engine.losses.term import Term
from engine.types import FeatureLoss, FeatureSettings, Loss, LossInputs, LossSettings, TaskKind, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


def label_loss(student_logits: Tensor, target: Tensor, kind: TaskKind = "classification") -> Tensor:
    """L_class: cross-entropy at T = 1, binary cross-entropy where there is one output; mean over examples, a scalar.

    Of a ``multi_label`` task, where each output is a yes or no by itself: binary cross-entropy summed over the outputs, the
    negative log-likelihood of independent labels (Bishop 2006, “Pattern Recognition and Machine Learning”, Eq. 5.22).
    """
    if kind == "multi_label":
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(widen(student_logits), widen(target), reduction="none").sum(-1).mean()
    return cross_entropy(as_distribution(target), log_probabilities(student_logits))


@dataclass(frozen=True)
class Objective:
    """A response loss with its settings, and the kind of the task whose labels it is mixed with."""

    loss: Loss
    settings: LossSettings
    kind: TaskKind = "classification"

    @property
    def label_weight(self) -> float:
        return self.settings.label_weight if isinstance(self.settings, WeightedLossSettings) else 1.0

    def terms(self, student_logits: Tensor, teacher_logits: Tensor | None, target: Tensor) -> dict[str, Term]:
        """``labels``: L_class weighing λ; ``teacher``: L_KD weighing 1 − λ, of a loss that has one. Logits (examples, outputs)."""
        found = {"labels": Term(label_loss(student_logits, target, self.kind), self.label_weight)}
        if self.loss.compute is not None:
            if teacher_logits is None:
                raise ValueError(f"the loss {self.loss.name} was given no teacher logits")
            read = standardised if _standardises(self.settings) else _as_they_are
            inputs = LossInputs(read(student_logits), read(teacher_logits.detach()), target)
            found["teacher"] = Term(self.loss.compute(inputs, self.settings), 1 - self.label_weight)
        return found


def formula(loss: Loss, settings: LossSettings, features: Iterable[tuple[FeatureLoss, FeatureSettings]] = ()) -> str:
    """The total in plain numbers, such as ``0.30·CE(y) + 0.70·4.00·KL(p‖f; T=2) + 1.00·hidden mse (uniform)``."""
    parts = ["CE(y)"]
    if isinstance(settings, WeightedLossSettings):
        weight = settings.label_weight
        scored = " on z-scored logits" if settings.standardise else ""
        parts = [f"{weight:.2f}·CE(y)", f"{1 - weight:.2f}·{loss.formula(settings)}{scored}"]
    return " + ".join(parts + [f"{_weight(chosen)}·{feature.formula(chosen)}" for feature, chosen in features])


def _weight(settings: FeatureSettings) -> str:
    """A feature term's weight in plain numbers, with what it does over time."""
    number = (
        f"{settings.weight:.2f}" if 0.01 <= settings.weight < 1000 or not settings.weight else f"{settings.weight:g}"
    )
    over = "" if settings.schedule_share == 1 else f" over {settings.schedule_share:.0%}"
    number = {"constant": number, "rise": f"(0→{number}{over})", "fall": f"({number}→0{over})"}[settings.schedule]
    return f"{number}·α" if settings.dynamic else number


def _standardises(settings: LossSettings) -> bool:
    return isinstance(settings, WeightedLossSettings) and settings.standardise


def _as_they_are(logits: Tensor) -> Tensor:
    return logits
