"""What a CUDA GPU reaches: its matmul rate, the share of it a step reaches, what compiling and graphs gain, epochs of MNLI's size.

All steps are the product's own, in bfloat16, dropout on, tokens random. Needs no files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch

from engine import catalog
from engine.data.batches import Batch, BatchSize, TrainingBatches
from engine.data.tokenising import Encoding
from engine.losses.objective import Objective
from engine.models.compiled import Compiled
from engine.models.student import random_classifier
from engine.training.feeding import fed
from engine.training.loop import Course
from engine.training.step import Learner, Stepper
from tests.benchmarks.arithmetic import StepSize, shape_of, step_operations
from tests.benchmarks.figures import table

VOCABULARY = 30522
MATMUL_SIZES = (2048, 4096, 8192)
MNLI_ROWS = 392_702
LENGTH = 128


def missing() -> str:
    """Why nothing can be measured here, "" where it can."""
    return "" if torch.cuda.is_available() else "no CUDA GPU was found; this part measures nothing without one."


def measure(say: Callable[[str], None], quick: bool = False, device: torch.device | None = None) -> dict[str, Any]:
    """All figures of this part. ``quick`` takes tiny sizes and a few steps, to see that it works; it does on the CPU as well."""
    device = device or torch.device("cuda", 0)
    torch.set_float32_matmul_precision("high")
    on_gpu = device.type == "cuda"
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "torch": torch.__version__,
    }
    say("matmul rate …")
    found["matmul_rate"], found["matmul_size"] = matmul_rate(device, (64,) if quick else MATMUL_SIZES)
    say("share of it …")
    sizes = [("1x64", 4)] if quick else [("6x768", rows) for rows in (32, 128, 256)] + [("4x312", 128), ("2x128", 128)]
    found["steps"] = [step_share(name, rows, device, found["matmul_rate"], quick) for name, rows in sizes]
    say("as it is, compiled, with graphs …")
    found["compiled"] = []
    for how in ("as it is", "compiled", "graphs") if on_gpu else ("as it is",):
        found["compiled"].append(compiled_step("1x64" if quick else "2x128", 32, how, device, quick))
    say("epochs of MNLI's size …")
    found["epochs"] = []
    for name, rows, how in [("1x64", 32, "as it is")] if quick else [
        ("2x128", 32, "as it is"), ("2x128", 32, "graphs"), ("2x128", 256, "as it is"), ("4x312", 32, "as it is"),
        ("4x312", 256, "as it is"), ("6x768", 32, "as it is"), ("6x768", 256, "as it is"),
    ]:  # fmt: skip
        found["epochs"].append(epoch(name, rows, how, device, quick))
    return found


def matmul_rate(device: torch.device, sizes: tuple[int, ...]) -> tuple[float, int]:
    """(operations a second, size): the best square bfloat16 product."""
    rates = []
    for size in sizes:
        left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
        out = torch.empty_like(left)
        seconds = best_of(lambda: torch.mm(left, right, out=out), device, 20)  # noqa: B023
        rates.append((2 * size**3 / seconds, size))
    return max(rates)


def best_of(run: Callable[[], Any], device: torch.device, times: int, rounds: int = 5) -> float:
    """Seconds of one of ``times`` runs in a row, the best of the rounds."""
    run()
    found = []
    for _ in range(rounds):
        wait(device)
        begun = time.perf_counter()
        for _ in range(times):
            run()
        wait(device)
        found.append((time.perf_counter() - begun) / times)
    return min(found)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def stepper_of(name: str, rows: int, how: str, device: torch.device, examples: int) -> Stepper:
    """The product's step with a KL term beside the labels', as it is, “compiled” or compiled with “graphs”."""
    task, loss = catalog.tasks()["mnli"], catalog.losses()["kl"]
    torch.manual_seed(0)
    model = random_classifier(shape_of(name, VOCABULARY), task)
    compiled = None if how == "as it is" else Compiled(model, rows, graphs=how == "graphs")
    targets = torch.nn.functional.one_hot(torch.arange(examples) % 3, 3).float()
    learner = Learner(
        model,
        Objective(loss, loss.settings(kind="kl"), task.kind),
        targets,
        torch.randn(examples, 3),
        compiled=compiled,
    )

    def fail(text: str) -> None:
        raise RuntimeError(text)

    return Stepper(learner, Course(1, 1e-4, precision=torch.bfloat16), device, fail)


def full_batch(rows: int, length: int) -> Batch:
    """Random tokens without padding."""
    inputs = {
        "input_ids": torch.randint(5, VOCABULARY, (rows, length)),
        "attention_mask": torch.ones(rows, length, dtype=torch.int64),
    }
    return Batch(inputs, torch.arange(rows), inputs, rows * length, 0)


def step_share(name: str, rows: int, device: torch.device, rate: float, quick: bool) -> dict[str, Any]:
    """Seconds of a step over full rows, and the share of the matmul rate it reaches."""
    length = 16 if quick else LENGTH
    stepper, batch = stepper_of(name, rows, "as it is", device, rows), full_batch(rows, length)
    batch = batch.pinned() if device.type == "cuda" else batch
    take_some(stepper, batch, 3)
    seconds = best_of(lambda: stepper.take(batch, 1e-4, 0.0), device, 2 if quick else 20, 2 if quick else 5)
    operations = step_operations(shape_of(name, VOCABULARY), StepSize(rows, length, 3))
    return {
        "architecture": name, "rows": rows, "length": length, "seconds": seconds, "operations": operations,
        "achieved": operations / seconds / rate,
    }  # fmt: skip


def compiled_step(name: str, rows: int, how: str, device: torch.device, quick: bool) -> dict[str, Any]:
    """Seconds of a step, and of the first three, in which compiling happens; or why it failed."""
    length = 16 if quick else LENGTH
    stepper, batch = stepper_of(name, rows, how, device, rows), full_batch(rows, length)
    batch = batch.pinned() if device.type == "cuda" else batch
    found: dict[str, Any] = {"architecture": name, "rows": rows, "length": length, "how": how}
    try:
        begun = time.perf_counter()
        take_some(stepper, batch, 3)
        wait(device)
        found["first_s"] = time.perf_counter() - begun
        found["seconds"] = best_of(
            lambda: stepper.take(batch, 1e-4, 0.0), device, 2 if quick else 50, 2 if quick else 5
        )
    except RuntimeError as error:
        found["failed"] = str(error)
    stepper.forward.plain()
    return found


def take_some(stepper: Stepper, batch: Batch, count: int) -> None:
    for _ in range(count):
        stepper.take(batch, 1e-4, 0.0)


def mnli_like(rows: int) -> Encoding:
    """Random tokens; lengths log-normal like those of MNLI's pairs, on average 39 tokens, cut at 128."""
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(3.57, 0.43, rows), 8, LENGTH).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    tokens = random.integers(5, VOCABULARY, starts[-1], dtype=np.int32)
    return Encoding(tokens, np.zeros(len(tokens), np.int8), starts, 0, 0, 0)


