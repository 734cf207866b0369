"""Looks of terms: no run's colour, told apart with and without colour, seen on their ground in both themes."""

from collections.abc import Iterator
from itertools import combinations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from distill_gui.theme import apply, current, run_colour, term_look
from distill_gui.theme.terms import DASHES


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def shown(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    apply(qapp, request.param)
    yield
    apply(qapp, False)


def luminance(colour: str) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in QColor(colour).getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_every_term_is_seen_on_a_card(shown: None) -> None:
    for index in range(6):
        dark, light = sorted((luminance(term_look(index).colour), luminance(current().surface)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_no_term_has_a_run_s_colour(shown: None) -> None:
    runs = [QColor(run_colour(index)).getRgb()[:3] for index in range(6)]
    for index in range(6):
        term = QColor(term_look(index).colour).getRgb()[:3]
        assert all(sum(abs(a - b) for a, b in zip(term, run, strict=True)) > 60 for run in runs)


def test_terms_differ_without_colour_too(shown: None) -> None:
    assert all(one.dash != other.dash for one, other in combinations(map(term_look, range(6)), 2))
    assert len({(term_look(index).colour, term_look(index).dash) for index in range(12)}) == 12
    assert len(set(DASHES)) == len(DASHES)
