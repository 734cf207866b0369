"""Which process is which: a pid is reused, a pid with its start time is not. Knows nothing of runs.

The start time is only for comparing with another start time of the same pid on the same machine. On Linux it is
counted from the start of the machine: psutil's figure there moves with the system clock (set by hand, or corrected when
a virtual machine wakes up), and a training that goes on must not be taken for dead because of that.
"""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

TOLERANCE_S = 0.02  # Linux counts start times in hundredths of a second; elsewhere they are exact


def own_identity() -> tuple[int, float]:
    """(pid, start time in seconds) of this process."""
    pid = os.getpid()
    started = started_at(pid)
    assert started is not None
    return pid, started


@cache
def own_machine() -> str:
    """Where this process's pid means something: "boot:space of pids@name". Others are not told apart by anything else.

    Another boot of the same machine has other processes, and so has another container; both are "" where pids with their
    start times are enough to tell (they are times of day on other systems than Linux).
    """
    boot = space = ""
    if sys.platform == "linux":
        with suppress(OSError):
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            space = str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{boot}:{space}@{platform.node()}"


def started_at(pid: int) -> float | None:
    """When the process with this pid started, in seconds; None if there is none or it has ended (a zombie)."""
    if sys.platform == "linux":
        return _started_since_boot(pid)
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int | None, started: float | None) -> bool:
    """Whether the very process that had this pid and start time still runs (a zombie does not)."""
    if pid is None or started is None:
        return False
    now = started_at(pid)
    return now is not None and abs(now - started) <= TOLERANCE_S


def _started_since_boot(pid: int) -> float | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()  # the name before it may hold blanks and brackets
    if fields[0] in (b"Z", b"X"):
        return None
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
