"""Letters that fit a text: which do, which fit better, and which letters are marked."""

import pytest

from distill_gui.models.fuzzy import fit


def marked(typed: str, text: str) -> str:
    found = fit(typed, text)
    return "—" if found is None else "".join(text[at] for at in found[1])


@pytest.mark.parametrize(
    ("typed", "text", "letters"),
    [
        ("stop", "Stop and keep", "Stop"),
        ("keep stop", "Stop and keep", "Stopkeep"),
        ("STOP", "Stop and keep", "Stop"),
        ("sk", "Stop and keep", "Sk"),
        ("tks1", "Taylor KD, seed 1", "TKs1"),
        ("own", "Shown, own", "own"),
        ("xyz", "Stop and keep", "—"),
        ("peek", "Stop and keep", "—"),
        ("", "Stop and keep", ""),
        ("i", "İ run", "—"),
    ],
)
def test_every_letter_has_its_place_in_order(typed: str, text: str, letters: str) -> None:
    assert marked(typed, text) == letters


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("stop", "Stop and keep", "Do not stop"),
        ("stop", "Do not stop", "Nonstop training"),
        ("stop", "Nonstop training", "Save TOML to the program"),
        ("ta", "Table", "Pasta of the day"),
        ("run", "Runs", "Runs of yesterday and of the day before"),
    ],
)
def test_what_begins_so_comes_before_words_and_words_before_letters(typed: str, better: str, worse: str) -> None:
    first, second = fit(typed, better), fit(typed, worse)
    assert first is not None and second is not None and first[0] > second[0]
