"""What is said while a run is being stopped: how far that is, what comes next, and when."""

import pytest

from distill_gui.models.run_words import stop_stage_text


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
