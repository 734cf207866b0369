"""Several workers of one home at once, each a process: starts them, replaces who died, passes signals on. Trains nothing itself.

Where a run cannot use all cores of a machine (small students are fastest with one or two threads) the others stand idle
while it trains.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from engine.cli.execute import HANG_UP
from engine.cli.opening import say_interrupted
from engine.cli.terminal import say
from engine.device import AT_ONCE
from engine.errors import EngineError, StoreError
from engine.store import RunRecord, Store
from engine.store.exit_cause import OUT_OF_MEMORY, MemoryWatch, cause_of
from engine.store.records import QUEUED, RUNNING
from engine.store.run_log import append_line

LOOK_EVERY_S = 0.3
TAKE_UP_AFTER_S = 3.0  # whoever killed a worker to stop its run says so in less; that run is not to be resumed
FRUITLESS_S = 10.0  # a worker that dies so soon after its start has probably not trained anything
UNDER = "--under"  # by which a worker is told its leader
DONE = "done"  # what a worker prints for every run
MOST_FRUITLESS = 3  # such deaths one after another until no more is started


@dataclass(eq=False)
class Member:
    """A worker of the crew. What it prints goes to a file: a pipe that nobody reads until the end would fill up."""

    process: subprocess.Popen[bytes]
    printed: IO[bytes]
    began: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def done(self) -> int:
        """How many runs it has said that it was done with."""
        with self.printed as printed:
            printed.seek(0)
            return sum(line.strip() == DONE.encode() for line in printed)


@dataclass
class Crew:
    """``count`` workers at most, each started with ``command``. ``done`` is how many runs those that ended had trained."""

    store: Store
    command: list[str]
    count: int
    take_up: Callable[[], None]
    """What is done about runs whose process died."""
    done: int = 0
    _members: list[Member] = field(default_factory=list)
    _signals: list[int] = field(default_factory=list)
    _ending: bool = False
    _fruitless: int = 0
    _full: bool = False
    """Whether the system refused one more; until one of them has ended."""
    _orphans: dict[int, int] = field(default_factory=dict)
    """Run → process of workers whose leader died: they end with the run they have, and count until then."""
    _take_up_at: float | None = None
    _memory: MemoryWatch = field(default_factory=MemoryWatch)

    def work(self) -> None:
        """Until the workers have ended and nothing is queued; after a signal until they have ended.

        Raises EngineError where workers die as soon as they are started."""
        with self._hearing_signals():
            self._wait_for_a_place()
            if not self._ending:
                self._hire(1)
            while self._members or self._take_up_at is not None:
                time.sleep(LOOK_EVERY_S)
                self._pass_a_signal_on()
                self._collect()
                self._take_up_what_died()
                if not self._ending and not self._full and self._fruitless < MOST_FRUITLESS:
                    self._hire(self._without_a_worker())
        if self._fruitless >= MOST_FRUITLESS:
            raise EngineError(
                f"No more workers are started: {self._fruitless} in a row ended as soon as they had begun. "
                "“distill work” without --at-once may tell more."
            )

    def _wait_for_a_place(self) -> None:
        """Until fewer runs than were asked for are under way with workers whose leader died."""
        with suppress(StoreError):
            self._count_orphans(self.store.runs(RUNNING))
        if self._orphans:
            are = "Run {} is" if len(self._orphans) == 1 else "Runs {} are"
            numbers = ", ".join(map(str, sorted(self._orphans)))
            _tell(f"{are.format(numbers)} still under way from before and counted among the {self.count} at once.")
        while not self._ending and len(self._orphans) >= self.count:
            time.sleep(LOOK_EVERY_S)
            self._pass_a_signal_on()
            with suppress(StoreError):
                self._count_orphans(self.store.runs(RUNNING))
            self._take_up_what_died()

    def _count_orphans(self, running: list[RunRecord]) -> None:
        """Only one crew of a home has a leader: whoever else is of a crew has lost it."""
        own, before = {member.pid for member in self._members}, self._orphans
        others = {run.id: run.pid for run in running if run.pid is not None and run.pid not in own}
        self._orphans = {run: pid for run, pid in others.items() if is_of_a_crew(pid)}
        if any(others.get(run) == pid and run not in self._orphans for run, pid in before.items()):
            self._take_up_at = time.monotonic() + TAKE_UP_AFTER_S  # it died without a word

    def _without_a_worker(self) -> int:
        """How many runs wait that no worker is about to take: one that has no run yet is still loading, and takes one."""
        try:  # in this order: whoever takes a run in between is not asked for once more
            running, waiting = self.store.runs(RUNNING), len(self.store.runs(QUEUED))
        except StoreError:  # locked just now, say: whoever waits is there at the next look too
            return 0
        self._count_orphans(running)
        at_work = {run.pid for run in running}
        return waiting - sum(member.pid not in at_work for member in self._members)

    def _hire(self, waiting: int) -> None:
        """Start as many as have something to do."""
        for _ in range(min(waiting, self.count - len(self._members) - len(self._orphans))):
            try:
                printed = tempfile.TemporaryFile()  # noqa: SIM115, open as long as the member
                process = subprocess.Popen(
                    self.command, stdin=subprocess.DEVNULL, stdout=printed, start_new_session=True,
                    env={**os.environ, AT_ONCE: str(self.count), "PYTHONPATH": os.pathsep.join(module_path())},
                )  # fmt: skip
            except OSError as error:
                if not self._members:
                    raise EngineError(f"No worker can be started: {error}.") from error
                self._full = True
                _tell(f"One more worker cannot be started: {error}. The others go on.")
                return
            self._members.append(Member(process, printed, time.monotonic()))

    def _collect(self) -> None:
        for member in list(self._members):
            status = member.process.poll()
            if status is None:
                continue
            self._members.remove(member)
            self._full = False
            self.done += member.done()
            if status == 0:
                self._fruitless = 0
            elif not self._ending:  # then it may just not have begun a run
                self._fruitless = self._fruitless + 1 if time.monotonic() - member.began < FRUITLESS_S else 0
                self._say_how_it_died(member, status)
            if status != 0:
                self._take_up_at = time.monotonic() + (0.0 if self._ending else TAKE_UP_AFTER_S)
        self._memory.look()

    def _say_how_it_died(self, member: Member, status: int) -> None:
        cause = cause_of(status, memory_ran_out=self._memory.saw_kills())
        cause += ", or fewer runs at once" if cause == OUT_OF_MEMORY else ""
        runs: list[RunRecord] = []
        with suppress(StoreError):
            runs = [run for run in self.store.runs(RUNNING) if run.pid == member.pid]
        for run in runs:
            _tell(f"The worker of run {run.id} (process {member.pid}) ended before its run did: {cause}.")
            append_line(run.log_file, f"Its process ended before it did: {cause}.")
        if not runs:
            _tell(f"A worker (process {member.pid}) ended: {cause}.")

    def _take_up_what_died(self) -> None:
        if self._take_up_at is None or time.monotonic() < self._take_up_at:
            return
        self._take_up_at = None
        with suppress(StoreError, OSError):
            if self._ending:
                self.store.recover_dead()
                say_interrupted(self.store)
            else:
                self.take_up()

    @contextmanager
    def _hearing_signals(self) -> Iterator[None]:
        """Signals to this process are kept until the next look, when all workers are there that they are for."""

        def keep(number: int, frame: FrameType | None) -> None:
            self._signals.append(number)

        numbers = [signal.SIGINT, signal.SIGTERM]
        if HANG_UP is not None and signal.getsignal(HANG_UP) != signal.SIG_IGN:
            numbers.append(HANG_UP)
        before = {number: signal.signal(number, keep) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _pass_a_signal_on(self) -> None:
        """To every worker: they are sessions of their own, which a terminal does not reach. One a look: two would be as one."""
        if not self._signals:
            return
        number = self._signals.pop(0)
        if not self._ending and number != HANG_UP:  # a terminal that hangs up reads no more
            _tell("Asked to end: the runs under way stop and keep their students. Once more breaks them off.")
        self._ending = True
        for member in self._members:
            with suppress(
                OSError, ValueError
            ):  # Windows knows no SIGINT to a process; its terminal reaches all of them
                member.process.send_signal(number)


def module_path() -> list[str]:
    """Where this process finds its modules. A worker must not find others in the folder that it is started in."""
    return [folder or str(Path.cwd()) for folder in sys.path]


def _tell(text: str) -> None:
    with suppress(OSError):
        say(text, error=True)


def worker_command(home: Path, stay_s: float, checkpoint_every_s: float, quiet: bool) -> list[str]:
    """How a worker of the crew is started that this process leads."""
    given = {"--home": home, "--stay-s": stay_s, "--checkpoint-s": checkpoint_every_s, UNDER: os.getpid()}
    words = [str(word) for pair in given.items() for word in pair] + ["--quiet"] * quiet
    return [sys.executable, "-P", "-m", "engine", "work", *words]


def is_of_a_crew(pid: int) -> bool:
    """Whether a process lives and is a worker that a leader started, of this machine as far as can be seen."""
    try:
        process = psutil.Process(pid)
        return UNDER in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
