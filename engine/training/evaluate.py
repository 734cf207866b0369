"""Runs a model over rows and scores it. Hidden labels are never scored; knows no optimiser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.metrics import score
from engine.data.split import Split
from engine.training.loop import Evaluation
from engine.types import Task

if TYPE_CHECKING:
    import torch
    from torch import nn

ROWS_PER_BATCH = 128


def predict(model: nn.Module, split: Split, device: torch.device, encoding: str = "student") -> NDArray[np.float32]:
    """Logits of every row, in the rows' order, float32 of shape (rows, outputs); dropout off, the model's mode restored.

    A model that knows another order of the classes (``output_order``) is put into the task's order.
    """
    import torch

    was_training = model.training
    model.to(device).eval()
    order = getattr(model, "output_order", None)
    collected: NDArray[np.float32] | None = None
    half = torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
    with torch.inference_mode(), half:
        for batch in split.evaluation_batches(ROWS_PER_BATCH, encoding, pad_to=8 if device.type == "cuda" else 1):
            inputs = {name: values.to(device, non_blocking=True) for name, values in batch.inputs.items()}
            logits = model(**inputs).logits.float()
            if order is not None:
                logits = logits[:, order]
            found = logits.cpu().numpy()
            if collected is None:
                collected = np.empty((len(split), found.shape[1]), np.float32)
            collected[batch.indices.numpy()] = found
    model.train(was_training)
    assert collected is not None, "a split is never empty"
    return collected


def label_loss_of(logits: NDArray[np.float32], split: Split) -> float:
    """The label loss over rows with labels, as a number."""
    import torch

    from engine.losses.objective import label_loss

    return float(label_loss(torch.from_numpy(logits).double(), torch.from_numpy(split.targets).double()))


def evaluate(
    model: nn.Module, task: Task, splits: dict[str, Split], device: torch.device, encoding: str = "student"
) -> tuple[Evaluation, dict[str, dict[str, float]]]:
    """Score ``model`` on evaluation splits: what goes on the curves, and {split: {metric: value}}.

    The key is the mean of the key metric over the splits (MNLI has two). Curves are named ``validation/f1``, with several
    splits ``validation_matched/accuracy``.
    """
    values: dict[str, float] = {}
    scores: dict[str, dict[str, float]] = {}
    losses = []
    for name, split in splits.items():
        logits = predict(model, split, device, encoding)
        scores[name] = score(task, logits, split.labels)
        values |= {f"{name}/{metric}": value for metric, value in scores[name].items()}
        losses.append(label_loss_of(logits, split))
    values["validation/loss"] = float(np.mean(losses))
    key = float(np.mean([found[task.key_metric] for found in scores.values()]))
    return Evaluation(values, key), scores
