"""The runs of a sweep are trained here, or followed while another worker of the home trains them."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from engine.cli.opening import how_it_ended, opened
from engine.cli.patience import patiently
from engine.cli.stop import BROKEN_OFF
from engine.cli.terminal import say
from engine.cli.work import work
from engine.store import RunRecord, Store
from engine.store.records import ENDED, FINISHED, INTERRUPTED, PAUSED, QUEUED, RUNNING, STOPPED
from engine.store.worker_lock import WorkerLock

LOOK_EVERY_S = 0.5


def train_all(home: Path, numbers: list[int]) -> int:
    """Until these runs have ended, by this process or by the home's worker; each is said on stdout as it ends.

    Exit status 0 if all ended well, 1 if one did not or has not ended, 130 where the waiting was broken off.
    """
    sweep = _Sweep(home, numbers)
    # after a lost device; the same command would queue all anew
    again = ["work", "--home", str(home), "--sweep", ",".join(map(str, numbers))]
    try:
        while work(home, stay_s=0.5, tell=sweep.tell, goes_on_as=again) is None and not sweep.follow():
            pass  # the other worker has gone and left some: this one takes its place
    except KeyboardInterrupt:
        if not sweep.following:
            raise
        say("No longer waited for. The runs stay as they are, in the queue or with their worker.", error=True)
        return BROKEN_OFF
    return sweep.report()


class _Sweep:
    """The runs of one sweep, and which of them were said to have ended."""

    def __init__(self, home: Path, numbers: list[int]) -> None:
        self._home, self._numbers = home, numbers
        self._all, self._said = set(numbers), set[int]()
        self.following = False

    def tell(self, run: RunRecord) -> None:
        """Say how a run ended, if it is one of these and was not said to have."""
        if run.id in self._all and run.id not in self._said:
            self._said.add(run.id)
            with suppress(OSError):  # nobody may be there any more to read it; the others are trained all the same
                say(how_it_ended(run))

    def follow(self) -> bool:
        """Wait while another worker trains them. True once all have ended; False where some wait and no worker is there."""
        say("It trains these too; they are followed. Ctrl+C ends the waiting, not the runs.", error=True)
        self.following = True
        lock, revision, runs = WorkerLock(self._home), -1, dict[int, RunRecord]()
        store = opened(self._home)
        try:
            while True:
                is_there = lock.holder() is not None
                if not is_there:
                    store.recover_dead()  # a worker that died cannot say so itself
                changed, revision = patiently(partial(store.changed_runs, revision), _complain)
                runs |= {run.id: run for run in changed if run.id in self._all}
                left = self._left(store, runs)
                if not any(left.values()) or (left[QUEUED] and not is_there):
                    self.following = False
                    return not any(left.values())
                time.sleep(LOOK_EVERY_S)
        finally:
            store.close()

    def _left(self, store: Store, runs: dict[int, RunRecord]) -> dict[str, int]:
        """How many are queued and how many run. One that was discarded or purged is waited for no longer."""
        there = store.numbers()
        left = {QUEUED: 0, RUNNING: 0}
        for number, run in runs.items():
            if run.trashed_at is not None or number not in there:
                continue
            if run.state in left:
                left[run.state] += 1
                self._said.discard(number)  # somebody resumed it
            elif run.state != INTERRUPTED:  # that may be taken up again
                self.tell(run)
        return left

    def report(self) -> int:
        """Say what has not been said; 1 if one did not end well, or has not ended."""
        store = opened(self._home)
        there = store.numbers()
        runs = [store.run(number) for number in self._numbers if number in there]
        for run in runs:
            if run.state in ENDED:
                self.tell(run)
        waiting = sum(run.state == QUEUED and run.trashed_at is None for run in runs)
        if waiting:
            are, them = ("1 run is", "it") if waiting == 1 else (f"{waiting:,} runs are", "them")
            say(f"{are} still in the queue; “distill work” goes on with {them}.")
        well = len(runs) == len(self._numbers) and all(run.state in (FINISHED, STOPPED, PAUSED) for run in runs)
        return 0 if well else 1


def _complain(text: str) -> None:
    say(text, error=True)
