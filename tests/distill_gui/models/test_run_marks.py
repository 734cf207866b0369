"""What stands at the top and what is compared with: kept, and never taken from nonsense; what can be compared."""

from collections.abc import Callable
from typing import Any

import pytest

from distill_gui.models.run_marks import RunMarks, difference
from engine.store import RunRecord


def test_marks_come_back_as_they_were_kept() -> None:
    marks = RunMarks()
    marks.pin([3, 1, 2], True)
    marks.pin([2], False)
    marks.baseline = 7
    again = RunMarks(marks.kept())
    assert again.kept() == {"pinned": [1, 3], "baseline": 7, "made": {}}
    assert again.on_top() == {1, 3, 7}


@pytest.mark.parametrize(
    "kept",
    [
        None,
        {},
        {"pinned": 1, "baseline": "x", "made": 3},
        {"pinned": ["1", True, None], "baseline": 1.0, "made": {"1": "x", "9": 2.0}},
    ],
)
def test_nonsense_is_left_out(kept: dict[str, Any] | None) -> None:
    assert RunMarks(kept).kept() == {"pinned": [], "baseline": None, "made": {}}


def test_what_is_no_more_is_kept_no_longer(record: Callable[..., RunRecord]) -> None:
    marks = RunMarks({"pinned": [1, 2, 3, 4], "baseline": 9})
    trashed = record(3, created_at=3.0, trashed_at=8.0)
    assert marks.settle([record(1, created_at=1.0), record(2, created_at=2.0), trashed], are_all=True)
    assert marks.kept() == {"pinned": [1, 2, 3], "baseline": None, "made": {"1": 1.0, "2": 2.0, "3": 3.0}}
    assert not marks.settle([record(5)], are_all=False), "news of one run say nothing of the others"
    assert marks.forget([2, 7]) and not marks.forget([2, 7])
    assert marks.kept() == {"pinned": [1, 3], "baseline": None, "made": {"1": 1.0, "3": 3.0}}


def test_a_number_given_again_in_a_home_made_anew_is_another_run(record: Callable[..., RunRecord]) -> None:
    marks = RunMarks()
    marks.pin([1], True)
    marks.baseline = 2
    marks.settle([record(1, created_at=1.0), record(2, created_at=2.0)], are_all=True)
    again = RunMarks(marks.kept())
    assert again.settle([record(1, created_at=50.0), record(2, created_at=2.0)], are_all=True)
    assert again.on_top() == {2}


def test_only_scores_of_one_task_and_metric_are_compared(record: Callable[..., RunRecord]) -> None:
    baseline = record(1, best_score=0.8)
    assert difference(record(2, best_score=0.815), baseline) == pytest.approx(1.5)
    assert difference(record(2, best_score=0.79), baseline) == pytest.approx(-1.0)
    assert difference(baseline, baseline) is None and difference(record(2), None) is None
    for change in ({"task": "rte"}, {"key_metric": "accuracy"}, {"best_score": None}):
        assert difference(record(2, **change), baseline) is None