def epoch(name: str, rows: int, how: str, device: torch.device, quick: bool) -> dict[str, Any]:
    """Seconds of an epoch over rows as many as MNLI's, reckoned from some steps of it as the loop takes them."""
    examples, warm, timed = (2_000, 1, 3) if quick else (MNLI_ROWS, 60, 300)
    batches = TrainingBatches(mnli_like(examples), BatchSize(rows, pad_to=8), 0)
    stepper = stepper_of(name, rows, how, device, examples)
    found: dict[str, Any] = {"architecture": name, "rows": rows, "how": how, "steps": batches.steps_per_epoch}
    try:
        with fed(batches.epoch(0), device) as ready:
            taken = _taken(stepper, ready)
            for _ in islice(taken, warm):
                pass
            wait(device)
            begun = time.perf_counter()
            for _ in islice(taken, timed):
                pass
            wait(device)
            seconds = (time.perf_counter() - begun) / timed
    except RuntimeError as error:
        return found | {"failed": str(error)}
    finally:
        stepper.forward.plain()
    return found | {"step_s": seconds, "epoch_s": seconds * batches.steps_per_epoch}


def _taken(stepper: Stepper, ready: Iterator[Batch]) -> Iterator[None]:
    for batch in ready:
        stepper.take(batch, 1e-4, 0.0)
        yield


def text_of(found: dict[str, Any]) -> str:
    """The figures as tables."""
    plain = found["compiled"][0].get("seconds", 0.0)
    shares = table(["step, bfloat16", "ms", "of the matmul rate"], [_share_line(step) for step in found["steps"]])
    ways = table(
        ["step", "ms", "times as it is", "first three steps, s"], [_way_line(way, plain) for way in found["compiled"]]
    )
    epochs = table(
        ["epoch of MNLI's size", "steps", "ms a step", "s an epoch"], [_epoch_line(epoch) for epoch in found["epochs"]]
    )
    failed = [f"{part['how']}: {part['failed']}" for part in (*found["compiled"], *found["epochs"]) if "failed" in part]
    rate = (
        f"{found['device']}: {found['matmul_rate'] / 1e12:.1f} TFLOP/s in bfloat16 products of {found['matmul_size']}"
    )
    return "\n\n".join([rate, shares, ways, epochs, *failed])


def _share_line(step: dict[str, Any]) -> list[str]:
    name = f"{step['architecture']}, {step['rows']}×{step['length']}"
    return [name, f"{1e3 * step['seconds']:.2f}", f"{step['achieved']:.0%}"]


def _way_line(way: dict[str, Any], plain: float) -> list[str]:
    name = f"{way['architecture']} {way['how']}"
    if "failed" in way:
        return [name, "failed", "", ""]
    return [name, f"{1e3 * way['seconds']:.2f}", f"{plain / way['seconds']:.2f}", f"{way['first_s']:.1f}"]


def _epoch_line(epoch: dict[str, Any]) -> list[str]:
    name = f"{epoch['architecture']}, {epoch['rows']} rows, {epoch['how']}"
    if "failed" in epoch:
        return [name, f"{epoch['steps']:,}", "failed", ""]
    return [name, f"{epoch['steps']:,}", f"{1e3 * epoch['step_s']:.2f}", f"{epoch['epoch_s']:.0f}"]
