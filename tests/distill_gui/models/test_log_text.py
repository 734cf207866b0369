"""A log cut into pieces anywhere reads the same."""

import random

import pytest

from distill_gui.models.log_text import KEPT_LINES, LONGEST_REST, LogText, cleaned

LOG = "one\n\x1b[31mtwo\x1b[0m\r\n  3 %\r 50 %\r100 %\nüber 🙂\n\n<b>no markup</b>\nlast"
LINES = ["one", "two", "100 %", "über 🙂", "", "<b>no markup</b>"]


@pytest.mark.parametrize("seed", range(10))
def test_pieces_make_the_same_lines(seed: int) -> None:
    chance = random.Random(seed)
    text, lines, at = LogText(), [], 0
    while at < len(LOG):
        size = chance.randint(1, 7)
        lines += text.append(LOG[at : at + size])
        at += size
    assert lines == LINES
    assert text.tail(2) == ["<b>no markup</b>", "last"]


def test_terminal_titles_and_bells_are_dropped() -> None:
    assert cleaned("\x1b]0;title\x07a\x07b\x1b[1;32mc") == "abc"


def test_only_the_end_is_kept() -> None:
    text = LogText()
    text.append("".join(f"{n}\n" for n in range(KEPT_LINES + 10)))
    assert len(text.tail(10**6)) == KEPT_LINES
    assert text.tail(1) == [str(KEPT_LINES + 9)]
    text.clear()
    assert text.tail(5) == []


def test_a_line_that_does_not_end_is_kept_bounded() -> None:
    text = LogText()
    for percent in range(20_000):
        text.append(f"\r{percent} of 20,000 rows")
    assert len(text._rest) <= LONGEST_REST and text.tail(1) == ["19999 of 20,000 rows"]
    text.append("x" * 2 * LONGEST_REST)
    assert len(text._rest) <= LONGEST_REST and text.append("end\n")[0].endswith("xend")
