"""The child process that trains: starts it so that it outlives the window, tells when and how it ended. Knows no Qt.

Its output goes to a file: a pipe would block it, or break it once the window is closed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from distill_gui.services.engine_start import ENGINE, leave_running, start_engine
from distill_gui.services.worker_output import WorkerOutput
from engine.errors import StoreError
from engine.store.exit_cause import MemoryWatch, cause_of
from engine.store.home import open_private
from engine.store.process_tree import kill_session
from engine.store.processes import started_at


class WorkerProcess:
    """One running worker of ``home``, started by the constructor. Raises StoreError if it cannot be started."""

    def __init__(self, home: Path, command: Sequence[str] = ENGINE, stay_s: float = 20.0) -> None:
        self.output = WorkerOutput.begin(home)
        self._memory = MemoryWatch()
        arguments = [*command, "work", "--home", str(home), "--stay-s", f"{stay_s:g}", "--quiet"]
        try:
            with open_private(self.output.file) as output:
                self._process = start_engine(arguments, home, subprocess.DEVNULL, output, subprocess.STDOUT)
        except OSError as error:
            raise StoreError(f"The training process cannot be started: {error}.") from error
        self.pid = self._process.pid
        self.started = started_at(self.pid) or 0.0
        self.output.name_after(self.pid, self.started)

    @property
    def identity(self) -> tuple[int, float]:
        return self.pid, self.started

    def poll(self) -> int | None:
        """Its exit status once it has ended, else None. What it left of its own children is killed then."""
        if self._process.returncode is None and _has_ended(self.pid):
            kill_session(self.pid)
        status = self._process.poll()
        if status is None:
            self._memory.look()
        return status

    def last_lines(self, count: int = 20) -> str:
        """The end of what it printed; of a crash's report the beginning, which names the place."""
        return self.output.last_lines(count)

    def cause(self) -> str:
        """Why it ended, as a clause (``it was killed …``)."""
        status = self._process.poll()
        return cause_of(status or 0, self.last_lines(), self._memory.saw_kills())

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
