"""The training loop, to be read top to bottom. Knows a model, batches and an objective; never what the inputs are."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.errors import EngineError
from engine.events import Emit, Facts, Metrics, Phase
from engine.losses.influence import gradient_shares, parameter_shares
from engine.losses.objective import Objective
from engine.losses.term import Term
from engine.losses.term import total as total_of
from engine.training.lesson import FeatureLesson
from engine.training.schedule import evaluation_steps, rate_factor

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

# How often each term's share of the gradient is measured: 0.3 to 0.7 % of the time of a 1x64 student.
GRADIENT_SHARE_STEPS = 10
# How often, for each term, its share of all parameters' gradient is measured: one more backward pass a term, so that
# about a hundredth of the time goes into it. The first step is always measured.
PARAMETER_SHARE_STEPS = 50
READ_BACK_STEPS = 10  # on a GPU, values are fetched this often: each fetch makes the processor wait for the device


class TrainingSettings(Protocol):
    """What the loop reads of a configuration; both the student's and the teacher's training fit."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int


class Batch(Protocol):
    """Rows of one step: the model's inputs, the teacher's for the same rows, and which examples they are (int64 (rows,))."""

    @property
    def inputs(self) -> Mapping[str, Tensor]: ...

    @property
    def teacher_inputs(self) -> Mapping[str, Tensor]: ...

    @property
    def indices(self) -> Tensor: ...


class Batches(Protocol):
    """The training rows, cut into batches anew for every epoch; every example once an epoch."""

    def epoch(self, number: int) -> Iterable[Batch]: ...

    @property
    def steps_per_epoch(self) -> int: ...


@dataclass(frozen=True)
class Evaluation:
    """A look at the validation rows: named values for the curves, and the key metric that decides what is best."""

    values: dict[str, float]
    key: float


@dataclass
class Fitted:
    """How a training ended. ``best_state`` is a copy of the weights at the best evaluation, None if there was none."""

    steps: int
    stopped: bool
    best_state: dict[str, Tensor] | None
    best_score: float | None
    best_step: int | None


def fit(
    model: nn.Module,
    batches: Batches,
    targets: Tensor,
    teacher_logits: Tensor | None,
    objective: Objective,
    evaluate: Callable[[nn.Module], Evaluation],
    settings: TrainingSettings,
    device: torch.device,
    emit: Emit,
    stop_requested: Callable[[], bool],
    *,
    phase: str,
    prefix: str = "",
    warmup_share: float = 0.1,
    weight_decay: float = 0.01,
    clip_norm: float = 1.0,
    evaluations_per_epoch: int = 1,
    precision: torch.dtype | None = None,
    features: FeatureLesson | None = None,
) -> Fitted:
    """Train ``model`` in place. ``targets`` and ``teacher_logits`` are (examples, outputs), looked up by example.

    ``precision`` is the autocast type of the forward pass, None for float32. The projectors of ``features`` are trained and
    clipped with the model and are not part of ``best_state``. Curves go to ``emit`` with names behind ``prefix``.
    Raises EngineError where a loss is no longer a finite number.
    """
    import torch

    model.to(device).train()
    targets = targets.to(device)
    teacher_logits = teacher_logits.to(device) if teacher_logits is not None else None
    trained = torch.nn.ModuleList([model, *([features.projectors] if features else [])])
    optimiser = torch.optim.AdamW(_groups(trained, weight_decay), lr=settings.learning_rate, fused=True)
    parameters = [parameter for parameter in trained.parameters() if parameter.requires_grad]
    own_parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    steps_per_epoch = batches.steps_per_epoch
    total = steps_per_epoch * settings.epochs
    evaluate_after = evaluation_steps(steps_per_epoch, settings.epochs, evaluations_per_epoch)
    read_back = _read_back_steps(device)
    half = torch.autocast(device.type, dtype=precision or torch.bfloat16, enabled=precision is not None)
    fitted = Fitted(0, False, None, None, None)
    pending: list[tuple[int, float, int, list[str], Tensor]] = []
    start = last_read = time.perf_counter()
    if not prefix:
        emit(Facts({"total_steps": total, "steps_per_epoch": steps_per_epoch, "step": 0}))
    emit(Phase(phase, 0, total))

    step = 0
    for epoch in range(settings.epochs):
        for batch in batches.epoch(epoch):
            rate = settings.learning_rate * rate_factor(step, total, warmup_share)
            for group in optimiser.param_groups:
                group["lr"] = rate

            inputs = _moved(batch.inputs, device)
            rows = batch.indices.to(device, non_blocking=True)
            with half, features.student_tap.listening() if features else nullcontext():
                logits = model(**inputs).logits
            terms = objective.terms(logits, teacher_logits[rows] if teacher_logits is not None else None, targets[rows])
            if features:
                same = batch.teacher_inputs is batch.inputs
                theirs = inputs if same else _moved(batch.teacher_inputs, device)
                terms |= features.terms(inputs, theirs, step / max(1, total - 1), terms)
            loss = total_of(terms)
            shares = {}
            if len(terms) > 1 and step % (PARAMETER_SHARE_STEPS * len(terms)) == 0:
                shares = parameter_shares(terms, own_parameters)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            step += 1
            fitted.steps, fitted.stopped = step, stop_requested()

            measured = {"loss": loss, "gradient_norm": norm, **_by_term(terms)}
            values = torch.stack([value.detach().float() for value in measured.values()])
            pending.append((step, rate, len(batch.indices), list(measured), values))
            if shares:
                now = time.perf_counter()
                emit(Metrics(step, now - start, {f"{prefix}train/parameter_share/{n}": v for n, v in shares.items()}))
            if step % read_back == 0 or step in evaluate_after or step == total or fitted.stopped:
                now = time.perf_counter()
                _report(pending, now - last_read, now - start, f"{prefix}train/", emit)
                pending.clear()
                last_read = now
                if teacher_logits is not None and step % GRADIENT_SHARE_STEPS == 0:
                    found = gradient_shares(objective, logits, teacher_logits[rows], targets[rows])
                    emit(Metrics(step, now - start, _named(found, f"{prefix}train/")))
                emit(Facts({"step": step, "phase_done": step}) if not prefix else Phase(phase, step, total))

            if step in evaluate_after:
                seen = evaluate(model)
                model.train()
                emit(
                    Metrics(
                        step, time.perf_counter() - start, {f"{prefix}{name}": v for name, v in seen.values.items()}
                    )
                )
                if fitted.best_score is None or seen.key > fitted.best_score:
                    fitted.best_score, fitted.best_step, fitted.best_state = seen.key, step, _copy(model)
                    if not prefix:
                        emit(Facts({"best_score": seen.key, "best_step": step}))
                last_read = time.perf_counter()  # the evaluation's time is not the training's
            if fitted.stopped:
                return fitted
    return fitted


