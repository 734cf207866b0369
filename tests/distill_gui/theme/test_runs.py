"""Run colours: six, colour-blind safe, seen on their ground in both themes."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from distill_gui.theme import apply, run_colour
from distill_gui.theme.runs import DARK_RUNS, LIGHT_RUNS


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    apply(qapp, False)
    yield
    apply(qapp, False)


def test_light_is_the_published_set(qapp: QApplication) -> None:
    assert [run_colour(index) for index in range(6)] == [
        "#0072B2",
        "#D55E00",
        "#009E73",
        "#CC79A7",
        "#E69F00",
        "#56B4E9",
    ]


def test_dark_lightens_each_and_indices_repeat(qapp: QApplication) -> None:
    apply(qapp, True)
    assert [run_colour(index) for index in range(6)] == list(DARK_RUNS)
    assert run_colour(6) == run_colour(0)
    for light, dark in zip(LIGHT_RUNS, DARK_RUNS, strict=True):
        assert sum(int(dark[at : at + 2], 16) for at in (1, 3, 5)) > sum(
            int(light[at : at + 2], 16) for at in (1, 3, 5)
        )
