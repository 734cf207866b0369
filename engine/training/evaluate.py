"""Runs a model over rows and scores it. Hidden labels are never scored; knows no optimiser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.array_cache import StopAsked
from engine.data.batches import collate, evaluation_rows, padding_multiple
from engine.data.metrics import score
from engine.data.split import Split
from engine.data.tokenising import Encoding
from engine.training.loop import Evaluation
from engine.training.portions import Portions, ran_out_of_memory
from engine.training.side_by_side import looked_at, one_thread
from engine.types import Task, TaskKind

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

# Places of a batch. A processor is fastest where a layer's numbers stay in its cache (measured: a 6x384 scores a quarter more
# rows a second in batches of 16 rows of 54 than of 128), a GPU where there is much to do at once.
CPU_TOKENS, GPU_TOKENS = 1024, 16384


def tokens_at_once(device: torch.device) -> int:
    """How many places a batch has at most that is only looked at."""
    return CPU_TOKENS if device.type == "cpu" else GPU_TOKENS


def predict(
    model: nn.Module,
    split: Split,
    device: torch.device,
    precision: torch.dtype | None,
    encoding: str = "student",
    after_batch: Callable[[int], None] = lambda rows_done: None,
    portions: Portions | None = None,
) -> NDArray[np.float32]:
    """Logits of every row, in the rows' order, float32 of shape (rows, outputs); dropout off, the model's mode restored.

    ``precision`` is the autocast type, None for float32. A model that knows another order of the classes (``output_order``)
    is put into the task's order. ``after_batch`` hears how many rows are done. A batch that does not fit is taken in
    ``portions``. Raises TooLittleMemory.
    """
    encoded = split.encodings[encoding]
    batches = evaluation_rows(encoded, tokens_at_once(device), padding_multiple(device))
    found = predict_batches(model, encoded, batches, device, precision, after_batch, portions)
    collected = np.empty_like(found)
    collected[np.concatenate(batches)] = found
    return collected


def predict_batches(
    model: nn.Module,
    encoding: Encoding,
    batches: Sequence[NDArray[np.int64]],
    device: torch.device,
    precision: torch.dtype | None,
    after_batch: Callable[[int], None] = lambda rows_done: None,
    portions: Portions | None = None,
) -> NDArray[np.float32]:
    """As ``predict``, of the rows of these batches (at least one) alone and in their order.

    On the CPU as many batches at a time as torch has threads, so that what is found does not depend on their number; one at a
    time once memory was short, and of a model that does not say that it is ``reentrant``.
    """
    import torch

    portions = portions or Portions(device)
    order = getattr(model, "output_order", None)
    collected: list[NDArray[np.float32]] = []
    done = 0

    def ask(inputs: Mapping[str, Tensor]) -> NDArray[np.float32]:
        half = torch.autocast(device.type, dtype=precision or torch.bfloat16, enabled=precision is not None)
        with torch.inference_mode(), half:  # both hold for the thread that enters them
            found = model(**inputs).logits.float().cpu()
            return (found if order is None else found[:, order]).numpy()

    def look(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return ask(collate(encoding, rows, padding_multiple(device)).inputs)

    def take(found: NDArray[np.float32]) -> None:
        nonlocal done
        collected.append(found)
        done += len(found)
        after_batch(done)

    beside = device.type == "cpu" and getattr(model, "reentrant", False)
    with _in_evaluation(model, device), one_thread() if beside else nullcontext(1) as threads:
        if threads > 1 and portions.several:
            try:
                for found in looked_at(batches, look, threads):
                    take(found)
            except (RuntimeError, MemoryError) as error:
                if not ran_out_of_memory(error):
                    raise
                portions.one_at_a_time()
        for rows in batches[len(collected) :]:
            inputs = collate(encoding, rows, padding_multiple(device)).inputs
            for _, found in portions.each(inputs, ask):
                take(found)
    return np.concatenate(collected)


@contextmanager
def _in_evaluation(model: nn.Module, device: torch.device) -> Iterator[None]:
    """The model on the device with dropout off; its mode is restored, also where a stop ends the evaluation."""
    was_training = model.training
    model.to(device).eval()
    try:
        yield
    finally:
        model.train(was_training)


def label_loss_of(logits: NDArray[np.float32], split: Split, kind: TaskKind) -> float:
    """The label loss over rows with labels, as a number."""
    import torch

    from engine.losses.objective import label_loss

    return float(label_loss(torch.from_numpy(logits).double(), torch.from_numpy(split.targets).double(), kind))


def evaluate(
    model: nn.Module,
    task: Task,
    splits: dict[str, Split],
    device: torch.device,
    precision: torch.dtype | None,
    encoding: str = "student",
    stop_requested: Callable[[], bool] = lambda: False,
    portions: Portions | None = None,
) -> Evaluation:
    """Score ``model`` on evaluation splits; ``precision`` as for ``predict``.

    Raises StopAsked if a stop is asked for meanwhile, TooLittleMemory where not even one row fits.
    """

    def after_batch(rows_done: int) -> None:
        if stop_requested():
            raise StopAsked

    return evaluate_logits(
        task, splits, lambda split: predict(model, split, device, precision, encoding, after_batch, portions)
    )


def evaluate_logits(
    task: Task, splits: dict[str, Split], logits_of: Callable[[Split], NDArray[np.float32]]
) -> Evaluation:
    """Score logits on evaluation splits.

    The key is the mean of the key metric over the splits (MNLI has two). Curves are named ``validation/f1``, with several
    splits ``validation_matched/accuracy``.
    """
    values: dict[str, float] = {}
    scores: dict[str, dict[str, float]] = {}
    losses = []
    for name, split in splits.items():
        logits = logits_of(split)
        scores[name] = score(task, logits, split.labels)
        values |= {f"{name}/{metric}": value for metric, value in scores[name].items()}
        losses.append(label_loss_of(logits, split, task.kind))
    values["validation/loss"] = float(np.mean(losses))
    key = float(np.mean([found[task.key_metric] for found in scores.values()]))
    return Evaluation(values, key, scores)
