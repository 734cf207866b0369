"""A control group of Linux with a memory of its own, in which the kernel kills whoever is largest once it is full.

Only root may make one, and in some containers not even root.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_EATER = """
import os, sys, time
with open(sys.argv[1], "w") as group:
    group.write(str(os.getpid()))
eaten = []
while True:
    eaten.append(b"x" * 2**20)
    time.sleep(0.002)
"""


class SmallMemory:
    """The group at ``folder``; ``limit`` and ``used`` are the names of its files, which differ between the two versions."""

    def __init__(self, folder: Path, limit: str, used: str) -> None:
        self._folder, self._limit, self._used = folder, limit, used

    def take_in(self, pid: int) -> None:
        """What this process allocates from now on is counted here."""
        (self._folder / "cgroup.procs").write_text(str(pid))

    def leave_room(self, count: int) -> None:
        """Limit the memory to what is used now and ``count`` bytes more."""
        used = int((self._folder / self._used).read_text())
        (self._folder / self._limit).write_text(str((used // 4096) * 4096 + count))

    def free(self) -> None:
        """Take the limit away."""
        (self._folder / self._limit).write_text("-1" if "limit_in_bytes" in self._limit else "max")

    @contextmanager
    def eaten(self) -> Iterator[None]:
        """Meanwhile a small process in the group takes more and more."""
        eater = subprocess.Popen([sys.executable, "-c", _EATER, str(self._folder / "cgroup.procs")])
        try:
            yield
        finally:
            eater.kill()
            eater.wait()


@contextmanager
def small_memory() -> Iterator[SmallMemory | None]:
    """A new group without a limit; None where none can be made."""
    made = _made(f"distill-faults-{os.getpid()}")
    if made is None:
        yield None
        return
    folder, limit, used = made
    try:
        yield SmallMemory(folder, limit, used)
    finally:
        deadline = time.monotonic() + 10
        while folder.exists() and time.monotonic() < deadline:  # what was killed in it is still being taken apart
            with suppress(OSError):
                folder.rmdir()
            time.sleep(0.05)


def _made(name: str) -> tuple[Path, str, str] | None:
    if sys.platform != "linux":
        return None
    for parent, limit, used in (
        (ROOT / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),  # version 1
        (ROOT, "memory.max", "memory.current"),
    ):
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        if (folder / limit).exists():
            return folder, limit, used
        with suppress(OSError):
            folder.rmdir()
    return None
