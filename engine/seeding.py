"""Starts every random generator from one seed, and lets a GPU sum in one order; knows nothing of what is drawn."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's generators (CPU and CUDA)."""
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def leave_determinism_open() -> None:
    """To be called before the first use of a GPU in a process: cuBLAS reads once what workspace it may have.

    With this one, torch's own choice on a Hopper GPU, its results repeat (NVIDIA, “cuBLAS”, §2.1.4).
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def determine(wanted: bool, device: torch.device) -> str:
    """Let torch use on a GPU only kernels that sum in one order, or any, for all of the process; what is to be said of it.

    An operation that has no such kernel raises RuntimeError when it is run.
    """
    import torch

    on_gpu = wanted and device.type == "cuda"
    if torch.are_deterministic_algorithms_enabled() != on_gpu:  # the call itself imports torch's compiler
        torch.use_deterministic_algorithms(on_gpu)
    torch.backends.cudnn.deterministic = on_gpu
    torch.backends.cudnn.benchmark = False
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # nothing reads it
    if not wanted:
        return ""
    return "deterministic" if on_gpu else "deterministic, as always on the CPU"
