"""The meters: figures of this machine, cards read by NVML only, nothing piled up, nothing left behind."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import psutil
import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from distill_gui.services.meters import Gpu, Meters, Probe, Reading


class Broken(Exception):
    pass


class Nvml(SimpleNamespace):
    """Two cards: one complete, one without sensors; a third that has gone."""

    NVMLError = Broken
    NVML_TEMPERATURE_GPU = 0
    closed = False

    def nvmlInit(self) -> None: ...
    def nvmlShutdown(self) -> None:
        self.closed = True

    def nvmlDeviceGetCount(self) -> int:
        return 3

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetMemoryInfo(self, card: int) -> SimpleNamespace:
        if card == 2:
            raise Broken
        return SimpleNamespace(used=1000 + card, total=4000)

    def nvmlDeviceGetName(self, card: int) -> str:
        return f"card {card}"

    def nvmlDeviceGetUtilizationRates(self, card: int) -> SimpleNamespace:
        if card == 1:
            raise Broken
        return SimpleNamespace(gpu=71)

    def nvmlDeviceGetTemperature(self, card: int, sensor: int) -> int:
        if card == 1:
            raise Broken
        return 64


def test_the_first_reading_has_a_load_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float | None] = []
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval: asked.append(interval) or 50.0)
    probe = Probe()
    assert [probe.read().cpu for _ in range(3)] == [0.5] * 3
    probe.close()
    assert asked[0] and asked[1:] == [None, None], "without an interval psutil's first answer is 0, whatever the load"


def test_cards_with_and_without_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)  # type: ignore[arg-type]
    probe = Probe()
    assert probe.read().gpus == (Gpu("card 0", 0.71, 1000, 4000, 64), Gpu("card 1", 0.0, 1001, 4000, None))
    probe.close()
    assert nvml.closed
    assert probe.read().gpus == ()


def test_without_a_driver_there_is_no_card_and_no_second_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class NoDriver(Nvml):
        def nvmlInit(self) -> None:
            asked.append(True)
            raise Broken

    monkeypatch.setitem(sys.modules, "pynvml", NoDriver())  # type: ignore[arg-type]
    probe = Probe()
    assert (probe.read().gpus, probe.read().gpus) == ((), ())
    assert asked == [True]
    probe.close()


def test_memory_and_load_are_this_machines() -> None:
    probe = Probe()
    reading = probe.read()
    probe.close()
    assert reading.memory_total == psutil.virtual_memory().total
    assert 0 < reading.memory_used < reading.memory_total
    assert 0 <= reading.cpu <= 1


class Fake(Probe):
    """Answers when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.reads = 0
        self.closed = False
        self.threads: list[QThread] = []

    def read(self) -> Reading:
        self.reads += 1
        self.threads.append(QThread.currentThread())
        self.go.wait(5)
        return Reading(0.5, 1, 2)

    def close(self) -> None:
        self.closed = True


def test_readings_come_from_another_thread(qtbot: QtBot) -> None:
    probe = Fake()
    probe.go.set()
    meters = Meters(probe)
    with qtbot.waitSignal(meters.measured) as told:
        meters.start()
    meters.close()
    assert told.args == [Reading(0.5, 1, 2)]
    assert probe.threads[0] is not QThread.currentThread()
    assert probe.closed


def test_a_driver_that_hangs_piles_up_nothing(qtbot: QtBot) -> None:
    probe = Fake()
    meters = Meters(probe)
    meters.start()
    meters._timer.stop()  # only the looks below
    for _ in range(5):
        meters._look()
    qtbot.waitUntil(lambda: probe.reads == 1)
    with qtbot.waitSignal(meters.measured):
        probe.go.set()
    meters._look()
    qtbot.waitUntil(lambda: probe.reads == 2)
    meters.close()
    assert probe.reads == 2


def test_nothing_is_measured_after_close(qtbot: QtBot) -> None:
    probe = Fake()
    probe.go.set()
    meters = Meters(probe)
    meters.start()
    meters.close()
    reads = probe.reads
    meters._timer.timeout.emit()
    qtbot.wait(20)
    assert probe.reads == reads


def test_no_cuda_is_touched() -> None:
    code = (
        "import sys; from distill_gui.services.meters import Probe; p = Probe(); p.read(); p.close();"
        "maps = open('/proc/self/maps').read() if sys.platform == 'linux' else '';"
        "sys.exit('torch' in sys.modules or 'libcuda.so' in maps or 'libcudart' in maps)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
