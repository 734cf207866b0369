"""The bottom bar: what is known is shown, what is not is not, and nothing is cut at the smallest window."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui.services.meters import Gpu, Reading
from distill_gui.theme import apply
from distill_gui.widgets.labels import ElidedLabel
from distill_gui.windows.bottom_bar import BottomBar
from distill_gui.windows.status import GIGABYTE, Status

TRAINING = Status(
    "taylor · 3x384 · MRPC · seed 1", "training", 214, 345, 1.86, 3, 72, 1, 2, "cuda:0 · bf16", "fastest device found"
)
HOST = Reading(0.34, int(5.1 * GIGABYTE), int(15.6 * GIGABYTE))
WORKSTATION = Reading(
    0.34, int(5.1 * GIGABYTE), int(15.6 * GIGABYTE), (Gpu("NVIDIA H200", 0.71, int(5.8 * GIGABYTE), 24 * GIGABYTE, 64),)
)


@pytest.fixture
def bar_of(qapp: QApplication, qtbot: QtBot) -> Callable[[int], BottomBar]:
    def make(width: int) -> BottomBar:
        apply(qapp, False)
        bar = BottomBar()
        qtbot.addWidget(bar)
        bar.resize(width, bar.height())
        bar.show()
        return bar

    return make


def test_everything_at_a_wide_window(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1900)
    bar.set_status(TRAINING)
    bar.set_meters(WORKSTATION)
    assert bar.texts() == [
        "taylor · 3x384 · MRPC · seed 1", "step 214 / 345", "epoch 2 of 3", "ETA 1 min 12 s", "2 queued",
        "GPU 71 % · 5.8 / 24.0 GB · 64 °C", "CPU 34 %", "RAM 5.1 / 15.6 GB", "cuda:0 · bf16 — fastest device found",
    ]  # fmt: skip
    assert bar._step_bar.fraction() == pytest.approx(214 / 345)
    assert bar._epoch_bar.fraction() == pytest.approx(0.86)


@pytest.mark.parametrize(("active", "queued", "said"), [(1, 0, []), (2, 0, ["1 more running"]),
                                                        (3, 4, ["2 more running · 4 queued"])])  # fmt: skip
def test_runs_that_train_beside_the_one_shown_are_counted(
    bar_of: Callable[[int], BottomBar], active: int, queued: int, said: list[str]
) -> None:
    bar = bar_of(1440)
    bar.set_status(replace(TRAINING, active=active, queued=queued, device=""))
    assert bar.texts()[4:] == said


def test_an_idle_bar_says_so(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1440)
    assert bar.texts() == [""], "nobody has told it yet"
    bar.set_status(Status())
    assert bar.texts() == ["No run active"]
    bar.set_status(TRAINING)
    bar.set_status(Status(queued=3))
    assert bar.texts() == ["No run active", "3 queued"]
    assert bar._step_bar.isHidden()


def test_before_the_steps_are_known_the_phase_is_shown(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1440)
    bar.set_status(Status("first run", "loading data", active=1))
    assert bar.texts() == ["first run", "loading data"]


@pytest.mark.parametrize("reading", [HOST, WORKSTATION], ids=["no GPU", "GPU"])
def test_the_smallest_window_keeps_what_matters_and_cuts_nothing(
    bar_of: Callable[[int], BottomBar], reading: Reading
) -> None:
    bar = bar_of(1280)
    bar.set_status(TRAINING)
    bar.set_meters(reading)
    QApplication.processEvents()
    assert {"step 214 / 345", "2 queued", "ETA 1 min 12 s"} <= set(bar.texts())
    for label in bar.findChildren(QLabel):
        if label.isVisible() and not isinstance(label, ElidedLabel):
            assert label.width() >= label.sizeHint().width(), label.text()


def test_what_gave_way_comes_back(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1280)
    bar.set_status(TRAINING)
    bar.set_meters(WORKSTATION)
    assert "RAM 5.1 / 15.6 GB" not in bar.texts()
    bar.resize(1900, bar.height())
    assert "RAM 5.1 / 15.6 GB" in bar.texts()


def test_meters_that_gave_way_are_in_the_tooltip(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1280)
    bar.set_meters(WORKSTATION)
    assert bar._gpu.toolTip().splitlines() == ["NVIDIA H200: 71 %, 5.8 / 24.0 GB", "CPU 34 %", "RAM 5.1 / 15.6 GB"]


def test_a_card_without_a_thermometer(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1900)
    bar.set_meters(Reading(0, 0, GIGABYTE, (Gpu("card", 0.5, GIGABYTE, 2 * GIGABYTE, None),)))
    assert "GPU 50 % · 1.0 / 2.0 GB" in bar.texts()
    bar.set_meters(None)
    assert bar.texts() == [""]


def test_counting_moves_nothing(bar_of: Callable[[int], BottomBar]) -> None:
    bar = bar_of(1440)
    places = []
    for step in (1, 99, 345):
        bar.set_status(Status("run", "training", step, 345, step / 115, 3, None, 1))
        QApplication.processEvents()
        places.append(bar._step_bar.x())
    assert len(set(places)) == 1
