"""When a training is kept, what of it, and how it goes on: everything a step depends on, to the last bit.

The learning rate, the weights' schedules and the order of rows follow from configuration and step and are not kept; nor is a
frozen teacher. Knows the parts of a training; how a checkpoint lies on disk is told in ``checkpoint.py``.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import __version__
from engine.errors import EngineError
from engine.events import Emit, Log
from engine.training.best import Best
from engine.training.checkpoint import BestWeights, CannotKeep, Checkpoint, CheckpointFolder
from engine.training.step import Stepper
from engine.training.table import moments_for

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 4  # grows when the same checkpoint would go on in another way, or a configuration has other settings
EVERY_S = 60.0
LARGEST_SHARE = 0.03  # of the time may go into writing checkpoints …
FREE_S = 0.25  # … once this much has: a small run keeps its first evaluation whatever that costs
LATEST_S = 60.0  # but no checkpoint comes later than this past its time, or than as long as writing one takes
FLUSH_S = 5.0  # how long the store is waited for; a full disk may refuse both
SETTLE_S = 0.5  # how often one who waits for the store looks for a stop


@dataclass(frozen=True)
class Stage:
    """A part of a run that is trained by itself: ``phase`` in words, ``prefix`` of its curves.

    ``rests_on`` is what must be the same for it to go on, beyond what holds for the whole run: {what: hash}.
    """

    key: str
    phase: str
    prefix: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)


TEACHER_STAGE = Stage("teacher", "fine-tuning the teacher", "teacher/")


class Keeper:
    """The checkpoints of one run. ``rests_on`` must be the same for the run to go on: {what: hash}.

    ``flush(seconds)`` waits until all that was emitted is stored and tells whether it is: a checkpoint must never be ahead
    of the curves, or the rows between would be lost with the process.
    """

    def __init__(
        self,
        folder: Path,
        rests_on: Mapping[str, str],
        emit: Emit,
        flush: Callable[[float], bool] = lambda seconds: True,
        every_s: float = EVERY_S,
    ) -> None:
        self._files = CheckpointFolder(folder, self._tell)
        self._rests_on, self._emit, self._flush = dict(rests_on), emit, flush
        self._every_s = every_s
        self._began = self._last = time.monotonic()
        self._spent = self._cost = 0.0
        self._refused = ""
        self._said_slow = False
        self.kept_step: int | None = None
        """The step of the stage's last checkpoint that this process read or wrote, None if there is none."""

    # ── going on ────────────────────────────────────────────────────────────────────────────────────────────────
    def go_on(self, stage: Stage, stepper: Stepper, best: Best) -> tuple[int, float]:
        """Put everything back as the stage's newest whole checkpoint has it; (step, seconds of training), (0, 0.0) without one.

        Raises EngineError where the checkpoint rests on other things than there are now.
        """
        self._last = time.monotonic()
        self.kept_step = None
        found = self._files.newest(stage.key)
        if found is None:
            return 0, 0.0
        self._must_fit(found, stage)
        there = found.state["surroundings"]
        if (threads := _take_threads_of(there)) is not None:
            self._tell(f"Threads: {threads}, as when the run was begun: the last bits of its numbers depend on it.")
        here = _surroundings(stepper)
        _restore(found, stepper, best)
        self.kept_step = found.step
        self._tell(f"Goes on after step {found.step} from its checkpoint; what was logged after it is measured again.")
        if here != there:
            changed = " and ".join(
                f"{name} {there.get(name)} is now {here[name]}" for name in here if here[name] != there.get(name)
            )
            self._tell(f"The numbers may differ from those of an uninterrupted run: {changed}.")
        return found.step, float(found.state["seconds"])

    def _must_fit(self, found: Checkpoint, stage: Stage) -> None:
        now, then = self._identity(stage), found.state["rests_on"]
        changed = [name for name in {**then, **now} if now.get(name) != then.get(name)]
        if not changed:
            return
        if "format" in changed or "program" in changed:
            raise EngineError(
                f"The run was begun by version {then.get('program')} of this program (checkpoints {then.get('format')}), and "
                f"this is {__version__} (checkpoints {FORMAT}): a run goes on only with what it was begun with. Use that "
                "version, or start the same configuration as a new run."
            )
        raise EngineError(
            f"The run cannot go on from its checkpoint at step {found.step}, as its {' and '.join(changed)} changed since. "
            "Bring back what it was begun with, or start the same configuration as a new run."
        )

    def _identity(self, stage: Stage) -> dict[str, str]:
        return {"format": str(FORMAT), "program": __version__, **self._rests_on, **stage.rests_on}

    # ── keeping ─────────────────────────────────────────────────────────────────────────────────────────────────
    def due(self, evaluated: bool) -> bool:
        """Whether a checkpoint is to be written now: after an evaluation, or because of the time, if it can be afforded.

        What it costs may delay one that is due by ``LATEST_S``, on a disk slower than that by as long as writing one takes.
        """
        now = time.monotonic()
        since = now - self._last
        if since >= self._every_s + max(LATEST_S, self._cost):
            return True
        if self._spent + self._cost > FREE_S + LARGEST_SHARE * (now - self._began):
            return False
        return (evaluated and not self._refused) or since >= self._every_s

    def keep(self, stage: Stage, step: int, seconds: float, stepper: Stepper, best: Best) -> bool:
        """Write a checkpoint. A disk that refuses is said in the log, once; training goes on without."""
        start = time.monotonic()
        try:
            if not self._flush(FLUSH_S):
                raise CannotKeep("the store does not take the curves for now")
            state = {
                "seconds": seconds,
                "rests_on": self._identity(stage),
                "surroundings": _surroundings(stepper),
                "best": best.state(),
                "rows_at_once": stepper.rows_at_once,
                "optimiser_groups": _groups(stepper),
                "random": _plain_random(),
            }
            weights = None
            if best.weights is not None and best.step is not None:
                weights = BestWeights(best.step, best.weights)
            self._files.write(stage.key, step, state, _tensors(stepper), weights)
        except CannotKeep as error:
            if not self._refused:
                self._tell(
                    f"No checkpoint could be written in {self._files.folder}: {error}. Training goes on without; it is tried "
                    f"again every {max(1.0, self._every_s):.0f} s."
                )
            self._refused = str(error)
        else:
            self.kept_step = step
            if self._refused:
                self._tell("Checkpoints can be written again.")
            self._refused = ""
        self._last = time.monotonic()
        self._cost = self._last - start
        self._spent += self._cost
        self._say_if_slow()
        return not self._refused

    def settle(self, given_up: Callable[[], bool]) -> bool:
        """Wait until all that was emitted is stored: before a result is kept that a resumed run does not make again, and so
        does not log again either. False once ``given_up`` says so; raises StoreError where the store takes nothing for long."""
        while not self._flush(SETTLE_S):
            if given_up():
                return False
        return True

    def _say_if_slow(self) -> None:
        longest = self._every_s + max(LATEST_S, self._cost)
        share = self._cost / (self._cost + longest)
        if self._refused or self._said_slow or share <= LARGEST_SHARE:
            return
        self._said_slow = True
        self._tell(
            f"Writing a checkpoint takes {self._cost:.0f} s here, so one is written every {longest:.0f} s instead of every "
            f"{self._every_s:.0f} s; about {100 * share:.0f} % of the time goes into them."
        )

    def trim(self) -> None:
        """Leave only the last checkpoint: the run was stopped and its student kept, and it may yet go on."""
        self._files.trim(1)

    def clear(self) -> None:
        """Remove all checkpoints: the run has finished."""
        self._files.clear()

    def _tell(self, text: str) -> None:
        self._emit(Log(text))


