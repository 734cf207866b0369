"""``distill store check``, ``repair`` and ``backup``: is the store whole, make it so, and keep a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.home import Home
from engine.cli.opening import megabytes
from engine.cli.terminal import say
from engine.store import home_folder
from engine.store.backup import copy_store, free_name

app = typer.Typer(no_args_is_help=True, help="Check, repair or copy the store of a home folder.")


@app.command()
def check(home: Home = None) -> None:
    """Say whether the store is whole. Changes nothing; exit status 1 if it is not."""
    from engine.store.check import check_store
    from engine.store.sentences import repair_of

    folder = home_folder(home)
    found = check_store(folder)
    for sentence in (*found.damage, *found.faults):
        say(sentence)
    if not found.is_whole:
        what = "is damaged" if found.damage else "has faults that can be mended"
        say(f"The store {folder / 'runs.db'} {what}. Run {repair_of(folder / 'runs.db')}.")
        raise typer.Exit(1)
    size = (folder / "runs.db").stat().st_size
    say(f"The store {folder / 'runs.db'} is whole: {_counted(found.counts)}; {megabytes(size)}.")


@app.command()
def repair(home: Home = None) -> None:
    """Set a damaged store aside and recover all that can be read; mend what rows and folders disagree about.

    Exit status 0 if the store is whole now, 1 if something of it could not be mended. Nothing is deleted.
    """
    from engine.store.check import check_store
    from engine.store.repair import repair_store

    folder = home_folder(home)
    done = repair_store(folder)
    if done.did_nothing:
        say(f"The store {folder / 'runs.db'} is whole; nothing was changed.")
        return
    if done.salvage is not None:
        say(f"Recovered: {_counted(done.salvage.written)}.")
        say(f"Rows lost, as far as can be told: {_lost(done.salvage.lost)}.")
        if done.salvage.nameless:
            count = done.salvage.nameless
            lost = "1 curve lost its name and is" if count == 1 else f"{count} curves lost their names and are"
            say(f"{lost} called “recovered/curve N” now.")
        for run in done.salvage.doubtful:
            say(
                f"Something in the row of run {run} was damaged; its configuration is its folder's now. See whether its name, "
                "note and figures are right."
            )
    for sentence in done.mended:
        say(sentence)
    if done.aside is not None:
        say(f"{'The store as it was is' if done.salvage is None else 'The damaged files are'} kept in {done.aside}.")
    left = check_store(folder)
    for sentence in (*left.damage, *left.faults):
        say(f"Still so: {sentence}")
    if not left.is_whole:
        raise typer.Exit(1)
    say(f"The store is whole now: {_counted(left.counts)}.")


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="New file to write. Default: HOME/backups/runs-<time>.db.")
    ] = None,
    home: Home = None,
) -> None:
    """Copy the store to one file, consistent while runs go on, and check the copy."""
    folder = home_folder(home)
    target = file.expanduser() if file else free_name(folder / "backups", "runs")
    copy_store(folder / "runs.db", target)
    say(f"Copied to {target} ({megabytes(target.stat().st_size)}) and checked. The folders of the runs are not in it.")


def _counted(counts: dict[str, int]) -> str:
    words = {"runs": "run", "metrics": "curve row", "scores": "score"}
    return ", ".join(f"{counts.get(key, 0):,} {word}{'s' * (counts.get(key, 0) != 1)}" for key, word in words.items())


def _lost(lost: dict[str, list[int]]) -> str:
    """What the indexes name and the tables no longer have."""
    if not any(lost.values()):
        return "none"
    text = _counted({key: len(numbers) for key, numbers in lost.items()})
    numbers = ", ".join(map(str, lost.get("runs", [])))
    return f"{text} (runs {numbers})" if numbers else text
