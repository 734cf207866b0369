"""The child process that trains: starts it so that it outlives the window, tells when and how it ended. Knows no Qt.

Its output goes to a file in HOME/workers: a pipe would block it, or break it once the window is closed.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from distill_gui.services.engine_start import ENGINE, leave_running, start_engine
from distill_gui.services.exit_cause import cause_of, memory_kills
from distill_gui.services.process_tree import kill_session
from engine.errors import StoreError
from engine.store.home import make_private_folder, open_private
from engine.store.processes import started_at

KEPT_OUTPUTS = 20
CRASH = "Fatal Python error: "  # how faulthandler's report begins; the innermost call comes first in it


class WorkerProcess:
    """One running worker of ``home``, started by the constructor. Raises StoreError if it cannot be started."""

    def __init__(self, home: Path, command: Sequence[str] = ENGINE, stay_s: float = 20.0) -> None:
        folder = make_private_folder(home / "workers")
        _remove_old(folder)
        self.output = _new_file(folder)
        self._memory_kills = memory_kills()
        arguments = [*command, "work", "--home", str(home), "--stay-s", f"{stay_s:g}"]
        try:
            with open_private(self.output) as output:
                self._process = start_engine(arguments, home, subprocess.DEVNULL, output, subprocess.STDOUT)
        except OSError as error:
            raise StoreError(f"The training process cannot be started: {error}.") from error
        self.pid = self._process.pid
        self.started = started_at(self.pid) or 0.0

    @property
    def identity(self) -> tuple[int, float]:
        return self.pid, self.started

    def poll(self) -> int | None:
        """Its exit status once it has ended, else None. What it left of its own children is killed then."""
        if self._process.returncode is None and _has_ended(self.pid):
            kill_session(self.pid)
        return self._process.poll()

    def last_lines(self, count: int = 20, size: int = 16_384) -> str:
        """The end of what it printed; of a crash's report the beginning, which names the place."""
        try:
            with self.output.open("rb") as file:
                file.seek(max(0, self.output.stat().st_size - size))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        lines = text.splitlines()
        crash = max((number for number, line in enumerate(lines) if line.startswith(CRASH)), default=len(lines))
        first = min(crash, max(0, len(lines) - count))
        return "\n".join(lines[first : first + count])

    def cause(self) -> str:
        """Why it ended, as a clause (``it was killed …``)."""
        status = self._process.poll()
        return cause_of(status or 0, self.last_lines(), memory_kills() > self._memory_kills)

    def leave_running(self) -> None:
        """Say that nobody here will ask for it again."""
        leave_running(self._process)


def _has_ended(pid: int) -> bool:
    """Whether a child has ended, without collecting it."""
    if not hasattr(os, "waitid"):
        return False
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False


def _new_file(folder: Path) -> Path:
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    number = 0
    while (file := folder / f"{stamp}-{number}.txt").exists():
        number += 1
    return file


def _remove_old(folder: Path) -> None:
    for file in sorted(folder.glob("*.txt"))[: -KEPT_OUTPUTS or None]:
        with suppress(OSError):
            file.unlink()
