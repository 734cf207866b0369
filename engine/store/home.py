"""Where runs, students and caches are kept, private to the user; knows nothing of what is in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

import platformdirs

from engine.errors import StoreError


def home_folder(explicit: Path | str | None = None) -> Path:
    """The home folder: the argument, else DISTILL_HOME, else the platform's data folder. Not created here."""
    chosen = explicit or os.environ.get("DISTILL_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    return Path(platformdirs.user_data_dir("distillation-studio", appauthor=False))


def make_private_folder(folder: Path) -> Path:
    """Create ``folder`` readable by its owner alone. Raises StoreError with what to do."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(
            f"The folder {folder} cannot be made: {error.strerror}. Choose another with --home or DISTILL_HOME."
        ) from None
    return folder


@contextmanager
def private_files() -> Iterator[None]:
    """While this holds, whatever this process writes, libraries included, is readable by its owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def open_private(file: Path, mode: Literal["w", "a"] = "w") -> TextIO:
    """Open a text file for writing ("w") or appending ("a"), made readable by its owner alone. Raises OSError."""

    def opener(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)

    return open(file, mode, encoding="utf-8", errors="backslashreplace", newline="\n", buffering=1, opener=opener)
