"""How much memory a run will need at its peak, against what is free. Knows models and batches; no loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.batches import collate
from engine.data.tokenising import Encoding
from engine.diagnosis.finding import Finding, Level
from engine.free_memory import free_memory
from engine.models.recompute import keeping_all, recomputing_layers

if TYPE_CHECKING:
    import torch
    from torch import nn

ADAMW = 4  # copies of the weights while training: themselves, gradients, AdamW's two moments
NEARLY_FULL = 0.8
_BYTES = 4  # of a float32


@dataclass(frozen=True)
class Phase:
    """What is held at once while one thing is trained, in bytes."""

    name: str
    weights: int  # with gradients, moments and the copy of the best
    activations: int
    beside: int  # the other model

    @property
    def total(self) -> int:
        return self.weights + self.activations + self.beside


def training_bytes(parameters: int, device: torch.device) -> int:
    """Weights, gradients and AdamW's moments in float32; on the CPU also the copy of the best weights."""
    return parameters * _BYTES * (ADAMW + (device.type == "cpu"))


def activation_bytes(
    model: nn.Module, encoding: Encoding, batch_size: int, device: torch.device, precision: torch.dtype | None
) -> int:
    """What a forward pass of ``batch_size`` of the longest rows keeps for the backward pass: measured on two rows, each
    storage once, the weights left out. Of layers that recompute, the inside of one is there at a time."""
    kept = _kept_bytes(model, encoding, batch_size, device, precision)
    layers = len(recomputing_layers(model))
    if not layers:
        return kept
    with keeping_all(model):
        whole = _kept_bytes(model, encoding, batch_size, device, precision)
    # The last layer keeps next to nothing where it is computed for the first token alone: the others hold it all.
    full = layers - 1 if getattr(model, "first_alone", False) else layers
    return kept + (whole - kept) // max(1, full)


def _kept_bytes(
    model: nn.Module, encoding: Encoding, batch_size: int, device: torch.device, precision: torch.dtype | None
) -> int:
    import torch

    longest = np.argsort(-encoding.lengths, kind="stable")[: min(2, batch_size)]
    inputs = {name: values.to(device) for name, values in collate(encoding, longest).inputs.items()}
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    half = torch.autocast(device.type, dtype=precision or torch.bfloat16, enabled=precision is not None)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), half:
        logits = model.train()(**inputs).logits  # held, so that no storage is given back and counted twice
    total = sum(seen.values())
    del logits
    return round(total / len(longest) * batch_size)


def free_bytes(device: torch.device) -> int:
    """What a run could have: what is free, and what this process will give back when it ends."""
    import psutil
    import torch

    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    return free_memory() + psutil.Process().memory_info().rss


def memory_finding(phases: list[Phase], base: int, free: int, device: str, in_parts: Sequence[str] = ()) -> Finding:
    """The largest phase and the program itself (``base``) against ``free``, all in bytes. ``in_parts`` is what a GPU said of
    batches that did not fit when they were tried: they are taken in parts, which is slow but no reason to stop.
    """
    peak = max(phases, key=lambda phase: phase.total)
    need = base + peak.total
    numbers: dict[str, Any] = {
        "need": need, "free": free, "program": base, "device": device,
        "phases": {
            phase.name: {"weights": phase.weights, "activations": phase.activations, "beside": phase.beside}
            for phase in phases
        },
    }  # fmt: skip
    text = (
        f"About {_amount(need)} of {_amount(free)} free on {device}: {_amount(peak.weights)} weights, gradients and AdamW, "
        f"{_amount(peak.activations)} activations of the longest batch"
        + (f", {_amount(base)} the program" if base else "")
    )
    key = "teacher.batch_size" if peak.name == "teacher" else "training.batch_size"
    level: Level = "fine"
    remedy = ""
    splits = device.startswith("cuda") and base + peak.weights + peak.beside < free
    if in_parts or (need > free and splits):
        level, text = "look", f"{text}: batches will be taken in parts, which is slower"
        remedy = f"Lower {key} or task.max_length."
    elif need > free:
        level, text = "stop", f"{text}: it will not fit"
        remedy = f"Lower {key} or task.max_length, or choose a smaller {peak.name}."
    elif need > NEARLY_FULL * free:
        level, text = "look", f"{text}: it will be tight"
        remedy = f"Close other programs, or lower {key}."
    return Finding(level, "memory", "Memory", f"{text}.", remedy, key, numbers)


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
