"""A run's log.txt: lines with the time of day; what a full disk refuses waits in memory. Knows nothing of runs."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from engine.errors import StoreError
from engine.store.home import make_private_folder
from engine.store.sentences import as_store_error

MOST_WAITING = 1 << 20  # bytes


class RunLog:
    """Append-only. ``write`` never raises; a line that the disk refuses is shown on stderr and tried again later.

    Raises StoreError when made, if the file cannot be opened.
    """

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self._waiting = b""
        make_private_folder(file.parent)
        try:
            self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise as_store_error(error, file) from error

    def write(self, text: str) -> None:
        """Add a text line by line; it is in the file when this returns, unless the disk refuses."""
        stamp = datetime.now().strftime("%H:%M:%S")
        lines = "".join(f"{stamp}  {line}\n" for line in text.splitlines() or [""])
        with self._lock:
            self._waiting += lines.encode("utf-8", "backslashreplace")
            if not self._write_waiting():
                with suppress(OSError, ValueError, AttributeError):  # no stderr, or a closed one
                    sys.stderr.write(lines)
            self._waiting = self._waiting[-MOST_WAITING:]

    def catch_up(self) -> None:
        """Try again what the disk refused."""
        with self._lock:
            if self._waiting:
                self._write_waiting()

    def close(self) -> None:
        """May be called again."""
        with self._lock:
            if self._handle >= 0:
                self._write_waiting()
                os.close(self._handle)
                self._handle = -1

    def _write_waiting(self) -> bool:
        """Returns whether all is written; a disk may take a part."""
        try:
            while self._waiting and self._handle >= 0:
                self._waiting = self._waiting[os.write(self._handle, self._waiting) :]
        except OSError:
            return False
        return True


def last_lines(file: Path, count: int = 12, size: int = 16_384) -> list[str]:
    """The end of a log for a terminal: characters that would steer it are shown as “�”. Nothing where it cannot be read."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - size))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return []
    lines = text.split("\n")[-count - 1 :]
    return ["".join(sign if sign.isprintable() or sign == "\t" else "�" for sign in line) for line in lines if line]


def append_line(file: Path, text: str) -> None:
    """Add a line to the log of a run whose process cannot any more; a disk that refuses it is left alone."""
    with suppress(StoreError):
        log = RunLog(file)
        log.write(text)
        log.close()
