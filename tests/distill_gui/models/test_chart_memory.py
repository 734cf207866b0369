"""Chart options outlive a window; what cannot be understood is at its default."""

from typing import Any

import pytest

from distill_gui.models.chart_memory import recalled, remembered, without_choices
from distill_gui.models.run_charts import ChartOptions

CHOSEN = ChartOptions(
    x="seconds", weight=0.25, log_x=True, log_y=True, clip=False, hidden=frozenset({"terms", "throughput"}),
    views=(("shares", "parameters"), ("terms", "defined")),
)  # fmt: skip


def test_what_was_remembered_is_recalled() -> None:
    assert recalled(remembered(CHOSEN)) == CHOSEN
    assert recalled({}) == ChartOptions()


def test_whose_training_is_shown_depends_on_the_run() -> None:
    assert recalled(remembered(ChartOptions(side="teacher"))).side == "student"
    assert without_choices(ChartOptions(side="teacher", log_x=True)) == ChartOptions(side="teacher")


@pytest.mark.parametrize(
    "damage",
    [
        {"x": "parsecs"}, {"x": []}, {"smoothing": 1.0}, {"smoothing": -1}, {"smoothing": "0.5"}, {"smoothing": True},
        {"smoothing": float("nan")}, {"log_x": 1}, {"clip": None}, {"hidden": "terms"}, {"hidden": ["gone", 7, []]},
        {"views": [1]}, {"views": {"terms": "sideways", "gone": "x", "shares": []}}, {"later": 1},
    ],
)  # fmt: skip
def test_damage_means_the_default(damage: dict[str, Any]) -> None:
    assert recalled(damage) == ChartOptions()
    assert recalled({**remembered(CHOSEN), **damage}).log_y is True
