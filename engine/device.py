"""Chooses where to train and with how many CPU threads, and says why. Imports torch only when asked to choose."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

from engine.beside import write_note
from engine.errors import EngineError

if TYPE_CHECKING:
    import torch


def choose_device(wish: str) -> tuple[torch.device, str]:
    """(device, reason) for "auto", "cpu", "cuda" or "cuda:N". Raises EngineError for a GPU that is not there."""
    import torch

    if wish == "cpu":
        return torch.device("cpu"), "chosen in the configuration"
    if wish.startswith("cuda"):
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        number = int(wish.partition(":")[2] or 0)
        if number >= count:
            found = "no CUDA GPU was found" if count == 0 else f"there are only {count} CUDA GPUs, counted from 0"
            raise EngineError(f"training.device is “{wish}”, but {found}; choose “auto” or “cpu”.")
        return torch.device("cuda", number), f"chosen in the configuration · {torch.cuda.get_device_name(number)}"
    if torch.cuda.is_available():
        return torch.device("cuda", 0), f"fastest device found · {torch.cuda.get_device_name(0)}"
    return torch.device("cpu"), "no CUDA GPU found"


def choose_precision(wish: str, device: torch.device) -> tuple[torch.dtype | None, str]:
    """(the autocast type of the forward passes, reason) for "auto", "bfloat16" or "float32"; None means float32 throughout."""
    import torch

    if wish == "float32":
        return None, "float32, chosen in the configuration"
    if wish == "bfloat16":
        return torch.bfloat16, "bfloat16, chosen in the configuration"
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16, "bfloat16"
    return None, "float32"


AT_ONCE = "DISTILL_AT_ONCE"  # environment: how many runs share this machine's cores


def choose_threads(wish: int, home: Path, keep: bool = True) -> tuple[int, str]:
    """(threads, reason) for torch on the CPU: ``wish``, or OMP_NUM_THREADS, or the fastest in a short measurement.

    The measured number is kept in ``home``: the order of summation depends on it, and the same seed is to give the same
    numbers on the same machine. With ``keep`` off nothing is written; a disk that refuses ends no run. Where several runs
    share the machine each has no more than its share of the cores, and nothing is measured beside the others.
    """
    if wish:
        return wish, "chosen in the configuration"
    if (given := os.environ.get("OMP_NUM_THREADS", "")).isdigit() and int(given) > 0:
        return int(given), "OMP_NUM_THREADS"
    file = home / "threads.json"
    machine = f"{platform.node()} {platform.processor() or platform.machine()} {os.cpu_count()}"
    share = _share_of_the_cores()
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["machine"] == machine and 1 <= (threads := int(kept["threads"])) <= 1024:
            if share is not None and share < threads:
                return share, "its share of the cores, as several runs are trained at once"
            return threads, "fastest when measured on this machine"
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never measured here, or not readable: measure
    if share is not None:
        return share, "its share of the cores, as several runs are trained at once"
    threads = _fastest_threads()
    if not keep:
        return threads, "fastest when measured just now"
    write_note(file, json.dumps({"machine": machine, "threads": threads}))
    return threads, "fastest when measured just now"


def _share_of_the_cores() -> int | None:
    """How many cores are this run's, None where all are."""
    given = os.environ.get(AT_ONCE, "")
    return max(1, (os.cpu_count() or 1) // int(given)) if given.isdigit() and int(given) > 1 else None


def _fastest_threads() -> int:
    """The thread count with the best median time for a small encoder layer, forward and backward; under a second."""
    import torch

    cores = os.cpu_count() or 1
    candidates = sorted({1, 2, 4, 8, 16, max(1, cores // 2), cores})
    layer = torch.nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True)
    batch = torch.randn(16, 32, 256)
    before = torch.get_num_threads()
    times: dict[int, float] = {}
    for count in (count for count in candidates if count <= cores):
        torch.set_num_threads(count)
        measured = []
        for _ in range(7):
            start = time.perf_counter()
            layer(batch).sum().backward()
            measured.append(time.perf_counter() - start)
        times[count] = sorted(measured[2:])[2]
    torch.set_num_threads(before)
    best = min(times.values())
    return min(count for count, spent in times.items() if spent <= best * 1.1)  # fewer threads where it hardly matters
