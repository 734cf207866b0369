"""Runs the whole corpus and the generated cases, and counts: given, taken with a sentence and status 2, and everything else."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.hostile import corpus, material
from tests.faults.hostile.case import Case, Place, furnish
from tests.faults.hostile.outcome import faults_as_process, faults_here

Judge = Callable[[Case, Place, Path], list[str]]
SEED = 20261128


@dataclass
class Outcome:
    """``given`` and ``taken`` count by kind; ``faults`` holds, by title, what was wrong."""

    given: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0

    def table(self) -> str:
        """One line a kind, for people and as Markdown."""
        lines = [
            "| malformed input | given | sentence, status 2, nothing changed | not so |",
            "| :-- | --: | --: | --: |",
        ]
        for kind, count in self.given.items():
            lines.append(f"| {kind} | {count:,} | {self.taken[kind]:,} | {count - self.taken[kind]:,} |")
        total, taken = self.given.total(), self.taken.total()
        lines.append(f"| **all** | **{total:,}** | **{taken:,}** | **{total - taken:,}** |")
        return "\n".join([*lines, "", f"{self.seconds:.0f} s."])


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


def run(examples: int, only: str = "", say: Callable[[str], None] = print) -> Outcome:
    """Everything, or the hand-written cases whose title holds ``only``."""
    done, start = Outcome(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, arena(Path(folder)) as place:
        found = [case for case in corpus.cases() if only in case.title]
        for case in found:
            _count(done, case.group, case.title, place.judge(case), say)
        for case in found:
            if case.title in corpus.AS_PROCESSES:
                title = f"{case.title}, as a process"
                _count(done, "as a process of its own", title, place.judge(case, faults_as_process), say)
        if not only:
            _generated(done, place, examples, say)
    done.seconds = time.perf_counter() - start
    return done


def _generated(done: Outcome, place: Arena, examples: int, say: Callable[[str], None]) -> None:
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from tests.faults.hostile.mutations import GENERATED

    for kind, strategy in GENERATED.items():

        @seed(SEED)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(strategy)
        def take(case: Case, kind: str = kind) -> None:
            number = done.given[f"made: {kind}"]
            _count(done, f"made: {kind}", f"{case.title} {number}", place.judge(case), say)

        take()


def _count(done: Outcome, kind: str, title: str, faults: list[str], say: Callable[[str], None]) -> None:
    done.given[kind] += 1
    if faults:
        done.faults[title] = faults
        say("\n  ".join([f"✗ {title}", *faults]))
    else:
        done.taken[kind] += 1
