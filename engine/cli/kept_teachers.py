"""``distill cache clear --teachers``: fine-tuned teachers that a home keeps, taken out; never one that a living run uses."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from engine import beside
from engine.cli.opening import opened
from engine.cli.terminal import say
from engine.data.cache_room import lock_file, reason_of, size_in_words
from engine.data.only_one import only_one_if_free
from engine.store import Store
from engine.store.liveness import is_had
from engine.store.records import RUNNING
from engine.store.trash import size_of

NOTE = "scores.json"  # beside a kept teacher's weights; its time is that of the last run that took the teacher
GOING = ".going-"  # of a folder that is being deleted; what died while deleting is taken out the next time
DAY_S = 86_400


@dataclass(frozen=True)
class Kept:
    """A fine-tuned teacher's folder, or what is left of one; ``model`` is "" where its note cannot be read."""

    folder: Path
    model: str
    last_used: float
    bytes: int


def kept_teachers(folder: Path) -> list[Kept]:
    """All in ``folder``, the one used last first."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            note = path / NOTE
            used = (note if note.exists() else path).stat().st_mtime
            found.append(Kept(path, _model(note), used, size_of(path)))
    return sorted(found, key=lambda kept: -kept.last_used)


def clear_teachers(home: Path, older_than_days: float, yes: bool) -> None:
    """Delete kept teachers not used for so many days. Nothing is deleted without a yes. Raises StoreError."""
    every = kept_teachers(home / "teachers")
    old = [kept for kept in every if time.time() - kept.last_used >= older_than_days * DAY_S]
    if not old:
        say("No fine-tuned teacher is kept." if not every else f"No teacher is that old; {len(every)} stay.")
        return
    store = opened(home)
    used = _in_use(store, old)
    wanted = [kept for kept in old if kept not in used]
    for kept in used:
        say(f"{kept.folder.name[:12]}  {kept.model or 'a teacher'} stays: a run that trains now may use it.")
    if not wanted:
        return
    for kept in wanted:
        day = time.strftime("%Y-%m-%d", time.localtime(kept.last_used))
        say(f"{kept.folder.name[:12]}  {kept.model or 'unfinished'}, used {day}, {size_in_words(kept.bytes)}")
    many = f"{len(wanted)} teacher{'s' * (len(wanted) != 1)}"
    size = size_in_words(sum(kept.bytes for kept in wanted))
    question = f"Delete {many}, {size}? A run that needs one fine-tunes it again."
    if not yes and not typer.confirm(question):
        say("Nothing was deleted.")
        return
    gone = _put_aside(store, wanted)
    for aside, _ in gone:
        shutil.rmtree(aside, ignore_errors=True)
    freed = sum(kept.bytes for aside, kept in gone if not aside.exists())
    say(f"{len(gone)} teacher{'s' * (len(gone) != 1)} deleted, {size_in_words(freed)} freed.")


def clear_leftovers(home: Path) -> None:
    """Delete what processes left that died while they kept a teacher, or deleted one. A teacher that is whole stays."""
    for path in (home / "teachers").glob("*.*-*"):
        key, _, kind = path.name.partition(".")
        if GOING in path.name and beside.is_left(path):
            beside.remove(path)
        elif kind.startswith(f"{beside.PART}-") and beside.is_left(path):
            lock = lock_file(home / "cache", key)
            with only_one_if_free(lock) as free:  # one of another container has a number that means nothing here
                if free:
                    beside.remove(path)
                    with suppress(OSError):
                        lock.unlink(missing_ok=True)


def _put_aside(store: Store, wanted: Iterable[Kept]) -> list[tuple[Path, Kept]]:
    """Rename what no living run uses. Under the store's lock no run can begin meanwhile; one that begins later finds none."""
    gone = []
    with store.writing():
        used = _in_use(store, wanted)
        for kept in wanted:
            aside = kept.folder.with_name(f"{kept.folder.name.partition(GOING)[0]}{GOING}{os.getpid()}")
            if kept in used:
                continue
            try:
                kept.folder.rename(aside)
            except OSError as error:
                say(f"{kept.folder} stays: {reason_of(error)}.", error=True)
            else:
                gone.append((aside, kept))
    return gone


def _in_use(store: Store, kept: Iterable[Kept]) -> list[Kept]:
    """Those that a run with a process may read or write: of its teacher's model, or with no note that tells of which."""
    teachers = [run.config.get("teacher") or {} for run in store.runs(RUNNING) if is_had(run)]
    models = {str(teacher.get("model")) for teacher in teachers if teacher.get("training") == "fine_tune"}
    return [one for one in kept if models and (one.model in models or (not one.model and GOING not in one.folder.name))]


def _model(note: Path) -> str:
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))["model"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
