"""One short call of the engine as a process: starts it, is asked whether it is done, never waits. Knows no Qt.

Input and output are temporary files, so that neither side can block the other.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distill_gui.services.engine_start import leave_running, start_engine
from engine.store.process_tree import kill_tree
from engine.store.processes import started_at


@dataclass(frozen=True)
class Answer:
    """How a call ended; ``status`` is None if it took longer than its limit or could not be started."""

    status: int | None
    output: str
    complaint: str


class EngineCall:
    """A running call; ``poll()`` until it answers, or ``kill()``."""

    def __init__(self, command: Sequence[str], given: str, folder: Path, limit_s: float) -> None:
        self._limit_s = limit_s
        self._deadline = time.monotonic() + limit_s
        self._given, self._output, self._complaint = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115
        self._given.write(given.encode("utf-8", "backslashreplace"))
        self._given.seek(0)
        self._process: subprocess.Popen[bytes] | None = None
        self._failure = ""
        try:
            self._process = start_engine(command, folder, self._given, self._output, self._complaint)
            self._started = started_at(self._process.pid) or 0.0
        except OSError as error:
            self._failure = f"The engine cannot be started: {error}."

    def poll(self) -> Answer | None:
        """Its answer once it has ended or its time is over, else None."""
        if self._process is None:
            return self._answer(None, self._failure)
        status = self._process.poll()
        if status is not None:
            return self._answer(status)
        if time.monotonic() > self._deadline:
            self._end()
            return self._answer(None, f"The engine has not answered within {self._limit_s:g} s.")
        return None

    def kill(self) -> None:
        """End it with all that it started; it is not asked again."""
        self._end()
        self._close()

    def leave_running(self) -> None:
        """Let it go on; it is not asked again."""
        if self._process is not None:
            leave_running(self._process)
        self._close()

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            kill_tree(self._process.pid, self._started)
            self._process.wait(5)

    def _answer(self, status: int | None, complaint: str = "") -> Answer:
        texts = []
        for file in (self._output, self._complaint):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        self._close()
        return Answer(status, texts[0], complaint or texts[1].strip())

    def _close(self) -> None:
        for file in (self._given, self._output, self._complaint):
            file.close()
