"""Whether a process still has a run, also where a pid means nothing: after a restart, from a container, on another machine.

A pid with its start time tells processes of one machine apart (``processes.py``). Elsewhere the process itself must tell:
while it has a run it holds a lock on a file in the run's folder, which ends with it, however it ends. Knows records, no SQL.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psutil

from engine.store.home import open_private
from engine.store.processes import is_alive, own_machine
from engine.store.records import RUNNING, RunRecord

FILE = "process.lock"
JUST_NOW_S = 300.0  # a run at work writes a checkpoint every minute, or three where that is slow
# As the kernel names them in /proc/mounts; SQLite's log cannot be shared by two machines on any of them.
NETWORK = frozenset(
    {"nfs", "nfs3", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "fuse.sshfs",
     "fuse.glusterfs", "fuse.ceph", "ocfs2", "gfs2", "afpfs", "webdav", "davfs"}
)  # fmt: skip


@contextmanager
def having(folder: Path) -> Iterator[None]:
    """While this holds, others can see that this process has the run of ``folder``; where files cannot be locked, not."""
    try:
        file = open_private(folder / FILE, "a")
    except OSError:
        yield
        return
    with file:
        if sys.platform != "win32":
            import fcntl

            with suppress(OSError):
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def is_had(run: RunRecord) -> bool:
    """Whether a process still has a running run; in doubt, yes."""
    if run.state != RUNNING:
        return False
    if is_of_here(run.machine):
        return is_alive(run.pid, run.pid_started)
    locked = _is_locked(run.folder / FILE)
    if locked is None:  # a disk without locks: then a machine of the same name is this one before it was started last
        return name_of(run.machine) != name_of(own_machine())
    return locked


def last_sign_of(run: RunRecord) -> float | None:
    """When a run whose process is gone was last seen at work, by its log and its checkpoints; None where that was just now, so
    that nothing is known better. A machine may have been off since."""
    signs = [run.started_at or 0.0]
    for name in ("log.txt", "checkpoints"):
        with suppress(OSError):
            signs.append((run.folder / name).stat().st_mtime)
    return max(signs) if max(signs) < time.time() - JUST_NOW_S else None


def is_of_here(machine: str | None) -> bool:
    """Whether a process of ``machine`` can be seen from here by its pid; of older versions' runs it is not known, and taken so."""
    return not machine or _parts(machine)[:2] == _parts(own_machine())[:2]  # names of machines change


def is_elsewhere(machine: str | None) -> bool:
    """Whether ``machine`` is another computer, or this one before it was started last; not another container of this one."""
    return bool(machine) and _parts(machine)[0] != _parts(own_machine())[0]


def name_of(machine: str | None) -> str:
    """What people call it."""
    return _parts(machine)[2] or "another machine"


@cache
def network_disk(folder: Path) -> str:
    """The kind of network disk that a folder lies on ("nfs4"), "" if it is a local one."""
    place = str(folder.resolve())
    found = ""
    longest = -1
    for part in psutil.disk_partitions(all=True):
        mount = part.mountpoint.rstrip("/") or "/"
        inside = place == mount or place.startswith(mount.rstrip("/") + os.sep)
        if inside and len(mount) >= longest:
            longest, found = len(mount), part.fstype.lower()
    return found if found in NETWORK else ""


def _parts(machine: str | None) -> tuple[str, str, str]:
    """(boot, space of pids, name)."""
    boot, _, rest = (machine or "").partition(":")
    space, _, name = rest.partition("@")
    return boot, space, name


def _is_locked(file: Path) -> bool | None:
    """Whether another process holds the lock; nobody holds that of a file that is not there. None where it cannot be told."""
    if sys.platform == "win32":
        return None if file.exists() else False
    import fcntl

    try:
        with file.open("r+b") as asked:
            fcntl.lockf(asked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except FileNotFoundError:
        return False
    except OSError as error:
        return True if error.errno in (errno.EACCES, errno.EAGAIN) else None
