"""Which run is shown while runs come, go and fail, and a person looks here and there."""

from collections.abc import Callable

import pytest

from distill_gui.models.run_in_sight import RunInSight
from engine.store import RunRecord

Make = Callable[..., RunRecord]


class Runs:
    """Runs by number, and what of them a change brings into sight."""

    def __init__(self, record: Make) -> None:
        self._record, self._runs = record, dict[int, RunRecord]()
        self.sight = RunInSight()

    def live(self) -> RunRecord | None:
        return next((run for _, run in sorted(self._runs.items()) if run.state == "running"), None)

    def become(self, **states: str) -> int | None:
        """``r3="failed"``, "gone" for one that is discarded; returns the run shown then."""
        changed = {int(name[1:]): state for name, state in states.items()}
        for run, state in changed.items():
            if state == "gone":
                del self._runs[run]
            else:
                self._runs[run] = self._record(run, state=state)
        before, newest = self.sight.run, self._runs[max(self._runs)] if self._runs else None
        record = self._runs.get(before) if before is not None else None
        wanted = self.sight.after_change(changed, record, self.live(), newest)
        assert self.sight.run == (before if wanted is None else wanted)
        return self.sight.run

    def choose(self, run: int) -> None:
        self.sight.choose(run, self.live())


@pytest.fixture
def runs(record: Make) -> Runs:
    return Runs(record)


def test_without_runs_none_is_shown_then_the_live_one_else_the_newest(runs: Runs) -> None:
    assert runs.become() is None
    assert runs.become(r1="finished", r2="finished") == 2
    assert runs.become(r3="queued") == 2, "nothing trains"
    assert runs.become(r3="running", r4="queued") == 3
    assert runs.become(r3="finished", r4="running") == 4 and runs.sight.moved_unasked()
    assert not runs.sight.moved_unasked(), "it is told once"


def test_who_looks_elsewhere_stays_there_until_they_come_back(runs: Runs) -> None:
    runs.become(r1="finished", r2="running")
    runs.choose(1)
    assert runs.become(r2="finished", r3="running") == 1 and not runs.sight.moved_unasked()
    runs.choose(3)
    assert runs.become(r3="finished", r4="running") == 4


@pytest.mark.parametrize("state", ["failed", "interrupted"])
def test_a_failed_run_stays_in_sight_until_a_person_moves_or_starts_one(runs: Runs, state: str) -> None:
    runs.become(r1="running")
    assert runs.become(r1=state, r2="running") == 1
    assert runs.become(r2="finished", r3="running") == 1
    runs.sight.follow_live()
    assert runs.become(r3="running") == 3


def test_one_that_failed_elsewhere_holds_nobody(runs: Runs) -> None:
    runs.become(r1="running", r2="running")
    assert runs.become(r2="failed") == 1
    assert runs.become(r1="finished", r3="running") == 3


def test_a_run_that_was_stopped_stays_in_sight(runs: Runs) -> None:
    runs.become(r1="running")
    runs.sight.stay()
    assert runs.become(r1="stopped", r2="running") == 1


def test_when_the_run_shown_is_discarded_the_live_one_comes_and_no_one_is_warned(runs: Runs) -> None:
    runs.become(r1="running", r2="finished")
    runs.choose(2)
    assert runs.become(r2="gone") == 1 and not runs.sight.moved_unasked()
    assert runs.become(r1="gone") == 1, "the last one is shown until there is another"
    assert runs.become(r3="queued") == 3
