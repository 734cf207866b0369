"""What is said while a run is being stopped, and of runs that were interrupted."""

from collections.abc import Callable

import pytest

from distill_gui.models.run_words import ended_notice, interrupted_text, resumed_text, stop_stage_text, was_cut_off
from engine.store import RunRecord
from engine.store.records import ENDED_WITHOUT_A_WORD


@pytest.mark.parametrize(
    ("stage", "seconds", "text"),
    [
        ("asked", 12, "Stopping … terminated in 12 s"),
        ("asked", 0, "Stopping …"),
        ("terminated", 3, "Terminating … killed in 3 s"),
        ("killed", 0, "Killing the process …"),
        ("", 0, ""),
    ],
)
def test_the_button_names_the_stage_and_the_next_one(stage: str, seconds: int, text: str) -> None:
    assert stop_stage_text(stage, seconds) == text


def test_only_what_ended_without_a_word_goes_on_unasked(record: Callable[..., RunRecord]) -> None:
    cut_off = {"state": "interrupted", "reason": ENDED_WITHOUT_A_WORD}
    assert was_cut_off(record(1, **cut_off))
    assert not was_cut_off(record(1, **(cut_off | {"reason": "Broken off from the keyboard."})))
    assert not was_cut_off(record(1, **(cut_off | {"state": "failed"})))
    assert not was_cut_off(record(1, **cut_off, trashed_at=1.0))


def test_interrupted_runs_in_words(record: Callable[..., RunRecord]) -> None:
    assert interrupted_text([record(1)]) == "run 1 was interrupted and can go on from its last checkpoint."
    assert interrupted_text([record(1), record(2)]).startswith("2 runs were interrupted and can go on")
    assert resumed_text(["a"], []) == "a had been interrupted and goes on."
    assert resumed_text(["a", "b"], ["c"]) == (
        "2 runs had been interrupted and go on. c was interrupted again without getting any further, and was left."
    )
    assert resumed_text([], []) == ""


def test_the_desktop_is_told_name_state_and_key_metric(record: Callable[..., RunRecord]) -> None:
    scored = {"key_metric": "f1", "best_score": 0.852, "best_step": 1200}
    assert ended_notice(record(1, state="finished", **scored)) == ("run 1 finished", "F1 85.2 at step 1,200")
    assert ended_notice(record(1, state="stopped", best_score=None)) == ("run 1 stopped", "Without a score.")
    assert ended_notice(record(1, state="failed", reason="Out of memory. Choose less.", **scored))[1] == "Out of memory"
