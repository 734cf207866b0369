"""Several workers of one home at once, each a process: starts them, replaces who died, passes signals on. Trains nothing itself.

Where a run cannot use all cores of a machine (small students are fastest with one or two threads) the others stand idle
while it trains.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from engine.cli.execute import HANG_UP
from engine.cli.terminal import say
from engine.device import AT_ONCE
from engine.errors import StoreError
from engine.store import Store
from engine.store.exit_cause import cause_of
from engine.store.records import QUEUED, RUNNING

LOOK_EVERY_S = 0.3
FRUITLESS_S = 10.0  # a worker that dies so soon after its start has probably not trained anything
MOST_FRUITLESS = 3  # such deaths one after another until no more is started


@dataclass
class Crew:
    """``count`` workers at most, each started with ``command``. ``done`` is how many runs those that ended had trained."""

    store: Store
    command: list[str]
    count: int
    take_up: Callable[[], None]
    """What is done about runs whose process died."""
    done: int = 0
    signalled: bool = False
    _members: dict[subprocess.Popen[str], float] = field(default_factory=dict)
    _fruitless: int = 0

    def work(self) -> None:
        """Until the workers have ended and nothing is queued; after a signal until they have ended."""
        with self._passing_signals_on():
            self._hire(1)
            while self._members:
                time.sleep(LOOK_EVERY_S)
                self._collect()
                if not self.signalled and self._fruitless < MOST_FRUITLESS:
                    self._hire(self._without_a_worker())
        if self._fruitless >= MOST_FRUITLESS:
            say(f"No more workers are started: {self._fruitless} in a row ended as soon as they had begun.", error=True)

    def _without_a_worker(self) -> int:
        """How many runs wait that no worker is about to take: one that has no run yet is still loading, and takes one."""
        try:
            waiting, at_work = len(self.store.runs(QUEUED)), {run.pid for run in self.store.runs(RUNNING)}
        except StoreError:  # locked just now, say: whoever waits is there at the next look too
            return 0
        return waiting - sum(member.pid not in at_work for member in self._members)

    def _hire(self, waiting: int) -> None:
        """Start as many as have something to do."""
        for _ in range(min(waiting, self.count - len(self._members))):
            member = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, text=True, start_new_session=True,
                env={**os.environ, AT_ONCE: str(self.count)},
            )  # fmt: skip
            self._members[member] = time.monotonic()

    def _collect(self) -> None:
        for member, began in list(self._members.items()):
            status = member.poll()
            if status is None:
                continue
            del self._members[member]
            assert member.stdout is not None
            with member.stdout as said:
                lines = said.read().split()
            self.done += int(lines[-1]) if lines and lines[-1].isdecimal() else 0
            if status == 0 or self.signalled:  # a signal also ends one that has not begun a run
                self._fruitless = 0
                continue
            soon = time.monotonic() - began < FRUITLESS_S
            self._fruitless = self._fruitless + 1 if soon else 0
            say(f"A worker (process {member.pid}) ended before its run did: {cause_of(status)}.", error=True)
            with suppress(StoreError):
                self.take_up()

    @contextmanager
    def _passing_signals_on(self) -> Iterator[None]:
        """A signal to this process is one to every worker: they are sessions of their own, which a terminal does not reach."""

        def passing(number: int, frame: FrameType | None) -> None:
            self.signalled = True
            for member in self._members:
                with suppress(OSError):
                    member.send_signal(number)

        numbers = [signal.SIGINT, signal.SIGTERM]
        if HANG_UP is not None and signal.getsignal(HANG_UP) != signal.SIG_IGN:
            numbers.append(HANG_UP)
        before = {number: signal.signal(number, passing) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def worker_command(home: Path, stay_s: float, checkpoint_every_s: float) -> list[str]:
    """How a worker of the crew is started that this process leads."""
    given = {"--home": home, "--stay-s": stay_s, "--checkpoint-s": checkpoint_every_s, "--under": os.getpid()}
    return [sys.executable, "-m", "engine", "work", *(str(word) for pair in given.items() for word in pair)]