# ── what a step depends on ──────────────────────────────────────────────────────────────────────────────────────────
def _surroundings(stepper: Stepper) -> dict[str, str]:
    """What the last bits of the numbers depend on beside the state."""
    import torch

    return {
        "device": str(stepper.device),
        "torch": torch.__version__,
        "transformers": version("transformers"),
        "threads": str(torch.get_num_threads()) if stepper.device.type == "cpu" else "any",
        "compiled": "no" if stepper.forward.compiled is None else "yes",
    }


def _take_threads_of(there: Mapping[str, str]) -> int | None:
    """Compute with as many CPU threads as a run began with, if there are so many cores; their number, None if it is as it was."""
    import torch

    threads = there.get("threads", "any")
    if not threads.isdigit() or int(threads) == torch.get_num_threads() or int(threads) > (os.cpu_count() or 1):
        return None
    torch.set_num_threads(int(threads))
    return int(threads)


def _groups(stepper: Stepper) -> list[dict[str, Any]]:
    """The optimiser's settings by group; which parameters are in it follows from the model."""
    return [
        {name: value for name, value in group.items() if name != "params"}
        for group in stepper.optimiser.state_dict()["param_groups"]
    ]


def _tensors(stepper: Stepper) -> dict[str, Tensor]:
    import torch

    learner = stepper.learner
    found = {f"model/{name}": value for name, value in learner.model.state_dict().items()}
    if learner.features is not None:
        found |= {f"projectors/{name}": value for name, value in learner.features.projectors.state_dict().items()}
        found |= {f"alpha/{name}": value for name, value in learner.features.state().items()}
    if stepper.table is not None:
        found |= {f"table/{name}": value for name, value in stepper.table.state().items()}
    for number, kept in stepper.optimiser.state_dict()["state"].items():
        found |= {f"optimiser/{number}/{name}": value for name, value in kept.items()}
    found["random/cpu"] = torch.get_rng_state()
    if stepper.device.type == "cuda":
        found["random/cuda"] = torch.cuda.get_rng_state(stepper.device)
    return found


def _restore(found: Checkpoint, stepper: Stepper, best: Best) -> None:
    import torch

    learner, optimiser = stepper.learner, stepper.optimiser
    learner.model.load_state_dict(_under("model/", found.tensors))
    if stepper.table is not None:
        stepper.table.load(_under("table/", found.tensors))
    if learner.features is not None:
        learner.features.projectors.load_state_dict(_under("projectors/", found.tensors))
        learner.features.load(_under("alpha/", found.tensors))
    used = found.tensors.get("table/used", stepper.table.used if stepper.table else None)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    kept: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("optimiser/", found.tensors).items():
        number, _, key = name.partition("/")
        kept.setdefault(int(number), {})[key] = moments_for(parameters[int(number)], value, used)
    groups = [
        {**group, **{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}}
        for group, settings in zip(
            optimiser.state_dict()["param_groups"], found.state["optimiser_groups"], strict=True
        )
    ]  # fmt: skip
    optimiser.load_state_dict({"state": kept, "param_groups": groups})
    stepper.rows_at_once = found.state["rows_at_once"]
    best.load(found.state["best"], found.best)
    _set_plain_random(found.state["random"])
    if stepper.device.type == "cuda" and "random/cuda" in found.tensors:
        torch.cuda.set_rng_state(found.tensors["random/cuda"], stepper.device)
    torch.set_rng_state(found.tensors["random/cpu"])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _plain_random() -> dict[str, Any]:
    """The state of Python's and NumPy's generators as JSON."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(words), gauss],
        "numpy": [str(kind), np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
    }


def _set_plain_random(state: Mapping[str, Any]) -> None:
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), position, has_gauss, cached))
