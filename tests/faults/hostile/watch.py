"""What the interpreter did while a case ran: connections, processes, unpickled names, files written. By an audit hook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FORBIDDEN = {
    "socket.connect": "a connection",
    "socket.getaddrinfo": "a name look-up",
    "socket.sendto": "a datagram",
    "subprocess.Popen": "a process",
    "os.system": "a shell",
    "os.exec": "a program",
    "os.posix_spawn": "a process",
    "pickle.find_class": "an unpickled name",
    "ctypes.dlopen": "",  # libraries load their own; only the name of one in a case's folder is a finding
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Watch:
    def __init__(self) -> None:
        self.on = False
        self.installed = False
        self.folders: tuple[str, ...] = ()
        self.seen: list[str] = []

    def hear(self, event: str, arguments: Sequence[Any]) -> None:
        if not self.on:
            return
        if event == "open":
            self._opened(*arguments)
        elif event == "compile":
            self._compiled(arguments[1])
        elif event in _FORBIDDEN:
            said = _FORBIDDEN[event]
            if said:
                self.seen.append(f"{said}: {event} {arguments!r:.200}")
            elif os.sep in str(arguments[0]) and self._in_case(
                arguments[0]
            ):  # else the system looks for it, and not here
                self.seen.append(f"a library of the case: {arguments[0]}")

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (
            mode is None and isinstance(flags, int) and flags & _WRITING
        )
        if writes and self._in_case(path):
            self.seen.append(f"a file opened for writing: {path!r:.200}")

    def _compiled(self, name: Any) -> None:
        of_a_file = not str(name).startswith("<")  # “<string>” and the like are a library's own
        if of_a_file and self._in_case(name):
            self.seen.append(f"code of the case compiled: {name!r:.200}")

    def _in_case(self, path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        whole = os.path.normpath(Path.cwd() / os.fsdecode(path))  # a command's own paths begin where it was typed
        return any(whole == folder or whole.startswith(folder + os.sep) for folder in self.folders)


_WATCH = _Watch()


@contextmanager
def watching(*folders: Path) -> Iterator[list[str]]:
    """While this holds, whatever must not happen is added to the list; ``folders`` may be read and not written."""
    if not _WATCH.installed:
        sys.addaudithook(_WATCH.hear)  # cannot be taken away again; it returns at once while nothing is watched
        _WATCH.installed = True
    _WATCH.folders, _WATCH.seen, _WATCH.on = tuple(map(str, folders)), [], True
    try:
        yield _WATCH.seen
    finally:
        _WATCH.on = False