def _moved(inputs: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: values.to(device, non_blocking=True) for name, values in inputs.items()}


def _by_term(terms: dict[str, Term]) -> dict[str, Tensor]:
    """What each term adds to the total, what it is before its weight, and a weight that changes."""
    values = {f"loss/{name}": term.weighted for name, term in terms.items()}
    values |= {f"raw/{name}": term.raw for name, term in terms.items()}
    return values | {
        f"weight/{name}": term.weight for name, term in terms.items() if not isinstance(term.weight, float)
    }


def _read_back_steps(device: torch.device) -> int:
    return READ_BACK_STEPS if device.type == "cuda" else 1


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Decay on matrices only: on biases and layer norms it does harm (Devlin et al. 2019's own optimiser excludes them)."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]


def _report(
    pending: list[tuple[int, float, int, list[str], Tensor]], spent: float, seconds: float, prefix: str, emit: Emit
) -> None:
    """Fetch the values of the steps since the last report in one go and emit them."""
    import torch

    fetched = torch.stack([values for *_, values in pending]).tolist()
    rows = sum(count for _, _, count, _, _ in pending)
    for position, ((step, rate, _, names, _), values) in enumerate(zip(pending, fetched, strict=True)):
        measured = dict(zip(names, values, strict=True))
        for name, value in measured.items():
            if not math.isfinite(value):
                raise EngineError(
                    f"The {_words(name)} is {value} at step {step}: training has gone astray. "
                    "Lower the learning rate, or look at the rows and the teacher."
                )
        measured["learning_rate"] = rate
        if position == len(pending) - 1:
            measured["examples_per_second"] = rows / max(spent, 1e-9)
        at = seconds - spent * (1 - (position + 1) / len(pending))
        emit(Metrics(step, at, {f"{prefix}{name}": value for name, value in measured.items()}))


def _named(shares: dict[str, float], prefix: str) -> dict[str, float]:
    """Curve names: the terms' shares beside each other, the teacher's influence by itself."""
    names = {"influence": f"{prefix}teacher_influence"}
    return {names.get(name, f"{prefix}gradient_share/{name}"): value for name, value in shares.items()}


def _words(name: str) -> str:
    words = {"loss": "total loss", "gradient_norm": "gradient norm"}
    kind, _, term = name.partition("/")
    return words.get(name, f"{'weight of the ' if kind == 'weight' else ''}loss term “{term}”")


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: weights.detach().to("cpu", copy=True) for name, weights in model.state_dict().items()}
