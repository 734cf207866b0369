"""What the bottom bar shows of the work going on, and how it is put into words. Knows no Qt and no store."""

from __future__ import annotations

import math
from dataclasses import dataclass

GIGABYTE = 1024**3  # as graphics cards are sold and nvidia-smi counts


@dataclass(frozen=True)
class Status:
    """The run that is worked on and the queue behind it. Without a run, ``name`` is empty.

    ``epoch`` is the part of the run done, in epochs: 1.86 is "epoch 2 of 3", 86 % through. ``active`` counts runs
    that are running, ``queued`` those waiting. ``eta_s`` is None while it cannot be told.
    """

    name: str = ""
    phase: str = ""
    step: int = 0
    total_steps: int = 0
    epoch: float = 0.0
    epochs: int = 0
    eta_s: float | None = None
    active: int = 0
    queued: int = 0
    device: str = ""
    device_reason: str = ""

    @property
    def run_fraction(self) -> float:
        """The part of the run done, 0 to 1."""
        return self.step / self.total_steps if self.total_steps else 0.0

    @property
    def epoch_number(self) -> int:
        """The epoch worked on, from 1."""
        return min(self.epochs, math.floor(self.epoch) + 1)

    @property
    def epoch_fraction(self) -> float:
        """The part of this epoch done, 0 to 1; a run that is through shows its last epoch full."""
        return min(1.0, self.epoch - (self.epoch_number - 1))


def duration(seconds: float) -> str:
    """Time in the two units that matter: "8 s", "1 min 12 s", "2 h 05 min", "3 d 4 h"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def percent(fraction: float) -> str:
    """0.71 as "71 %"."""
    return f"{100 * fraction:.0f} %"


def gigabytes(part: int, whole: int) -> str:
    """Two sizes in bytes as "5.8 / 24.0 GB"."""
    return f"{part / GIGABYTE:.1f} / {whole / GIGABYTE:.1f} GB"
