"""Follows a text file that grows: gives what is new, in bounded pieces, whole characters only. Knows no Qt."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

FIRST_BYTES = 262_144
PIECE_BYTES = 65_536


class LogTail:
    """``read()`` again and again; begins at most ``first_bytes`` before the end, at the start of a line."""

    def __init__(self, file: Path, first_bytes: int = FIRST_BYTES, piece_bytes: int = PIECE_BYTES) -> None:
        self._file = file
        self._first_bytes = first_bytes
        self._piece_bytes = piece_bytes
        self._offset: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> str:
        """What was added since the last call, "" if nothing, or if the file is not there (yet)."""
        try:
            with self._file.open("rb") as file:
                size = file.seek(0, 2)
                if self._offset is None:
                    self._offset = self._beginning(file, size)
                elif size < self._offset:  # somebody wrote it anew
                    self._offset = 0
                    self._decoder.reset()
                file.seek(self._offset)
                piece = file.read(self._piece_bytes)
        except OSError:
            return ""
        self._offset += len(piece)
        return self._decoder.decode(piece)

    def _beginning(self, file: BinaryIO, size: int) -> int:
        if size <= self._first_bytes:
            return 0
        file.seek(size - self._first_bytes)
        skipped = file.readline()
        return size - self._first_bytes + len(skipped)
