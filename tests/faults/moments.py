"""Death at a chosen moment, from inside the process that dies: in the middle of a file operation or a transaction too.

``arm`` plants it; the kernel carries it out (SIGKILL, SIGSEGV or SIGABRT to itself), so nothing is tidied up. Without a
moment it only counts how often each place is passed, so that a plan can draw a moment evenly among them.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.events import Event, Metrics, Phase
from tests.faults.witness import Witness

# Places a path is part of, by what is then being written: seen through Python's audit events, before each operation.
PATHS = {
    "writing a checkpoint": "/checkpoints", "keeping the student": "/student.part", "keeping the teacher": "/teachers/",
    "writing the cache": "/cache/",
}  # fmt: skip
FILE_EVENTS = frozenset({"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"})
PHASES = {
    "loading data": "loading", "fine-tuning the teacher": "fine-tuning the teacher", "scoring the teacher": "scoring",
    "asking the teacher": "asking the teacher", "scoring the student": "scoring the student",
}  # fmt: skip
STORING, EVALUATING, STEP, ANYWHERE = "storing rows", "evaluating", "a step", "anywhere"
ENDING, TIDYING = "saying that it is over", "tidying up after its end"
PLACES = (ANYWHERE, *PHASES, STEP, EVALUATING, STORING, *PATHS, ENDING, TIDYING)


@dataclass(frozen=True)
class Moment:
    """The ``count``-th time ``place`` is passed, and ``delay_s`` more; ANYWHERE: that long after the run began."""

    place: str
    count: int
    delay_s: float
    signal: int


class Reaper:
    """Told by ``passing(place)`` where the process is; ends it at its moment."""

    def __init__(self, moment: Moment | None, witness: Witness) -> None:
        self.passed: Counter[str] = Counter()
        self._moment, self._witness = moment, witness
        self._asleep, self._wake = os.pipe()
        if moment is not None and moment.delay_s > 0:
            threading.Thread(target=self._wait_and_end, name="reaper", daemon=True).start()

    def passing(self, place: str) -> None:
        self.passed[place] += 1
        moment = self._moment
        if moment is not None and (place, self.passed[place]) == (moment.place, moment.count):
            if moment.delay_s > 0:
                os.write(self._wake, b"x")
            else:
                self._end()

    def hear(self, event: Event) -> None:
        if isinstance(event, Phase):
            self.passing(event.text)
        elif isinstance(event, Metrics):
            self.passing(STEP)

    def _wait_and_end(self) -> None:
        os.read(self._asleep, 1)
        assert self._moment is not None
        time.sleep(self._moment.delay_s)
        self._end()

    def _end(self) -> None:
        assert self._moment is not None
        self._witness.note(dies=self._moment.place)
        os.kill(os.getpid(), self._moment.signal)
        time.sleep(60)  # the signal is on its way


def arm(reaper: Reaper) -> None:
    """Plant the reaper in this process, for good: in the engine's evaluations and transactions, at a run's end, and in
    file operations."""
    import engine.cli.execute as execute
    import engine.store.writer as writer
    import engine.training.distil as distil
    import engine.training.teaching as teaching

    writer.store_events = _noticed(writer.store_events, STORING, reaper)
    execute.patiently = _noticed(execute.patiently, ENDING, reaper)
    execute.clear_checkpoints = _noticed(execute.clear_checkpoints, TIDYING, reaper)
    for module in (distil, teaching):
        module.evaluate = _noticed(module.evaluate, EVALUATING, reaper)  # type: ignore[attr-defined]

    def audited(event: str, arguments: tuple[Any, ...]) -> None:
        if event in FILE_EVENTS and arguments and isinstance(arguments[0], (str, os.PathLike)):
            path = os.fspath(arguments[0])
            if isinstance(path, str) and not path.startswith("/proc"):
                for place, part in PATHS.items():
                    if part in path:
                        reaper.passing(place)

    sys.addaudithook(audited)


def _noticed(function: Callable[..., Any], place: str, reaper: Reaper) -> Callable[..., Any]:
    def noticed(*arguments: Any, **named: Any) -> Any:
        reaper.passing(place)
        return function(*arguments, **named)

    return noticed
