"""One optimiser step: forward, terms, backward, clip, update. Knows a batch, not where it comes from or what is logged.

A batch that does not fit into memory is taken in parts that come to the same step; a step without finite numbers changes
no weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.losses.influence import parameter_shares
from engine.losses.objective import Objective
from engine.losses.term import Term
from engine.losses.term import total as total_of
from engine.models.compiled import Compiled
from engine.models.forward import Forward
from engine.training.adamw import AdamW
from engine.training.lesson import FeatureLesson
from engine.training.portions import TooLittleMemory, forget_failed_pass, ran_out_of_memory
from engine.training.table import table_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Batch(Protocol):
    """Rows of one step: the model's inputs, the teacher's for the same rows, and which examples they are (int64 (rows,))."""

    @property
    def inputs(self) -> Mapping[str, Tensor]: ...

    @property
    def teacher_inputs(self) -> Mapping[str, Tensor]: ...

    @property
    def indices(self) -> Tensor: ...

    @property
    def padded(self) -> int:
        """How many places of ``inputs`` hold nothing."""
        ...


@dataclass
class Learner:
    """What is trained and what from. ``targets`` and ``teacher_logits`` are (examples, outputs), looked up by example.

    The projectors of ``features`` are trained and clipped with the model and are no part of it. ``used`` are the rows of the
    model's input table that the training examples name (int64, distinct), None where that is not known.
    """

    model: nn.Module
    objective: Objective
    targets: Tensor
    teacher_logits: Tensor | None = None
    features: FeatureLesson | None = None
    used: Tensor | None = None
    compiled: Compiled | None = None

    @property
    def term_count(self) -> int:
        """Terms of the total: labels, teacher, and each feature term."""
        logit_terms = 1 if self.objective.loss.compute is None else 2
        return logit_terms + (len(self.features.terms_by_name) if self.features else 0)


class Pace(Protocol):
    """What a step reads of how the training goes."""

    @property
    def weight_decay(self) -> float: ...

    @property
    def clip_norm(self) -> float: ...

    @property
    def accumulate(self) -> int: ...

    @property
    def precision(self) -> torch.dtype | None: ...


@dataclass(frozen=True)
class Taken:
    """What a step found. ``values`` are scalars on the device by curve name; ``logits`` (rows, outputs) are the student's
    before the step, of the examples ``rows``; ``shares`` each term's share of the gradient, where it was asked for."""

    values: dict[str, Tensor]
    logits: Tensor
    rows: Tensor
    shares: dict[str, float]


@dataclass(frozen=True)
class _Part:
    """Some of a batch's rows on the device, and what each way of weighing counts them as: 1.0 for all of the batch."""

    inputs: Mapping[str, Tensor]
    teacher_inputs: Mapping[str, Tensor]
    rows: Tensor
    share: Mapping[str, float | Tensor]  # by "rows" and "tokens"
    padded: bool = True  # whether any place of the inputs holds nothing


