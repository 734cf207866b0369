"""Starts the engine's processes so that they outlive the window: how, with which environment. Knows no Qt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import engine

ENGINE = (sys.executable, "-m", "engine")

# Processes that go on when their window is closed: Python would complain if it forgot them.
_left_running: list[subprocess.Popen[bytes]] = []


def start_engine(
    command: Sequence[str], folder: Path, stdin: IO[Any] | int, stdout: IO[Any], stderr: IO[Any] | int
) -> subprocess.Popen[bytes]:
    """Start ``command`` in ``folder``. Raises OSError.

    A session of its own: closing the terminal does not end it, and it can be killed as a whole.
    """
    own: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return subprocess.Popen(
        list(command), stdin=stdin, stdout=stdout, stderr=stderr, cwd=folder, env=_environment(), **own
    )


def leave_running(process: subprocess.Popen[bytes]) -> None:
    """Say that nobody in this window will ask for ``process`` again."""
    if process.poll() is None:
        _left_running.append(process)


def _environment() -> dict[str, str]:
    """This environment; a source tree that is not installed is put on the path, as the child runs in another folder."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    tree = Path(engine.__file__).resolve().parent.parent
    if (tree / "pyproject.toml").is_file():
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(tree), os.environ.get("PYTHONPATH", "")]))
    return environment
