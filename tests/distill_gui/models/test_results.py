"""Scores and means, kept by run for models that are made later."""

from distill_gui.models import Models
from distill_gui.models.results import Results
from engine.store import ScoreRow


def test_a_newer_score_replaces_the_older_and_goes_with_its_run() -> None:
    results = Results()
    results.take_scores([ScoreRow(1, "student", "validation", "f1", 0.5), ScoreRow(2, "student", "test", "f1", 0.6)])
    results.take_scores([ScoreRow(1, "student", "validation", "f1", 0.7)])
    assert {score.value for score in results.scores()} == {0.7, 0.6}
    results.forget_scores([2])
    assert [score.run for score in results.scores()] == [1]
    results.take_scores([ScoreRow(2, "student", "test", "f1", 0.6)])
    results.take_means({1: {"a": 1.0}, 2: {"a": 2.0}})
    results.forget([1])
    assert [score.run for score in results.scores()] == [2]
    assert list(results.means) == [2]


def test_a_model_is_filled_once_it_is_made_and_not_before() -> None:
    filled: list[tuple[str, object]] = []
    models = Models(lambda name, model: filled.append((name, model)))
    assert not models.has("runs") and not filled
    assert models.runs is models.runs
    assert filled == [("runs", models.runs)] and models.has("runs")
