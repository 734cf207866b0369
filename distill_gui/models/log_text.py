"""A run's log as it comes in pieces: whole clean lines, the last ones kept. Knows no Qt and no files."""

from __future__ import annotations

import re
from collections import deque

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
KEPT_LINES = 20_000
LONGEST_REST = 65_536  # characters of a line that does not end: a progress bar writes over itself for hours


def cleaned(line: str) -> str:
    """A line as a terminal would have left it: without colours, after the last carriage return."""
    return CONTROL.sub("", ESCAPES.sub("", line.rstrip("\r")).rpartition("\r")[2])


class LogText:
    """The end of one log; pieces may be cut anywhere."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._rest = ""

    def append(self, piece: str) -> list[str]:
        """Take the next piece; returns the lines it completed, cleaned."""
        *whole, rest = (self._rest + piece).split("\n")
        self._rest = rest if len(rest) <= LONGEST_REST else rest[rest.rfind("\r", 0, -1) + 1 :][-LONGEST_REST:]
        lines = [cleaned(line) for line in whole]
        self._lines.extend(lines)
        return lines

    def tail(self, count: int) -> list[str]:
        """The last `count` lines, an unfinished one included."""
        lines = list(self._lines)
        if rest := cleaned(self._rest):
            lines.append(rest)
        return lines[-count:]

    def clear(self) -> None:
        self._lines.clear()
        self._rest = ""
