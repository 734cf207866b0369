"""A file of a person's, written whole or left as it was: beside its place, synced, renamed. Knows no widget."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Give ``path`` this content; whatever happens meanwhile, it has this or what it had. Raises OSError.

    A link stays one and its file is replaced; a file that is there keeps its permissions, a new one has ``mode``, less the
    umask. What is no ordinary file (a device, a pipe) is written to as it is.
    """
    target = path.resolve()
    try:
        status = target.stat()
    except FileNotFoundError:
        status = None
    if status is not None and not stat.S_ISREG(status.st_mode):
        target.write_bytes(content)
        return
    if status is not None and not os.access(target, os.W_OK):  # a rename would not ask
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    beside = target.with_name(f".{os.getpid()}-{time.time_ns()}.part")  # two windows may write at once
    try:
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if status is not None:
            with suppress(OSError):
                beside.chmod(stat.S_IMODE(status.st_mode))
        beside.replace(target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
