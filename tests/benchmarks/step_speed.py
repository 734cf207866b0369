"""How fast the machine multiplies and copies, and how much of that a training step reaches; a process of its own.

``python -m tests.benchmarks.step_speed ARCHITECTURE ROWS LENGTH THREADS STEPS OUT.json``. The step is the product's own,
dropout on, random tokens of one length; the rates are taken before and after it and the best counts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import torch
from torch.utils.flop_counter import FlopCounterMode

from engine import catalog
from engine.data.batches import Batch
from engine.losses.objective import Objective
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.training.loop import Course
from engine.training.step import Learner, Stepper
from tests.benchmarks.arithmetic import StepSize, shape_of, step_bytes, step_operations

CPU = torch.device("cpu")
VOCABULARY = 30522
MATMUL_SIZES = (256, 512, 1024, 2048)
QUICK_SIZES = (128, 256)
COPIED_BYTES = 1 << 28
RATE_S = 0.4  # for each size, so long is its best time looked for


@dataclass(frozen=True)
class StepSpeed:
    """``counted`` by the formula, ``torch_counted`` by torch's counter over one step, both operations.

    ``matmul_rate`` in operations a second, ``copy_rate`` in bytes read and written a second; the floors follow from them.
    """

    architecture: str
    rows: int
    length: int
    threads: int
    parameters: int
    counted: int
    torch_counted: int
    moved_bytes: int
    seconds: float
    matmul_rate: float
    matmul_size: int
    copy_rate: float

    @property
    def arithmetic_floor_s(self) -> float:
        return self.counted / self.matmul_rate

    @property
    def bytes_floor_s(self) -> float:
        return self.moved_bytes / self.copy_rate

    @property
    def achieved(self) -> float:
        """Operations a second of the step over the machine's own rate."""
        return self.counted / self.seconds / self.matmul_rate


def matmul_rate(sizes: tuple[int, ...], seconds: float = RATE_S) -> tuple[float, int]:
    """(operations a second, size): the best square float32 product over the sizes, with torch's threads as they are."""
    found = []
    for size in sizes:
        left, right, out = (torch.randn(size, size) for _ in range(3))
        best = _best(partial(torch.mm, left, right, out=out), seconds)
        found.append((2 * size**3 / best, size))
    return max(found)


def copy_rate(size: int = COPIED_BYTES, seconds: float = RATE_S) -> float:
    """Bytes a second, those read and those written, of copying an array much larger than the caches."""
    source, target = torch.ones(size // 4), torch.empty(size // 4)
    return 2 * size / _best(lambda: target.copy_(source), seconds)


def _best(work: Callable[[], object], seconds: float) -> float:
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def stepper_and_batch(shape: EncoderShape, size: StepSize) -> tuple[Stepper, Batch]:
    """The product's own step over random tokens, a KL term beside the labels'."""
    task, loss = catalog.tasks()["mrpc"], catalog.losses()["kl"]
    torch.manual_seed(0)
    model = random_classifier(shape, task)
    targets = torch.nn.functional.one_hot(torch.arange(size.rows) % size.outputs, size.outputs).float()
    objective = Objective(loss, loss.settings(kind="kl"), task.kind)
    learner = Learner(model, objective, targets, torch.randn(size.rows, size.outputs))
    inputs = {
        "input_ids": torch.randint(5, shape.vocabulary, (size.rows, size.length)),
        "attention_mask": torch.ones(size.rows, size.length, dtype=torch.int64),
    }
    return Stepper(learner, Course(1, 1e-4), CPU, lambda text: None), Batch(inputs, torch.arange(size.rows), inputs)


def torch_operations(stepper: Stepper, batch: Batch) -> int:
    """What torch's own counter finds in one step."""
    with FlopCounterMode(display=False) as counter:
        stepper.take(batch, 1e-4, 0.0)
    return int(counter.get_total_flops())


def measure(architecture: str, rows: int, length: int, threads: int, steps: int) -> StepSpeed:
    """``steps`` timed steps behind two that warm up. Few steps: rates over small sizes only, to see that it works."""
    torch.set_num_threads(threads)
    size = StepSize(rows, length)
    sizes, copied = (MATMUL_SIZES, COPIED_BYTES) if steps > 2 else (QUICK_SIZES, COPIED_BYTES >> 4)
    before = matmul_rate(sizes), copy_rate(copied)
    shape = shape_of(architecture, VOCABULARY)
    stepper, batch = stepper_and_batch(shape, size)
    by_torch = torch_operations(stepper, batch)
    stepper.take(batch, 1e-4, 0.0)
    times = []
    for _ in range(steps):
        begun = time.perf_counter()
        stepper.take(batch, 1e-4, 0.0)
        times.append(time.perf_counter() - begun)
    after = matmul_rate(sizes), copy_rate(copied)
    rate, best_size = max(before[0], after[0])
    parameters = sum(parameter.numel() for parameter in stepper.learner.model.parameters())
    return StepSpeed(
        architecture, rows, length, threads, parameters, step_operations(shape, size), by_torch,
        step_bytes(parameters), median(times), rate, best_size, max(before[1], after[1]),
    )  # fmt: skip


def main(architecture: str, rows: str, length: str, threads: str, steps: str, out: str) -> None:
    found = measure(architecture, int(rows), int(length), int(threads), int(steps))
    Path(out).write_text(json.dumps(asdict(found), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
