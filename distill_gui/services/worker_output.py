"""What a training process prints: a file in HOME/workers, which any window finds by the process. Knows no Qt and no runs.

Its name says when it was begun, which window (by pid) began it, and whose output it is (pid and start time).
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

from engine.store.home import make_private_folder

KEPT_OUTPUTS = 20
CRASH = "Fatal Python error: "  # how faulthandler's report begins; the innermost call comes first in it


class WorkerOutput:
    """One such file; ``begin`` makes a new one."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @classmethod
    def begin(cls, home: Path) -> WorkerOutput:
        """A file for a process that is about to be started; the oldest others go. Raises StoreError."""
        folder = make_private_folder(home / "workers")
        for file in sorted(folder.glob("*.txt"))[: -KEPT_OUTPUTS or None]:
            with suppress(OSError):
                file.unlink()
        stamp, number = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}", 0
        while any(folder.glob(f"{stamp}-{number}.*")) or any(folder.glob(f"{stamp}-{number}-*")):
            number += 1
        return cls(folder / f"{stamp}-{number}.txt")

    def name_after(self, pid: int, started: float) -> None:
        """Say whose output it is; goes without where an open file cannot have another name (Windows)."""
        with suppress(OSError):
            self.file = self.file.rename(self.file.with_name(f"{self.file.stem}-{pid}-{started:.2f}.txt"))

    def is_left_alone(self) -> bool:
        """Whether the window that began it is surely gone, so that nobody else will tell of its process."""
        window = self.file.name.split("-")[2:3]
        return bool(window) and window[0].isdecimal() and not psutil.pid_exists(int(window[0]))

    def last_lines(self, count: int = 20, size: int = 16_384) -> str:
        """The end of what was printed; of a crash's report the beginning, which names the place."""
        try:
            with self.file.open("rb") as file:
                file.seek(max(0, self.file.stat().st_size - size))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        lines = text.splitlines()
        crash = max((number for number, line in enumerate(lines) if line.startswith(CRASH)), default=len(lines))
        first = min(crash, max(0, len(lines) - count))
        return "\n".join(lines[first : first + count])


def output_of(home: Path, pid: int | None, started: float | None) -> WorkerOutput | None:
    """What the process with this pid and start time printed; None where no window started it, or nobody knows."""
    if pid is None or started is None:
        return None
    found = sorted((home / "workers").glob(f"*-{pid}-{started:.2f}.txt"))
    return WorkerOutput(found[-1]) if found else None
