"""What usually helps when a run failed the way its reason and log say; plain text in, plain text out, knows no Qt."""

from __future__ import annotations

import re

HINTS: tuple[tuple[str, str], ...] = (
    (
        r"out of memory|OutOfMemory|MemoryError|cannot allocate",
        "Memory ran out: halve the batch size, shorten the texts (max_length) or choose a smaller student.",
    ),
    (
        r"\bNaN\b|\binf\b|not finite|gone astray|diverge",
        "Training diverged: lower the learning rate, or clip the gradient more tightly.",
    ),
    (r"no space left|disk full|disk is full", "The disk is full: make room in the home folder, then run it again."),
    (
        r"without a word|SIGKILL|exit (?:code|status) -?9\b|killed",
        "The process was ended from outside, most often by the system when memory runs out. Nothing stored is lost.",
    ),
    (r"permission denied|read-only", "A file cannot be written or read: check who owns the home folder."),
    (
        r"offline|couldn't connect|could not connect|connection|resolve host|timed out",
        "A download did not work: check the network, or point to folders on this disk.",
    ),
    (r"CUDA|cuBLAS|cuDNN|NCCL", "The graphics card reported an error: try again, or train with device = cpu."),
    (r"safetensors|pickle|weights", "The model's folder does not hold what is needed: see the sentence above."),
)


def hint(reason: str, log: str = "") -> str:
    """The hint for the first known cause found in `reason`, else in the end of the log; "" for an unknown one."""
    for text in (reason, log[-4000:]):
        for pattern, advice in HINTS:
            if re.search(pattern, text, re.IGNORECASE):
                return advice
    return ""
