"""Whether a student is compiled, and why: decided before its first step, kept so that a resumed run goes the same way.

Compiling costs seconds for each length of rows and pays by the step, so it is measured: a pass as it is and compiled, over a
batch of middling length. What was measured is kept in the home, as the number of threads is: the same run on the same machine is
decided alike.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from engine.beside import write_note
from engine.config import DistillationConfig
from engine.models.compiled import Compiled, is_small, rung
from engine.models.forward import Forward, reason_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

PASSES, ROUNDS = 10, 3  # timed passes of a round; the best round counts
LIKELY_COMPILE_S = 15.0  # for each length, before it was measured here
LARGEST_GAIN = 0.6  # of a pass's time, at best

# Compiling a length takes the CPU a minute, and a step of 2x128 was no faster for it when this was written.
CPU_REASON = "automatic on GPUs alone"


@dataclass(frozen=True)
class Choice:
    """``compiled`` is None where the student is trained as it is; ``reason`` begins with “compiled” or “not compiled”."""

    compiled: Compiled | None
    reason: str


@dataclass(frozen=True)
class Rehearsal:
    """What a run's batches are like: ``inputs`` of a middling one on the device, with or without padding; the run's ``steps``;
    ``lengths`` rows are padded to; the autocast type."""

    inputs: Mapping[str, Tensor]
    padded: bool
    steps: int
    lengths: frozenset[int]
    precision: torch.dtype | None


@dataclass(frozen=True)
class Times:
    """Seconds of a forward and backward pass as it is and compiled, and of compiling one length."""

    plain_s: float
    compiled_s: float
    compile_s: float


def obstacle(config: DistillationConfig, device: torch.device) -> str:
    """What speaks against compiling whatever its speed, "" if nothing does."""
    training = config.training
    if config.features:
        return "feature terms read tensors inside the student"
    if training.recompute:
        return "its layers recompute their inside"
    if training.accumulate > 1:
        return "its batches are taken in parts"
    if training.batch_tokens:
        return "its batches differ in the number of rows"
    if training.deterministic and device.type == "cuda":
        return "compiled kernels are chosen by timing, which a deterministic run rules out"
    return ""


def choose_compiling(
    config: DistillationConfig,
    student: nn.Module,
    rehearsal: Callable[[], Rehearsal],
    device: torch.device,
    home: Path,
    folder: Path,
    backend: str = "inductor",
) -> Choice:
    """Decide for a student that is on the device, with its random numbers and weights left as they are.

    A run that was decided before is not decided again. Whatever fails in compiling is a reason against it.
    """
    wish = config.training.compile
    if wish == "off":
        return Choice(None, "not compiled: chosen in the configuration")
    if reason := obstacle(config, device):
        return Choice(None, f"not compiled: {reason}")
    kept = _read(folder / "compiling.json")
    if wish == "auto" and device.type == "cpu":
        return Choice(None, f"not compiled: {CPU_REASON}")
    if kept.get("compiled") is False:
        return Choice(None, "not compiled: as when the run began")
    run = rehearsal()
    rows = len(run.inputs["input_ids"])
    try:
        choice = _decided(student, run, device, home, wish == "on" or bool(kept.get("compiled")), rows, backend)
    except Exception as error:  # no compiler, no driver for it, no memory for both: training needs none of it
        choice = Choice(None, f"not compiled: it failed here ({reason_of(error)})")
    if choice.compiled is None:
        _forget(device)
    _write(folder / "compiling.json", {"compiled": choice.compiled is not None, "reason": choice.reason})
    return choice


def _decided(
    student: nn.Module, run: Rehearsal, device: torch.device, home: Path, settled: bool, rows: int, backend: str
) -> Choice:
    graphs = device.type == "cuda" and is_small(student)
    note, key = home / "compiling.json", _key(student, run, device, graphs)
    known = _read(note)
    times = Times(**known[key]) if key in known else None
    how = "compiled with CUDA graphs" if graphs else "compiled"
    if not settled and times is None:
        plain_s = _passes(student, Forward(student), run, device)
        whole, price = plain_s * run.steps, LIKELY_COMPILE_S * len(run.lengths)
        if LARGEST_GAIN * whole < price:
            return Choice(
                None, f"not compiled: {_seconds(whole)} of training are too short to pay {_seconds(price)} of it"
            )
    if not settled and times is not None and not _pays(times, run):
        return Choice(None, _verdict("not compiled", times, run))
    compiled = Compiled(student, rows, graphs, backend)
    try:
        if times is None:
            times = _measured(student, compiled, run, device)
            _write(note, {**_read(note), key: asdict(times)})
        else:
            _passes(student, _through(student, compiled), run, device, passes=1, rounds=1)
    except BaseException:
        compiled.close()
        raise
    if settled:
        return Choice(compiled, f"{how}: {_times(times)} a pass")
    if not _pays(times, run):
        compiled.close()
        return Choice(None, _verdict("not compiled", times, run))
    return Choice(compiled, _verdict(how, times, run))


def _measured(student: nn.Module, compiled: Compiled, run: Rehearsal, device: torch.device) -> Times:
    plain_s = _passes(student, Forward(student), run, device)
    forward = _through(student, compiled)
    begun = time.perf_counter()
    _passes(student, forward, run, device, passes=3, rounds=1)  # graphs are recorded in the second
    compile_s = time.perf_counter() - begun
    return Times(plain_s, _passes(student, forward, run, device), compile_s)


def _through(student: nn.Module, compiled: Compiled) -> Callable[[Mapping[str, Tensor], bool], Any]:
    """The compiled pass and no other: what fails in it comes up."""
    prepared = Forward(student).prepared
    return lambda inputs, padded: SimpleNamespace(logits=compiled(prepared(inputs)))


def _passes(
    student: nn.Module,
    forward: Callable[[Mapping[str, Tensor], bool], Any],
    run: Rehearsal,
    device: torch.device,
    passes: int = PASSES,
    rounds: int = ROUNDS,
) -> float:
    """Seconds of one forward and backward pass, the best of the rounds; weights and random numbers stay as they are."""
    import torch

    half = torch.autocast(device.type, dtype=run.precision or torch.bfloat16, enabled=run.precision is not None)
    was_training = student.training
    student.train()
    found = []
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            for _ in range(rounds):
                _wait(device)
                begun = time.perf_counter()
                for _ in range(passes):
                    with half:
                        logits = forward(run.inputs, run.padded).logits
                    logits.float().square().mean().backward()
                    student.zero_grad(set_to_none=True)
                _wait(device)
                found.append((time.perf_counter() - begun) / passes)
    finally:
        student.zero_grad(set_to_none=True)
        student.train(was_training)
    return min(found)


def _wait(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _forget(device: torch.device) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.empty_cache()


# ── what it comes to ────────────────────────────────────────────────────────────────────────────────────────────────
def _pays(times: Times, run: Rehearsal) -> bool:
    return (times.plain_s - times.compiled_s) * run.steps > times.compile_s * len(run.lengths)


def _verdict(how: str, times: Times, run: Rehearsal) -> str:
    price = _seconds(times.compile_s * len(run.lengths))
    worth = "worth" if _pays(times, run) else "not worth"
    return f"{how}: {_times(times)} a pass, {worth} {price} of compiling over {run.steps:,} steps"


def _times(times: Times) -> str:
    return f"{times.plain_s / max(times.compiled_s, 1e-9):.2f}×"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────
def _key(student: nn.Module, run: Rehearsal, device: torch.device, graphs: bool) -> str:
    import torch

    rows, length = run.inputs["input_ids"].shape
    config: Any = getattr(student, "config", None)
    parts = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "torch": version("torch"),
        "transformers": version("transformers"),
        "student": config.to_dict() if config is not None else type(student).__name__,
        "shape": [rows, rung(length), length],
        "precision": str(run.precision),
        "graphs": graphs,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _read(file: Path) -> dict[str, Any]:
    """What a note says, {} where there is none that can be read: it is then measured again."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def _write(file: Path, content: Mapping[str, Any]) -> None:
    """A disk that refuses ends no run: it is decided again then, and a resumed run's log says where that came out otherwise."""
    write_note(file, json.dumps(content, indent=1))
