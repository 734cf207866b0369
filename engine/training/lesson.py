"""What a student is taught about its inside: feature terms over tensors read off student and teacher at each step.

Knows models and losses; no data and no store. Projectors live here: trained beside the student, never part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine import catalog
from engine.config import term_names
from engine.errors import ModelError
from engine.losses.distributions import widen
from engine.losses.features.weight import DynamicAlpha, scheduled_weight
from engine.losses.term import Term
from engine.models.tensors import Tap, body_of
from engine.training.inside import Inside, must_be_of_rows
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, FeatureSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from engine.models.skeleton import Skeleton

    _Seen = tuple[Tensor | None, Tensor | None]  # of student and teacher


@dataclass
class FeatureTerm:
    """One feature loss of a run. ``projectors`` hold a linear map for each pair of its plan whose widths differ."""

    name: str
    loss: FeatureLoss
    settings: FeatureSettings
    plan: FeaturePlan
    projectors: nn.ModuleDict
    alpha: DynamicAlpha = field(default_factory=DynamicAlpha)

    def project(self, pair: int, values: Tensor) -> Tensor:
        """The student's tensor of a pair at the teacher's width, in float32 where a projector is applied."""
        key = str(pair)
        return self.projectors[key](widen(values)) if key in self.projectors else values


class FeatureLesson:
    """The feature terms of a run with the teacher's inside they are compared with, live or kept.

    ``valid`` tells which places of a batch's inputs count, bool (rows, tokens). Raises ModelError where a term does not fit the
    two models.
    """

    def __init__(
        self,
        chosen: Sequence[FeatureSettings],
        student: PreTrainedModel,
        teacher: Inside,
        device: torch.device,
        seed: int,
        valid: Callable[[Mapping[str, Tensor]], Tensor],
    ) -> None:
        from torch import nn

        self._bodies = body_of(student, "student.architecture"), teacher.body
        plans = plans_of(chosen, *self._bodies)
        self._teacher = teacher
        self._device, self._seed, self.valid = device, seed, valid
        self.terms_by_name = {
            name: FeatureTerm(name, loss, settings, plan, nn.ModuleDict())
            for (name, loss, settings), plan in zip(named_terms(chosen), plans, strict=True)
        }
        self.projectors = nn.ModuleDict({name: term.projectors for name, term in self.terms_by_name.items()})
        terms = list(self.terms_by_name.values())
        self.student_tap = Tap(student, (n for term in terms for n in term.plan.student), "features, student")
        teacher.want(wanted_of(plans))

    def make_projectors(self, student: nn.Module, inputs: Mapping[str, Tensor], teacher: Mapping[str, Tensor]) -> None:
        """Look at a few rows once to learn the widths, and make the projectors; weights from a generator of the run's seed.

        The student's own random numbers are left as they were. Raises ModelError where two tensors cannot be compared.
        """
        import torch
        from torch import nn

        was_training = student.to(self._device).training
        with torch.no_grad(), self.student_tap.listening():
            student.eval()(**inputs)
        student.train(was_training)
        ours, theirs = self.student_tap.take(), self._teacher.tensors(teacher)
        masks = self.valid(inputs), self.valid(teacher)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(self._seed)  # torch.manual_seed would also seed the GPUs, which go on
            for term in self.terms_by_name.values():
                for number, (mine, its) in enumerate(term.plan.pairs):
                    self._must_compare(term.name, (mine, its), (ours.get(mine), theirs.get(its)), masks)
                    wide, wanted = ours[mine].shape[-1], theirs[its].shape[-1]
                    if wide != wanted and term.plan.projects(number):
                        term.projectors[str(number)] = nn.Linear(wide, wanted, bias=False)
        self.projectors.to(self._device)

    def _must_compare(self, term: str, pair: tuple[str, str], seen: _Seen, masks: tuple[Tensor, Tensor]) -> None:
        """Raises ModelError where a pair of tensors is not there, is not of these rows, or not of the same kind."""
        mine, its = (name.removeprefix("module/") for name in pair)
        for path, values, mask in zip(pair, seen, masks, strict=True):
            must_be_of_rows(path, values, mask, f"features, {term}")
        ours, theirs = (values.dim() for values in seen if values is not None)
        if ours != theirs:
            text = f"{mine} gives a tensor of {ours} dimensions and {its} one of {theirs}; choose modules alike."
            raise ModelError(f"features, {term}: {text}")
        below = pair[1].startswith(f"module/{self._teacher.trunk}.")
        if self._teacher.output_order and "module/" in pair[1] and not below:
            raise ModelError(
                f"features, {term}: {its} belongs to the teacher's head, whose classes stand in another order than the task's; "
                "choose a module below it, or compare logits with loss.kind, such as mse_logits."
            )

    def terms(
        self,
        inputs: Mapping[str, Tensor],
        teacher_inputs: Mapping[str, Tensor],
        progress: float,
        logit_terms: dict[str, Term],
        share: float = 1.0,
    ) -> dict[str, Term]:
        """The feature terms of the student's last pass, that of ``inputs``; ``logit_terms`` are the objective's.

        ``share`` is how much of the step's rows these are, so that a dynamic α counts steps however they are cut.
        """
        import torch

        ours, theirs = self.student_tap.take(), self._teacher.tensors(teacher_inputs)
        student_mask, teacher_mask = self.valid(inputs), self.valid(teacher_inputs)
        found = {}
        for term in self.terms_by_name.values():
            looked_at = FeatureInputs(
                term.plan,
                [term.project(number, ours[name]) for number, (name, _) in enumerate(term.plan.pairs)],
                [theirs[name] for _, name in term.plan.pairs],
                student_mask,
                teacher_mask,
                *self._bodies,
                progress,
            )
            raw = term.loss.compute(looked_at, term.settings)
            now = scheduled_weight(term.settings, progress)
            weight = now if term.settings.schedule == "constant" else torch.full((), now, device=raw.device)
            if term.settings.dynamic:
                weight = weight * term.alpha.update(raw, reference_of(logit_terms), share)
            found[term.name] = Term(raw, weight)
        return found

    @property
    def weighed_by(self) -> dict[str, str]:
        """Of each term, what weighs the parts of a batch: "rows", "tokens", or "" where it relates rows to each other."""
        return {name: term.loss.weighed_by for name, term in self.terms_by_name.items()}

    def state(self) -> dict[str, Tensor]:
        """The dynamic α's, for a checkpoint (the projectors are a module and have their own)."""
        return {
            f"{name}/{kept}": value
            for name, term in self.terms_by_name.items()
            for kept, value in term.alpha.state().items()
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a ``state()``; its tensors may be anywhere."""
        for name, term in self.terms_by_name.items():
            kept = {key: state[f"{name}/{key}"] for key in ("term", "reference") if f"{name}/{key}" in state}
            term.alpha.load({key: value.to(self._device) for key, value in kept.items()})

    def close(self) -> None:
        """Take the hooks off both models."""
        self.student_tap.close()
        self._teacher.close()


def named_terms(chosen: Sequence[FeatureSettings]) -> list[tuple[str, FeatureLoss, FeatureSettings]]:
    """Each feature term with the name its curves have."""
    names = term_names(settings.kind for settings in chosen)
    return [(name, catalog.features()[settings.kind], settings) for name, settings in zip(names, chosen, strict=True)]


def plans_of(chosen: Sequence[FeatureSettings], student: Body, teacher: Body) -> list[FeaturePlan]:
    """What each feature term compares. Raises ModelError naming the term where it does not fit the two bodies."""
    plans = []
    for number, (_, loss, settings) in enumerate(named_terms(chosen), 1):
        try:
            plans.append(loss.plan(settings, student, teacher))
        except ValueError as error:
            raise ModelError(f"features.{number}: {error}.") from error
    return plans


def wanted_of(plans: Iterable[FeaturePlan]) -> tuple[str, ...]:
    """The names of the teacher's tensors that these plans compare with, each once."""
    return tuple(dict.fromkeys(name for plan in plans for name in plan.teacher))


def must_fit(
    chosen: Sequence[FeatureSettings], student: PreTrainedModel, teacher: PreTrainedModel
) -> list[FeaturePlan]:
    """What each term compares. Raises ModelError where one does not fit the two models or names a tensor that one lacks;
    weights are not needed."""
    plans = plans_of(chosen, body_of(student, "student.architecture"), body_of(teacher, "teacher.model"))
    for number, plan in enumerate(plans, 1):
        Tap(student, plan.student, f"features.{number}, student").close()
        Tap(teacher, plan.teacher, f"features.{number}, teacher").close()
    return plans


def must_align(chosen: Sequence[FeatureSettings], same_tokens: bool) -> None:
    """Raises ModelError where a term compares tokens and the two tokenizers cut the rows into different ones."""
    for number, (name, feature, _) in enumerate(named_terms(chosen), 1):
        if feature.aligned and not same_tokens:
            fit = ", ".join(other.name for other in catalog.features().values() if not other.aligned)
            raise ModelError(
                f"features.{number}: “{name}” compares token by token, but teacher and student read the rows through different "
                f"tokenizers; give the student the teacher's (student.tokenizer), or choose one of {fit}."
            )


def plain_bodies_fit(chosen: Sequence[FeatureSettings], student: Skeleton, teacher: Skeleton) -> bool:
    """Whether it is seen without modules that each term fits: two BERTs have every tensor that a plan names but those named by
    their module's path. Raises ModelError where one does not fit."""
    bodies = student.body(), teacher.body()
    if bodies[0] is None or bodies[1] is None:
        return False
    names = [name for plan in plans_of(chosen, bodies[0], bodies[1]) for name in (*plan.student, *plan.teacher)]
    return not any(name.startswith("module/") for name in names)


def reference_of(logit_terms: dict[str, Term]) -> Tensor:
    """The logit term that a dynamic α follows: the teacher's as it enters the total, the labels' where that is silent."""
    teacher = logit_terms.get("teacher")
    return (logit_terms["labels"] if teacher is None or teacher.weight == 0 else teacher).weighted
