"""What is said of a verdict: no word claims more than was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.analysis.compare.comparison import Comparison, compare
from engine.analysis.compare.words import as_markdown, footnote, in_reading_order, p_text, verdict_words
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

Compared = Callable[..., Comparison]


@pytest.fixture
def compared(make_run: Callable[..., RunRecord], scored: Callable[..., ScoreRow], tasks: dict[str, Task]) -> Compared:
    """{loss: F1 in percent by seed} on MRPC, with a teacher of 90."""

    def of(**figures: tuple[float, ...]) -> Comparison:
        runs, scores = [], []
        for kind, values in figures.items():
            for seed, value in enumerate(values):
                config: dict[str, Any] = {"training.seed": seed}
                runs.append(make_run(kind=kind, config=config))
                scores += [scored(runs[-1], value / 100), scored(runs[-1], 0.9, model="teacher")]
        return compare(runs, scores, tasks=tasks)

    return of


def words(found: Comparison) -> list[str]:
    assert found.baseline is not None
    return [" – ".join(verdict_words(its, found.baseline, found.metric)) for its in in_reading_order(found.verdicts)]


@pytest.mark.parametrize(
    ("p", "said"),
    [(0.0004, "p < 0.001"), (0.0123, "p = 0.012"), (0.04996, "p = 0.04996"), (0.0504, "p = 0.05"), (0.05, "p = 0.05"),
     (0.142, "p = 0.14"), (0.3, "p = 0.3"), (0.999, "p = 1"), (1.0, "p = 1")],
)  # fmt: skip
def test_a_probability_is_never_rounded_across_what_counts_as_sure(p: float, said: str) -> None:
    assert p_text(p) == said


def test_what_is_sure_stands_before_a_lucky_seed(compared: Compared) -> None:
    found = compared(none=(80, 81, 79.5), taylor=(95,), kl=(83, 84.2, 82.4), mse_logits=(70, 71, 69.6))
    assert [its.kind for its in in_reading_order(found.verdicts)] == ["better", "worse", "open"]
    text = as_markdown(found)
    assert text.index("**better**") < text.index("**worse**") < text.index("**can’t tell yet**")


def test_the_note_names_the_test_that_was_made(compared: Compared) -> None:
    base, shifted = (80.0, 81.0, 79.5), (80.5, 81.5, 80.0)
    assert footnote(compared(none=base, kl=shifted)).startswith("Sign test")
    both = footnote(compared(none=base, kl=shifted, taylor=(83, 84.2, 82.4)))
    assert both.startswith("Paired t test") and "2 comparisons (Holm)" in both and "Bonferroni" in both
    assert footnote(compared(none=base, kl=base)) == "" == footnote(compared(none=base[:1], kl=base[:1]))
    assert footnote(compared(none=base[:2], kl=(83, 84.2))).startswith("± in a verdict")


def test_the_interval_and_the_teacher_in_words(compared: Compared) -> None:
    (doubtful,) = words(compared(none=(80.0, 81.0, 79.0), kl=(81.0, 81.5, 79.0)))
    assert "cannot be told apart: +0.5 ± 0.5 F1" in doubtful and "95 % interval −0.7 to +1.7" in doubtful
    (past,) = words(compared(none=(80, 81, 79.5), kl=(95, 96.2, 94.6)))
    assert "reaches its teacher’s score" in past and "gap" not in past
