"""Runs the whole corpus and the generated cases, and counts: given, taken with a sentence and status 2, and everything else."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.hostile import corpus, material
from tests.faults.hostile.case import Case, Place, furnish
from tests.faults.hostile.outcome import faults_as_process, faults_here
from tests.faults.outcome import Outcome

Judge = Callable[[Case, Place, Path], list[str]]
SEED = 20261128
TAKEN = "a sentence, exit status 2, nothing changed"
# What a fault's words begin with (hostile/outcome.py, hostile/watch.py), and what it is counted as.
COUNTED = {
    "a traceback or the program's inside shown": ("speaks of its inside",),
    "store, home or files changed": ("in the home", "beside the case", "a file opened for writing"),
    "something out of a file run, a process or a connection": (
        "code", "a connection", "a name look-up", "a datagram", "a process", "a shell", "a program", "an unpickled", "a library",
    ),
}  # fmt: skip


@dataclass
class Arena:
    """Sound material, a home with a stored run, and a fresh place for every case."""

    folder: Path
    material: Path
    home: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def judge(self, case: Case, judge: Judge = faults_here) -> list[str]:
        """What was wrong with how ``case`` was taken; its files are removed again."""
        with tempfile.TemporaryDirectory(prefix=f"{next(self.numbers):04d}-", dir=self.folder) as root:
            return judge(case, furnish(self.material, Path(root)), self.home)


@contextmanager
def arena(folder: Path) -> Iterator[Arena]:
    """Make everything the cases need below ``folder``: two libraries are loaded here, so that no case pays for them."""
    import torch  # noqa: F401
    import transformers  # noqa: F401

    from engine.config import parse_config
    from engine.store import Store
    from tests.faults.hostile.case import BASE

    made = material.make(folder / "material")
    home = folder / "home"
    store = Store(home)
    store.enqueue(parse_config(BASE, made))
    store.close()
    (folder / "cases").mkdir()
    yield Arena(folder / "cases", made, home)


def malformed_input(examples: int, only: str = "", say: Callable[[str], None] = lambda text: None) -> Outcome:
    """Everything, with so many generated ``examples`` of each kind; or the hand-written cases whose title holds ``only``."""
    done = Outcome("Malformed input")
    with done.measured(), tempfile.TemporaryDirectory(prefix="hostile-") as folder, arena(Path(folder)) as place:
        found = [case for case in corpus.cases() if only in case.title]
        for case in found:
            _count(done, case.group, case.title, place.judge(case), say)
        for case in found:
            if case.title in corpus.AS_PROCESSES:
                title = f"{case.title}, as a process"
                _count(done, "again, as a process of its own", title, place.judge(case, faults_as_process), say)
        if not only:
            _generated(done, place, examples, say)
    for what in (TAKEN, *COUNTED):
        done.counts[what] = done.counts.pop(what, 0)  # below the kinds
    return done


def _generated(done: Outcome, place: Arena, examples: int, say: Callable[[str], None]) -> None:
    from tests.faults.hostile.mutations import GENERATED, some_of

    for kind in GENERATED:

        def judge(case: Case, kind: str = f"made: {kind}") -> None:
            _count(done, kind, f"{kind} {done.counts.get(kind, 0):.0f}", place.judge(case), say)

        some_of(kind, examples, SEED, judge)


def _count(done: Outcome, kind: str, title: str, faults: list[str], say: Callable[[str], None]) -> None:
    done.add(kind)
    done.add(TAKEN, not faults)
    for what, beginnings in COUNTED.items():
        done.add(what, any(fault.startswith(beginnings) for fault in faults))
    if faults:
        done.wrong.append(f"{title}: {'; '.join(faults)}")
        say("\n  ".join([f"✗ {title}", *faults]))
