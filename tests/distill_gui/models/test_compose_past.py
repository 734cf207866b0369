"""Which past runs are known, and when that is news."""

from collections.abc import Callable

from distill_gui.models.compose_past import PastRuns
from engine.store import RunRecord


def test_only_what_has_finished_is_news(record: Callable[..., RunRecord]) -> None:
    past = PastRuns()
    assert not past.update([record(1, state="running"), record(2, state="failed")])
    assert past.update([record(1)]) and not past.update([record(1)]) and past.update([record(1, name="another")])


def test_discarded_and_deleted_runs_are_out(record: Callable[..., RunRecord]) -> None:
    past = PastRuns()
    past.update([record(number, config={"teacher": {"model": f"m{number}", "seed": 1}}) for number in (3, 1, 2)])
    assert [run.id for run in past] == [3, 1, 2] and past.texts_of("teacher.model") == ["m3", "m2", "m1"]
    assert past.texts_of("teacher.seed") == past.texts_of("student.init") == []
    past.update([record(3, trashed_at=1.0)])
    past.forget([1, 99])
    assert [run.id for run in past] == [2]
