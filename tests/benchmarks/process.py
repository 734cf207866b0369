"""Runs a command as a fresh process with a fixed number of threads, and measures it. Knows nothing of what it does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class FailedError(Exception):
    """A measured process ended with an error; the text is the end of what it said."""


@dataclass(frozen=True)
class Ended:
    """A process from its start to its end: seconds; peak memory in bytes and seconds of CPU, 0 where the system does not tell.

    ``load`` is the number of processes that wanted to run beside it, from the minute before it started.
    """

    seconds: float
    peak_bytes: int
    load: float
    cpu_s: float = 0.0


def environment(threads: int) -> dict[str, str]:
    """The same for every contender: threads, no network, no window."""
    count = str(threads)
    fixed = {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, "TOKENIZERS_PARALLELISM": "false"}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    return {**os.environ, **fixed, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(paths)}


def start(arguments: list[str], threads: int, log: Path) -> subprocess.Popen[bytes]:
    """``python arguments``; what it says goes to the end of ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment(threads), stdout=said, stderr=subprocess.STDOUT
        )


def run(arguments: list[str], threads: int, log: Path) -> Ended:
    """``python arguments`` from start to end. Raises FailedError where it does not end well."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    log.unlink(missing_ok=True)
    begun = time.perf_counter()
    process = start(arguments, threads, log)
    peak, cpu_s = _wait(process)
    seconds = time.perf_counter() - begun
    if process.returncode != 0:
        raise FailedError(f"{' '.join(arguments)} failed; its last words, all in {log}:\n{last_words(log)}")
    return Ended(seconds, peak, load, cpu_s)


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Until its end; its peak memory and its CPU time. A process that is not waited for to the end (Ctrl+C) is ended."""
    try:
        if not hasattr(os, "wait4"):
            process.wait()
            return 0, 0.0
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return peak, used.ru_utime + used.ru_stime
    except BaseException:
        process.kill()
        process.wait()
        raise


def last_words(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
