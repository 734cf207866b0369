"""Why a process ended, in words, from its exit status; knows neither runs nor Qt."""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

MEMORY_LOOK_S = 5.0
_SIGNALS = {
    "SIGKILL": "it was killed (SIGKILL), by hand or by the system",
    "SIGSEGV": "it crashed in native code (segmentation fault, SIGSEGV)",
    "SIGBUS": "it crashed in native code (bus error, SIGBUS); a full disk or a failing one can cause this",
    "SIGFPE": "it crashed in native code (arithmetic fault, SIGFPE)",
    "SIGILL": "it used an instruction this processor does not have (SIGILL); the installed PyTorch may be for another one",
    "SIGABRT": "it gave up inside native code (SIGABRT)",
    "SIGTERM": "it was told to end from outside (SIGTERM)",
    "SIGINT": "it was interrupted from outside (SIGINT)",
    "SIGHUP": "its session was closed (SIGHUP)",
}
_WINDOWS = {0xC0000005: "it crashed in native code (access violation)", 0xC0000017: "it ran out of memory",
            0xC00000FD: "it crashed in native code (stack overflow)"}  # fmt: skip
OUT_OF_MEMORY = "the machine ran out of memory and the system killed it; choose a smaller batch size, length or student"


def cause_of(status: int, output: str = "", memory_ran_out: bool = False) -> str:
    """A clause such as “it was killed (SIGKILL), …”.

    ``status`` as subprocess gives it (negative: a signal), ``output`` the last lines it printed, ``memory_ran_out``
    whether the system counted an out-of-memory kill meanwhile.
    """
    name = _signal_name(status)
    if name == "SIGKILL" and memory_ran_out:
        return OUT_OF_MEMORY
    if name is not None:
        return _SIGNALS.get(name, f"it ended by signal {name}")
    if (known := _WINDOWS.get(status & 0xFFFFFFFF)) and sys.platform == "win32":
        return known
    if "MemoryError" in output or "out of memory" in output.lower():
        return "it ran out of memory; choose a smaller batch size, length or student"
    return f"it ended with exit status {status}" if status else "it ended without finishing the run"


def _signal_name(status: int) -> str | None:
    """The signal of a negative status; also of 128 + n, as a shell between reports it."""
    number = -status if status < 0 else status - 128 if 128 < status < 160 else 0
    try:
        return signal.Signals(number).name
    except ValueError:
        return None


def memory_kills() -> int:
    """How many processes the system has killed for want of memory so far, in this machine and this container.

    0 where the system does not count. Two calls are to be compared.
    """
    counted = _counter(Path("/proc/vmstat"), "oom_kill")
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return counted
    return counted + sum(_counter(file, "oom_kill") for file in _group_counters(groups))


class MemoryWatch:
    """Whether processes were lately killed for want of memory: ``look`` now and then while something runs.

    Lately means since the look before the last one: in a long life others are killed too, but a process that is killed may take
    seconds to be gone, giving its memory back.
    """

    def __init__(self) -> None:
        self._counted = deque([memory_kills()], maxlen=2)
        self._looked_at = time.monotonic()

    def look(self) -> None:
        """Count anew, at most every ``MEMORY_LOOK_S``."""
        if time.monotonic() - self._looked_at >= MEMORY_LOOK_S:
            self._counted.append(memory_kills())
            self._looked_at = time.monotonic()

    def saw_kills(self) -> bool:
        return memory_kills() > self._counted[0]


def _group_counters(groups: Iterable[str], root: Path = Path("/sys/fs/cgroup")) -> Iterator[Path]:
    """Where the control groups of a process (lines of /proc/PID/cgroup) count, in version 2 and in version 1."""
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield root / path.lstrip("/") / "memory.events"
        elif "memory" in controllers.split(","):
            inside = root / "memory" / path.lstrip("/") / "memory.oom_control"
            # A container often sees its own group as the root, under the path that it has outside.
            yield inside if inside.exists() else root / "memory" / "memory.oom_control"


def _counter(file: Path, name: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.split()[:1] == [name])
