"""What processes left that died between keeping something and the tidying after it. Knows folders, not what is in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from engine import beside
from engine.errors import StoreError
from engine.store.records import FINISHED, RUNNING, STUDENT

if TYPE_CHECKING:
    from pathlib import Path

    from engine.store.store import Store

CHECKPOINTS = "checkpoints"


def clear_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of the run that has this folder; what the disk refuses to give up is left for later."""
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def clear_leftovers(store: Store) -> list[int]:
    """Remove what nobody goes on from: of finished runs the checkpoints, of all that no process has a student that was not yet
    whole, notes and copies that were not. Returns whose checkpoints they were."""
    cleared = []
    for folder in _folders_with_leftovers(store.home / "runs"):
        try:
            run = store.run(int(folder.name))
        except StoreError:
            continue  # a folder that this store knows nothing of
        if run.state == RUNNING or run.folder != folder:
            continue
        beside.clear_leftovers(folder / STUDENT)
        if run.state == FINISHED and (folder / CHECKPOINTS).is_dir():
            clear_checkpoints(folder)
            cleared.append(run.id)
    for folder in (store.home, store.home / "backups"):
        for path in folder.glob(f"*.{beside.PART}-*"):
            if path.is_file() and beside.is_left(path):
                beside.remove(path)
    return sorted(cleared)


def _folders_with_leftovers(runs: Path) -> Iterator[Path]:
    """Those of runs that hold checkpoints, or something beside the student's place."""
    with suppress(OSError):
        for folder in runs.iterdir():
            if folder.name.isdecimal():
                with suppress(OSError):  # a file, or gone meanwhile
                    names = {path.name for path in folder.iterdir()}
                    if CHECKPOINTS in names or any(name.startswith(f"{STUDENT}.") for name in names):
                        yield folder
