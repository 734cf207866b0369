"""The harness's side of a window: starts it, waits for what it says, kills it, and counts its CPU time and its workers'."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.store import WorkerLock
from tests.faults.material import environment

Line = dict[str, Any]


class Window:
    """One process with a window on ``home``. ``lines`` is what it has said so far."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        descriptor, name = tempfile.mkstemp(prefix="signals-", dir=home)
        os.close(descriptor)
        self._file = Path(name)
        self.lines: list[Line] = []
        self._read = 0
        with (home / "window-output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.window", str(home), name, *options],
                stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment(),
            )  # fmt: skip
        self.pid = self._process.pid

    def look(self) -> list[Line]:
        """Everything said so far."""
        with self._file.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        self.lines += [json.loads(line) for line in whole.splitlines()]
        return self.lines

    def wait_for(self, wanted: Callable[[Line], bool], limit_s: float = 60.0, since: float = 0.0) -> Line | None:
        """The first line so wanted, said after ``since``; None if the time is over or the window has ended."""
        deadline = time.monotonic() + limit_s
        while True:
            for line in self.look():
                if line["t"] >= since and wanted(line):
                    return line
            if time.monotonic() > deadline or self._process.poll() is not None:
                return None
            time.sleep(0.01)

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()

    def kill(self, number: int = signal.SIGKILL) -> None:
        self._process.send_signal(number)
        self._process.wait()
        self._close_pipe()

    def close(self) -> int:
        """As a person closes it; returns the exit status."""
        self.tell("close")
        try:
            status = self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9
        self._close_pipe()
        return status

    def _close_pipe(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def output(self) -> str:
        return (self.home / "window-output.txt").read_text(errors="replace")[-1500:]


def adopt_orphans() -> None:
    """Workers whose window died become children of this process: their CPU time is counted, and none is left behind."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def end_worker(home: Path) -> None:
    """Kill what still works for ``home``, and collect it if it is a child by now."""
    if (holder := WorkerLock(home).holder()) is not None:
        with suppress(OSError):
            os.kill(holder[0], signal.SIGKILL)
        collect(holder[0])


def collect(worker: int, limit_s: float = 10.0) -> None:
    """Wait for a worker that ended after its window did."""
    deadline = time.monotonic() + limit_s
    with suppress(ChildProcessError):
        while os.waitpid(worker, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
