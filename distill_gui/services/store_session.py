"""The store as one window uses it while it is open: tail, worker keeper, and what a person asks for. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from distill_gui.services.log_tail import LogTail
from distill_gui.services.store_tail import News, StoreTail
from distill_gui.services.worker_keeper import Reports, Times, WorkerKeeper
from engine.config import DistillationConfig
from engine.errors import EngineError
from engine.store import RunRecord, Store, room, trash
from engine.store.records import RUNNING

PATIENCE_S = 0.25  # for a busy store; a thread that waits longer cannot be closed in time
NAME_LENGTH = 200
SMALL_STORE_BYTES = 50_000_000  # written anew within a second; larger ones shrink where no window waits for it


class StoreSession:
    """Opens the store in the thread that uses it. Every method raises StoreError and may then be called again."""

    def __init__(self, home: Path, command: Sequence[str], times: Times, reports: Reports) -> None:
        self._store = Store(home, patience_s=PATIENCE_S)
        if self._store.notice:
            reports.trouble(self._store.notice)
        self._tail = StoreTail(self._store)
        self._keeper = WorkerKeeper(self._tail, command, times, reports)
        self._to_discard: set[int] = set()  # once they have stopped
        self._gone: list[RunRecord] = []  # discarded, and not told yet

    def look(self, tell: Callable[[News], None]) -> None:
        """Tell what is new, then do what is due about worker and stops."""
        news = self._tail.look()
        self._discard_what_has_stopped()
        tell(news)
        self._keeper.step()

    def enqueue(self, configs: list[DistillationConfig], runs: list[int]) -> None:
        """All or none, from ``configs`` to ``runs``: after an attempt that failed a second one finds all of them."""
        runs += self._store.enqueue_all(configs)
        configs.clear()
        self._tail.touch()
        self._keeper.hurry()

    def stop(self, run: int) -> None:
        self._keeper.stop(run)

    def pause(self, run: int) -> None:
        """Ask a run to write a checkpoint and give its device back."""
        self._store.request_pause(run)
        self._tail.touch()

    def resume(self, run: int) -> None:
        """Put a run back in the queue, to go on from its last checkpoint. Raises StoreError where it cannot."""
        self._store.resume(run)
        self._tail.touch()
        self._keeper.hurry()

    def resume_interrupted(self) -> tuple[list[int], list[int]]:
        """Put the runs back in the queue whose process ended without a word; returns those, and those left, which got no
        further since they were last resumed so."""
        found = self._store.resume_interrupted()
        self._tail.touch()
        self._keeper.hurry()
        return found

    def rename(self, run: int, name: str) -> None:
        """Give a run another name, on one line. Raises EngineError for an empty one."""
        name = " ".join(name.split())[:NAME_LENGTH]
        if not name:
            raise EngineError("A run needs a name; nothing was changed.")
        self._store.update(run, name=name)
        self._tail.touch()

    def discard(self, run: int) -> None:
        """Move a run to the trash, a running one as soon as it has stopped; ``discarded`` then gives it. Raises StoreError."""
        if self._store.run(run).state == RUNNING:
            self._to_discard.add(run)
            self._keeper.stop(run)
            return
        self._gone.append(trash.discard(self._store, run))
        self._to_discard.discard(run)
        self._tail.touch()

    def discard_all(self, runs: Iterable[int]) -> None:
        """The same with several; those in the trash already stay there, so that it may be called again."""
        for run in runs:
            if self._store.run(run).trashed_at is None:
                self.discard(run)

    def discarded(self) -> list[RunRecord]:
        """The runs moved to the trash since the last call."""
        gone, self._gone = self._gone, []
        return gone

    def _discard_what_has_stopped(self) -> None:
        for run in [run for run in self._to_discard if run not in self._tail.active]:
            self.discard(run)

    def restore(self, run: int) -> None:
        """Bring a run back from the trash; a queued one is trained."""
        trash.restore(self._store, run)
        self._tail.touch()
        self._keeper.hurry()

    def trash(self) -> list[tuple[RunRecord, int]]:
        """The runs in the trash, with the bytes of their files."""
        return [(run, trash.size_of(run.folder)) for run in self._store.trash()]

    def purge(self, runs: list[int]) -> int:
        """Delete runs in the trash for good; returns the bytes."""
        gone = trash.purge(self._store, runs)
        room.give_back_room(self._store, SMALL_STORE_BYTES)
        self._tail.touch()
        return gone

    def log(self, run: int) -> LogTail:
        """What follows this run's log."""
        return LogTail(self._store.run(run).log_file)

    def want_curves(self, run: int) -> None:
        self._tail.want(run)

    def put_curves_away(self, runs: list[int]) -> None:
        """The window keeps the rows of these runs no longer; they come again when wanted."""
        self._tail.put_away(runs)

    def close(self) -> None:
        """Leave the worker at work and close the store."""
        self._keeper.close()
        self._store.close()
