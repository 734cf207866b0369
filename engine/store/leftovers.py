"""What a process left that died between its run's end and the tidying after it. Knows folders, not what is in them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.store.records import FINISHED

if TYPE_CHECKING:
    from pathlib import Path

    from engine.store.store import Store

CHECKPOINTS = "checkpoints"


def clear_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of the run that has this folder; what the disk refuses to give up is left for later."""
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)


def clear_leftovers(store: Store) -> list[int]:
    """Remove the checkpoints of finished runs, which nothing goes on from; returns whose they were."""
    cleared = []
    for left in (store.home / "runs").glob(f"*/{CHECKPOINTS}"):
        if not left.parent.name.isdecimal():
            continue
        try:
            run = store.run(int(left.parent.name))
        except StoreError:
            continue  # a folder that this store knows nothing of
        if run.state == FINISHED and run.folder == left.parent:
            clear_checkpoints(run.folder)
            cleared.append(run.id)
    return sorted(cleared)
