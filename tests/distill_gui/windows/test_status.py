"""The status in words: epochs, fractions, durations, sizes."""

import pytest

from distill_gui.windows.status import GIGABYTE, Status, duration, gigabytes, percent


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"), (8, "8 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (72, "1 min 12 s"), (3599, "59 min 59 s"),
        (3900, "1 h 05 min"), (86400, "1 d 0 h"), (100_000, "1 d 3 h"), (-5, "0 s"),
    ],
)  # fmt: skip
def test_durations_use_the_two_units_that_matter(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("epoch", "number", "fraction"), [(0.0, 1, 0.0), (0.5, 1, 0.5), (1.86, 2, 0.86), (2.0, 3, 0.0), (3.0, 3, 1.0)]
)
def test_the_epoch_worked_on(epoch: float, number: int, fraction: float) -> None:
    status = Status("run", epoch=epoch, epochs=3)
    assert status.epoch_number == number
    assert status.epoch_fraction == pytest.approx(fraction)


def test_a_run_without_known_length_is_at_its_start() -> None:
    assert Status("run", "loading data").run_fraction == 0.0
    assert Status("run", step=214, total_steps=345).run_fraction == pytest.approx(0.62, abs=0.001)


def test_figures_are_written_as_in_the_pictures() -> None:
    assert percent(0.714) == "71 %"
    assert gigabytes(int(5.8 * GIGABYTE), 24 * GIGABYTE) == "5.8 / 24.0 GB"
