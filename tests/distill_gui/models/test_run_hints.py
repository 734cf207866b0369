"""Known causes get their hint, unknown ones none."""

import pytest

from distill_gui.models.run_hints import hint


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("CUDA out of memory. Tried to allocate 2 GiB", "batch size"),
        ("The total loss is nan at step 41: training has gone astray.", "learning rate"),
        ("The training process ended without a word (killed, or the machine went down).", "ended from outside"),
        ("runs.db cannot be written: the disk is full.", "make room"),
        ("CUDA error: an illegal memory access", "device = cpu"),
        ("Couldn't connect to the hub", "network"),
    ],
)
def test_a_known_cause(reason: str, word: str) -> None:
    assert word in hint(reason)


def test_the_reason_counts_before_the_log() -> None:
    assert "learning rate" in hint("loss was NaN at step 3", "out of memory")
    assert "batch size" in hint("it failed", "...\nout of memory\n")


def test_an_unknown_cause_gets_no_invented_advice() -> None:
    assert hint("The label column is missing in train.csv", "financial information") == ""
