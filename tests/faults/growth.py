"""Does a window grow? Samples of its own process, and what of them may become more with every run or hour. Knows no store."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from distill_gui.app import Studio
from distill_gui.widgets.toast import Toast

MEMORY, OBJECTS, FILES, THREADS = "memory beside the curves, bytes", "Python objects", "open files", "threads"
QT_OBJECTS, TOP_LEVELS = "Qt objects in the window", "top-level widgets"

CACHED = ("ReferenceType", "Statement")  # weak references come and go by the hundred; SQLite keeps 128 statements


@dataclass(frozen=True)
class Limit:
    """How much a figure may grow: ``each`` with every run or hour, and ``slack`` once, for what comes and goes."""

    each: float
    slack: float


# A leaked record of a run is some 15 kB and a hundred objects; a leaked place, toast or chart tens of Qt objects.
LIMITS = {
    MEMORY: Limit(10_000, 16_000_000),  # Qt makes caches of some megabytes late
    OBJECTS: Limit(1, 1000),  # a module that is loaded late
    FILES: Limit(0, 2),
    THREADS: Limit(0, 1),
    QT_OBJECTS: Limit(0.02, 10),
    TOP_LEVELS: Limit(0, 3),
}


@dataclass(frozen=True)
class Sample:
    """The window's process at one moment, all collected that can be: figures by name. ``after`` counts runs, rounds, hours."""

    after: float
    figures: dict[str, float]
    curve_bytes: int


def take_sample(studio: Studio, after: float) -> Sample:
    """Look at this process; messages over the window go first, as they would by themselves."""
    for toast in studio.window.findChildren(Toast):
        toast.close()
    settle()
    process, curves = psutil.Process(), studio.models.curves.nbytes()
    figures: dict[str, float] = {
        MEMORY: own_memory(process) - curves,
        OBJECTS: sum(type(thing).__name__ not in CACHED for thing in gc.get_objects()),
        FILES: process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        THREADS: process.num_threads(),
        QT_OBJECTS: len(studio.window.findChildren(QObject)),
        TOP_LEVELS: len(QApplication.topLevelWidgets()),
    }
    return Sample(after, figures, curves)


def own_memory(process: psutil.Process) -> int:
    """Bytes of a process that lie in no file. Pages of libraries, some 45 MB of a window's, are left out: whether they count
    as its own depends on who else on the machine has them mapped just now."""
    with suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("Anonymous:")).split()[1])
    return int(process.memory_full_info().uss)


def settle() -> None:
    """Let Qt and Python delete what nobody holds any more."""
    for _ in range(2):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
    if sys.platform == "linux":  # glibc keeps some 50 MB of free memory at times, and at others none: that is no growth
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """How much each figure grew with every run or hour: the slope of the line through all samples, at least two."""
    after = np.array([sample.after for sample in samples])
    return {name: float(np.polyfit(after, [s.figures[name] for s in samples], 1)[0]) for name in samples[0].figures}


def too_much(samples: Sequence[Sample], unit: str) -> list[str]:
    """A sentence for each figure that grew beyond its limit."""
    span = samples[-1].after - samples[0].after
    return [
        f"{name} grew by {each:,.2f} with every {unit}, from {samples[0].figures[name]:,.0f} to "
        f"{samples[-1].figures[name]:,.0f} in {span:g}."
        for name, each in growth(samples).items()
        if each * span > LIMITS[name].each * span + LIMITS[name].slack
    ]


def as_table(part: str, unit: str, samples: Sequence[Sample]) -> str:
    """The samples as lines of text, for whoever looks for the cause."""
    rows: list[list[Any]] = [[part, *LIMITS, "curves, bytes"]]
    rows += [[f"{s.after:g} {unit}", *(f"{v:,.0f}" for v in s.figures.values()), f"{s.curve_bytes:,}"] for s in samples]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(rows[0]))]
    return "\n".join("  ".join(str(cell).rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
