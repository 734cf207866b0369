"""What several commands share: opening the store, saying what that did to it, and sizes in words."""

from __future__ import annotations

from pathlib import Path

from engine.cli.terminal import say
from engine.store import RunRecord, Store
from engine.store.records import FAILED, INTERRUPTED
from engine.visible import LONGEST_LINE, cut


def opened(home: Path) -> Store:
    """The store of ``home``; a migration is said on stderr. Raises StoreError."""
    store = Store(home)
    if store.notice:
        say(store.notice, error=True)
    return store


def say_interrupted(store: Store) -> None:
    """Say on stderr which runs were interrupted, and how they go on."""
    if sentence := interrupted_sentence([run.id for run in store.runs(INTERRUPTED)]):
        say(sentence, error=True)


def interrupted_sentence(runs: list[int]) -> str:
    """How interrupted runs go on; "" if there are none."""
    if not runs:
        return ""
    if len(runs) == 1:
        return f"Run {runs[0]} was interrupted; “distill resume {runs[0]}” goes on from its last checkpoint."
    numbers = ", ".join(map(str, runs[:10])) + (", …" if len(runs) > 10 else "")
    return (
        f"{len(runs)} runs were interrupted ({numbers}); “distill resume RUN” goes on with one of them, "
        "“distill work --resume-interrupted” with all."
    )


def how_it_ended(run: RunRecord) -> str:
    """A line: the number and name of a run, its state, and its score, or else the reason."""
    score = f"{run.key_metric} {run.best_score * 100:.1f}" if run.best_score is not None else ""
    said = cut(" ".join(run.reason.split()), LONGEST_LINE) if run.state == FAILED or not score else score
    return f"Run {run.id}, {run.name}: {run.state}" + (f", {said}" if said else "")


def megabytes(count: int) -> str:
    """A number of bytes as a person reads it, in powers of ten as disks are sold."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
