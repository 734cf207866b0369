"""``distill discard``, ``restore`` and ``purge``: to the trash, back, and gone for good after a question."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.cli.opening import megabytes, opened
from engine.cli.terminal import say
from engine.errors import StoreError
from engine.store import RunRecord, Store, room, trash


def discard_runs(home: Path, references: list[str]) -> None:
    """To the trash, one after the other. Raises StoreError at the first that cannot be."""
    store = opened(home)
    for run in _all(store, references):
        trash.discard(store, run.id)
        say(f"Run {run.id} “{run.name}” is in the trash; “distill restore {run.id}” brings it back.")


def restore_runs(home: Path, references: list[str]) -> None:
    """Back from the trash. Raises StoreError at the first that cannot be."""
    store = opened(home)
    for run in _all(store, references):
        back = trash.restore(store, run.id)
        queued = " and waits in the queue again" if back.state == "queued" else ""
        say(f"Run {run.id} “{run.name}” is back{queued}.")


def purge_runs(home: Path, references: list[str], yes: bool) -> None:
    """Delete what is in the trash, or some of it, for good. Raises StoreError; nothing is deleted without a yes."""
    store = opened(home)
    wanted = _all(store, references) if references else store.trash()
    if not wanted:
        say("The trash is empty.")
        return
    for run in wanted:
        if run.trashed_at is None:
            raise StoreError(
                f"Run {run.id} is not in the trash, so it is not deleted. First “distill discard {run.id}”."
            )
    size = sum(trash.size_of(run.folder) for run in wanted)
    for run in wanted:
        say(f"{run.id:>5}  {run.name}  {megabytes(trash.size_of(run.folder))}")
    many = f"{len(wanted)} run{'s' * (len(wanted) != 1)}"
    rows = sum(store.count_metrics(run.id) for run in wanted)
    question = f"Delete {many} for good: {megabytes(size)} of files, with log and student, and {rows:,} curve rows?"
    if not yes and not typer.confirm(question):
        say("Nothing was deleted.")
        return
    gone = trash.purge(store, [run.id for run in wanted])
    say(f"{many} deleted, {megabytes(gone)} of files.")
    if smaller := room.give_back_room(store):
        say(f"The store is {megabytes(smaller)} smaller.")
    elif (free := room.free_bytes(store)) >= room.LEAST_BYTES:
        say(f"The store keeps {megabytes(free)} that they filled for new rows.")


def _all(store: Store, references: list[str]) -> list[RunRecord]:
    """Every run named, each once; all are looked up before anything is done."""
    return list({run.id: run for run in map(store.run, references)}.values())
