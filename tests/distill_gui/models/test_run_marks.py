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
    assert again.kept() == {"pinned": [1, 3], "baseline": 7}
    assert again.on_top() == {1, 3, 7}


@pytest.mark.parametrize(
    "kept", [None, {}, {"pinned": 1, "baseline": "x"}, {"pinned": ["1", True, None], "baseline": 1.0}]
)
def test_nonsense_is_left_out(kept: dict[str, Any] | None) -> None:
    assert RunMarks(kept).kept() == {"pinned": [], "baseline": None}


def test_only_scores_of_one_task_and_metric_are_compared(record: Callable[..., RunRecord]) -> None:
    baseline = record(1, best_score=0.8)
    assert difference(record(2, best_score=0.815), baseline) == pytest.approx(1.5)
    assert difference(record(2, best_score=0.79), baseline) == pytest.approx(-1.0)
    assert difference(baseline, baseline) is None and difference(record(2), None) is None
    for change in ({"task": "rte"}, {"key_metric": "accuracy"}, {"best_score": None}):
        assert difference(record(2, **change), baseline) is None
