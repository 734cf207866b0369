"""The training loop, to be read top to bottom. Knows a model, batches and an objective; never what the inputs are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol, Self

from engine.data.array_cache import StopAsked
from engine.events import Emit, Facts, Log, Phase, Rewound
from engine.losses.influence import gradient_shares
from engine.training.best import Best
from engine.training.curves import Clock, Curves
from engine.training.feeding import fed
from engine.training.keeper import Keeper, Stage
from engine.training.schedule import evaluation_steps, rate_factor
from engine.training.step import Batch, Learner, Stepper

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

# How often each term's share of the gradient is measured: 0.3 to 0.7 % of the time of a 1x64 student.
GRADIENT_SHARE_STEPS = 10
# How often, for each term, its share of all parameters' gradient is measured: one more backward pass a term, so that
# about a hundredth of the time goes into it. The first step is always measured.
PARAMETER_SHARE_STEPS = 50
READ_BACK_STEPS = 10  # on a GPU, values are fetched this often: each fetch makes the processor wait for the device

STUDENT_STAGE = Stage("student", "training")

Scores = Mapping[str, Mapping[str, float]]  # {split: {metric: value}}


class CountedBatch(Batch, Protocol):
    """A batch that knows how many places its inputs have and how many of them are padding, and can be pinned for a GPU."""

    @property
    def places(self) -> int: ...

    @property
    def padded(self) -> int: ...

    def pinned(self) -> Self: ...


class Batches(Protocol):
    """The training rows, cut into batches anew for every epoch; every example once an epoch.

    An epoch's batches follow from its number alone, so that a run can go on in the middle of one.
    """

    def epoch(self, number: int) -> Iterable[CountedBatch]: ...

    @property
    def steps_per_epoch(self) -> int: ...


@dataclass(frozen=True)
class Course:
    """How long and how hard to train. ``precision`` is the autocast type of the forward pass, None for float32.

    Each step's rows are taken in ``accumulate`` parts. ``patience`` evaluations without a gain of more than ``min_delta`` end
    the training early, 0 never.
    """

    epochs: int
    learning_rate: float
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    evaluations_per_epoch: int = 1
    patience: int = 0
    min_delta: float = 0.0
    accumulate: int = 1
    precision: torch.dtype | None = None


@dataclass(frozen=True)
class Evaluation:
    """A look at the validation rows: named values for the curves, the key metric that decides what is best, and what was
    found in each split."""

    values: dict[str, float]
    key: float
    scores: Scores = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """How a training ended. ``best_state`` is a copy of the weights at the best evaluation, None if there was none.

    ``evaluated`` holds the best and the last evaluation by their steps, as far as this process made them.
    """

    steps: int
    stopped: bool
    best_state: dict[str, Tensor] | None
    best_score: float | None
    best_step: int | None
    evaluated: Mapping[int, Evaluation] = field(default_factory=dict)


class Padding:
    """Counts the places of batches as they go by, also of those that a resumed epoch leaves out."""

    def __init__(self) -> None:
        self.places = self.padded = 0

    def counted(self, batches: Iterable[CountedBatch]) -> Iterator[CountedBatch]:
        for batch in batches:
            self.places += batch.places
            self.padded += batch.padded
            yield batch

    @property
    def share(self) -> float:
        return self.padded / max(1, self.places)


def fit(
    learner: Learner,
    batches: Batches,
    evaluate: Callable[[nn.Module], Evaluation],
    course: Course,
    device: torch.device,
    emit: Emit,
    stop_requested: Callable[[], bool],
    *,
    stage: Stage = STUDENT_STAGE,
    keeper: Keeper | None = None,
    best: Best | None = None,
) -> Fitted:
    """Train ``learner.model`` in place; with a ``keeper`` from its last checkpoint on, if there is one.

    ``evaluate`` may raise StopAsked: then it is made when the training goes on. ``best`` is for who must know of it also
    when this raises: Diverged, where a loss is no longer a finite number; the weights are then those before that step.
    """
    total = batches.steps_per_epoch * course.epochs
    evaluate_after = evaluation_steps(batches.steps_per_epoch, course.epochs, course.evaluations_per_epoch)
    share_steps = PARAMETER_SHARE_STEPS * learner.term_count if learner.term_count > 1 else 0
    read_back = _read_back_steps(device)
    stepper = Stepper(learner, course, device, lambda text: emit(Log(text)))
    if course.accumulate > 1:
        emit(Log(stepper.about_parts(f"Each step's rows are taken in {course.accumulate} parts")))
    best = best or Best(course.patience, course.min_delta)
    step, seconds = keeper.go_on(stage, stepper, best) if keeper else (0, 0.0)
    clock = Clock(seconds)
    curves = Curves(stage.prefix, emit, clock)
    emit(Rewound(step, stage.prefix))
    emit(Phase(stage.phase, step, total))
    if not stage.prefix:
        emit(Facts({"total_steps": total, "steps_per_epoch": batches.steps_per_epoch, "step": step}))
        emit(Facts({"best_score": best.score, "best_step": best.step}))

    evaluated: dict[int, Evaluation] = {}

    def look() -> bool:
        """Evaluate; returns whether a stop came meanwhile, and the evaluation is still owed."""
        try:
            seen = evaluate(learner.model)
        except StopAsked:
            best.owed = True
            return True
        best.owed = False
        learner.model.train()
        curves.now(step, seen.values, prefix=stage.prefix)
        if best.see(seen.key, step, learner.model) and not stage.prefix:
            emit(Facts({"best_score": best.score, "best_step": step}))
        for known in evaluated.keys() - {best.step}:
            del evaluated[known]
        evaluated[step] = seen
        if best.exhausted and step < total:
            emit(Log(f"Ended early at step {step} of {total}: {_want_of_gain(course)}."))
        return False

    stopped = look() if best.owed else False
    padding = Padding()
    with fed(_from(step, batches, course.epochs, padding), device) as ready:
        for batch in ready:
            if stopped or best.exhausted:
                break
            rate = course.learning_rate * rate_factor(step, total, course.warmup_share)
            with_shares = share_steps > 0 and step % share_steps == 0
            taken = stepper.take(batch, rate, progress=step / max(1, total - 1), with_shares=with_shares)
            step += 1
            stopped = stop_requested()
            evaluates = step in evaluate_after
            keeps = keeper is not None and (stopped or keeper.due(evaluates))

            plain = {"learning_rate": rate, "padding_share": batch.padded / max(1, batch.places)}
            curves.add(step, len(batch.indices), taken.values, plain)
            if taken.shares:
                curves.now(step, {f"parameter_share/{name}": share for name, share in taken.shares.items()})
            if step % read_back == 0 or evaluates or keeps or stopped or step == total:
                curves.report()
                if step % GRADIENT_SHARE_STEPS == 0 and (teacher := stepper.teacher_of(taken.rows)):
                    curves.now(step, _named(gradient_shares(learner.objective, taken.logits, *teacher)))
                emit(Phase(stage.phase, step, total) if stage.prefix else Facts({"step": step, "phase_done": step}))

            if evaluates:
                stopped = look() or stopped
            if keeper is not None and (keeps or stopped):
                keeper.keep(stage, step, clock(), stepper, best)
            if evaluates or keeps or stopped:
                curves.rest()
            if step == batches.steps_per_epoch and padding.places and not stage.prefix:
                emit(Log(f"{100 * padding.share:.1f} % of the places in the first epoch's batches were padding."))
    stepper.close()
    return Fitted(step, stopped, best.weights, best.score, best.step, evaluated)


def _from(step: int, batches: Batches, epochs: int, padding: Padding) -> Iterator[CountedBatch]:
    """The batches that are left after ``step`` of them; those of the first epoch are counted."""
    first, done = divmod(step, batches.steps_per_epoch)
    for epoch in range(first, epochs):
        made = batches.epoch(epoch)
        yield from islice(padding.counted(made) if epoch == 0 else made, done if epoch == first else 0, None)


def _read_back_steps(device: torch.device) -> int:
    return READ_BACK_STEPS if device.type == "cuda" else 1


def _named(shares: dict[str, float]) -> dict[str, float]:
    """Curve names: the terms' shares beside each other, the teacher's influence by itself."""
    names = {"influence": "teacher_influence"}
    return {names.get(name, f"gradient_share/{name}"): value for name, value in shares.items()}


def _want_of_gain(course: Course) -> str:
    gain = f"no gain of more than {course.min_delta:g}" if course.min_delta else "no gain"
    return f"{gain} in {course.patience} evaluation{'s' if course.patience != 1 else ''}"