class Stepper:
    """Takes the steps of one training. ``tell`` is told in a sentence when a batch is taken in parts.

    A batch is taken in the ``accumulate`` parts of the pace, or in more where these do not fit: at most ``rows_at_once``
    then, which is None while they do.
    """

    def __init__(self, learner: Learner, pace: Pace, device: torch.device, tell: Callable[[str], None]) -> None:
        import torch

        self.learner, self.device, self._tell = learner, device, tell
        learner.model.to(device).train()
        self.forward = Forward(learner.model, learner.compiled, tell)
        self.table = table_of(learner.model, learner.used, device)
        self._targets = learner.targets.to(device)
        self._teacher_logits = learner.teacher_logits.to(device) if learner.teacher_logits is not None else None
        features = learner.features
        trained = torch.nn.ModuleList([learner.model, *([features.projectors] if features else [])])
        self.optimiser = AdamW(_groups(trained, pace.weight_decay))
        self._parameters = [parameter for parameter in trained.parameters() if parameter.requires_grad]
        self._own_parameters = [parameter for parameter in learner.model.parameters() if parameter.requires_grad]
        self._clip_norm, self._accumulate, self._weight_decay = pace.clip_norm, pace.accumulate, pace.weight_decay
        self._half = torch.autocast(
            device.type, dtype=pace.precision or torch.bfloat16, enabled=pace.precision is not None
        )
        self.rows_at_once: int | None = None
        # On a GPU the processor does not wait to see whether a step is finite: the fused kernel itself leaves the weights
        # alone where this flag is up (as it does for torch's GradScaler), and it stays up, so that what is found at the
        # next report spoiled nothing. The CPU has the number at hand.
        self.flag: Tensor | None = torch.zeros((), device=device) if device.type != "cpu" else None

    def take(self, batch: Batch, rate: float, progress: float, with_shares: bool = False) -> Taken:
        """One step at learning rate ``rate``; ``progress`` runs from 0 at the first step to 1 at the last."""
        found = self._gradients(batch, progress, with_shares)
        norm = self._norm()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        if self._update(found.values["loss"] + norm, norm) and self.table is not None:
            self.table.stepped(rate, self._weight_decay)
        self.optimiser.zero_grad()
        found.values["gradient_norm"] = norm
        return found

    def close(self) -> None:
        """Leave the model as a model is found: its input table whole."""
        if self.table is not None:
            self.table.close()
            self.table = None

    def teacher_of(self, rows: Tensor) -> tuple[Tensor, Tensor] | None:
        """(the teacher's logits, the targets) of examples, None without a teacher's logits."""
        return None if self._teacher_logits is None else (self._teacher_logits[rows], self._targets[rows])

    def _norm(self) -> Tensor:
        """The norm of all gradients together, a scalar on the device."""
        import torch

        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        return torch.stack(torch._foreach_norm(gradients)).norm()

    def _update(self, evidence: Tensor, norm: Tensor) -> bool:
        """Change the weights by the clipped gradient, unless loss or gradient is no finite number: then nothing of this step
        remains. Whether it was taken, as far as that is known at once.

        Clipped (Pascanu et al. 2013, Algorithm 1) is inside the optimiser's kernel, which has every gradient at hand.
        """
        import torch

        excess = ((norm + 1e-6) / self._clip_norm).clamp_min(1.0)
        if self.flag is None:
            taken = math.isfinite(float(evidence))
            if taken:
                self.optimiser.step(excess if float(excess) > 1 else None)
            return taken
        self.flag = torch.maximum(self.flag, torch.logical_not(torch.isfinite(evidence)).float())
        self.optimiser.found_inf = self.flag
        self.optimiser.step(excess)
        return True

    # ── the gradient ────────────────────────────────────────────────────────────────────────────────────────────
    def _gradients(self, batch: Batch, progress: float, with_shares: bool) -> Taken:
        """Forward and backward over the batch, in as many parts as memory needs. Raises TooLittleMemory."""
        features = self.learner.features
        while True:
            before = features.state() if features else {}
            try:
                return self._over_parts(batch, progress, with_shares)
            except RuntimeError as error:
                if not ran_out_of_memory(error):
                    raise
                if self._part_rows(len(batch.indices)) == 1:
                    raise self._too_little(batch) from error
            # Here, not above: the exception holds on to the failed pass's tensors as long as it is being handled.
            self.optimiser.zero_grad()
            self.forward.plain()  # of fewer rows nothing is compiled, and recorded graphs hold memory
            if features:
                features.load(before)
            forget_failed_pass(self.device)
            self.rows_at_once = -(-self._part_rows(len(batch.indices)) // 2)
            said = f"The device ran out of memory: each step's rows are now taken {self.rows_at_once} at a time"
            self._tell(self.about_parts(said))

    def _too_little(self, batch: Batch) -> TooLittleMemory:
        width = next(iter(batch.inputs.values())).shape[1]
        remedy = "a smaller task.max_length or student, or training.recompute = true"
        return TooLittleMemory(self.device, width, "that is trained on", remedy)

    def _over_parts(self, batch: Batch, progress: float, with_shares: bool) -> Taken:
        import torch

        values: dict[str, Tensor] = {}
        logits: list[Tensor] = []
        shares: dict[str, float] = {}
        parts = self._parts(batch)
        for part in parts:
            terms, found = self._terms(part, progress, with_shares and not shares)
            loss = total_of(terms)
            if with_shares and not shares:
                shares = parameter_shares(terms, self._own_parameters)
            loss.backward()
            logits.append(found.detach())
            measured = {name: value.detach() for name, value in _measured(loss, terms, part.share["rows"]).items()}
            values = {name: values[name] + value for name, value in measured.items()} if values else measured
        rows = parts[0].rows if len(parts) == 1 else torch.cat([part.rows for part in parts])
        return Taken(values, logits[0] if len(logits) == 1 else torch.cat(logits), rows, shares)

    def _terms(self, part: _Part, progress: float, as_it_is: bool) -> tuple[dict[str, Term], Tensor]:
        """The terms of a part, each weighed so that those of all parts add up to the batch's; and the logits."""
        learner, features = self.learner, self.learner.features
        with self._half, features.student_tap.listening() if features else nullcontext():
            logits = self.forward(part.inputs, part.padded, as_it_is).logits
        teacher = self._teacher_logits[part.rows] if self._teacher_logits is not None else None
        terms = learner.objective.terms(logits, teacher, self._targets[part.rows])
        whole = part.share["rows"] == 1.0
        if features:
            share = 1.0 if whole else part.share["rows"]
            terms |= features.terms(part.inputs, part.teacher_inputs, progress, terms, float(share))
        if whole:
            return terms, logits
        weighed_by = features.weighed_by if features else {}
        return {
            name: Term(term.raw * part.share[weighed_by.get(name) or "rows"], term.weight)
            for name, term in terms.items()
        }, logits

    def _parts(self, batch: Batch) -> list[_Part]:
        inputs = _moved(batch.inputs, self.device)
        same = batch.teacher_inputs is batch.inputs if self.learner.features else True
        theirs = inputs if same else _moved(batch.teacher_inputs, self.device)
        rows = batch.indices.to(self.device, non_blocking=True)
        size = self._part_rows(len(rows))
        if size >= len(rows):
            return [_Part(inputs, theirs, rows, {"rows": 1.0, "tokens": 1.0}, batch.padded > 0)]
        valid = self.learner.features.valid(inputs).sum() if self.learner.features else None
        parts = []
        for start in range(0, len(rows), size):
            cut = slice(start, start + size)
            mine = {name: values[cut] for name, values in inputs.items()}
            its = mine if same else {name: values[cut] for name, values in theirs.items()}
            count = len(rows[cut]) / len(rows)
            tokens: float | Tensor = count
            if self.learner.features and valid is not None:
                tokens = self.learner.features.valid(mine).sum() / valid
            parts.append(_Part(mine, its, rows[cut], {"rows": count, "tokens": tokens}))
        return parts

    def _part_rows(self, rows: int) -> int:
        """Of a batch of so many rows, those that are taken at once."""
        part = -(-rows // self._accumulate)
        return min(part, self.rows_at_once or part)

    def about_parts(self, said: str) -> str:
        """``said``, and what taking batches in parts means for this training."""
        learner, features = self.learner, self.learner.features
        related = [] if learner.objective.loss.splits_alike else [f"the loss {learner.objective.loss.name}"]
        related += [f"the term {name}" for name, kind in (features.weighed_by.items() if features else ()) if not kind]
        if not related:
            return f"{said}; batch size and loss stay the same."
        many = len(related) > 1
        return (
            f"{said}. The batch size stays the same, but {' and '.join(related)} relate{'' if many else 's'} the rows of a "
            "batch to each other and now see" + ("" if many else "s") + " only those of a part."
        )


def _moved(inputs: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: values.to(device, non_blocking=True) for name, values in inputs.items()}


def _measured(loss: Tensor, terms: dict[str, Term], share: float | Tensor) -> dict[str, Tensor]:
    """The total, what each term adds to it, what it is before its weight, and a weight that changes."""
    values = {"loss": loss} | {f"loss/{name}": term.weighted for name, term in terms.items()}
    values |= {f"raw/{name}": term.raw for name, term in terms.items()}
    for name, term in terms.items():
        if not isinstance(term.weight, float):
            values[f"weight/{name}"] = term.weight if share == 1.0 else term.weight * share
    return values


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Decay on matrices only: on biases and layer norms it does harm (Devlin et al. 2019's own optimiser excludes them)."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
