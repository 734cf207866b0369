"""Reads a file that somebody else wrote: an ordinary one and no longer than it may be; never a pipe or a device.

Those would keep the program waiting, or fill its memory. Knows nothing of what is in a file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class UnusableFile(OSError):
    """A file that is not read; ``strerror`` says why."""


@contextmanager
def opened(path: Path, most: int | None = None) -> Iterator[BinaryIO]:
    """Open ``path`` for reading bytes. Raises OSError; UnusableFile where it is no ordinary file, or has over ``most`` bytes."""
    _must_be_ordinary(path.stat(), path)  # a socket cannot even be opened
    with open(path, "rb", opener=_without_waiting) as stream:
        status = os.fstat(stream.fileno())
        _must_be_ordinary(status, path)
        if most is not None and status.st_size > most:
            text = f"it has {_size(status.st_size)}, and at most {_size(most)} are read"
            raise UnusableFile(errno.EFBIG, text, str(path))
        yield stream


def read_bytes(path: Path, most: int) -> bytes:
    """The whole of an ordinary file of at most ``most`` bytes. Raises OSError, as ``opened`` does."""
    with opened(path, most) as stream:
        content = stream.read(most + 1)  # files of the system have no size and content nonetheless
    if len(content) > most:
        raise UnusableFile(errno.EFBIG, f"it has more than the {_size(most)} that are read", str(path))
    return content


def _size(count: int) -> str:
    if count < 1e4:
        return f"{count:,} bytes"
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def _without_waiting(path: str, flags: int) -> int:
    """A pipe that nobody writes to would else be opened only when somebody does."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _must_be_ordinary(status: os.stat_result, path: Path) -> None:
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # opening a folder says itself what it is
        raise UnusableFile(errno.EINVAL, "it is no ordinary file but a pipe, a socket or a device", str(path))
