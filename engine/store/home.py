"""Where runs, students and caches are kept; knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

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
