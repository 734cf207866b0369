"""How busy the machine is, read beside the window's thread. Asks NVML, never CUDA; knows no widget.

Asking CUDA anything in this process would pin some 400 MB of the GPU's memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

FIRST_S = 0.1  # how long the first look at the cores takes
PERIOD_MS = 2000


@dataclass(frozen=True)
class Gpu:
    """One graphics card: ``load`` 0 to 1, memory in bytes, temperature in °C or None where the card does not tell."""

    name: str
    load: float
    memory_used: int
    memory_total: int
    temperature: int | None


@dataclass(frozen=True)
class Reading:
    """One look at the machine: ``cpu`` is the load of all cores since the last look, 0 to 1; memory in bytes."""

    cpu: float
    memory_used: int
    memory_total: int
    gpus: tuple[Gpu, ...] = ()


class Probe:
    """Reads psutil and NVML; a machine without an NVIDIA driver has no GPU, and that is not asked again."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        self._looked = False

    def read(self) -> Reading:
        """One reading; takes milliseconds, the first some hundred of them."""
        import psutil

        memory = psutil.virtual_memory()
        first = None if self._looked else FIRST_S  # there is no last look yet, and it would say 0 %
        return Reading(
            cpu=psutil.cpu_percent(interval=first) / 100,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            gpus=tuple(self._gpus()),
        )

    def close(self) -> None:
        """Let go of NVML."""
        if self._nvml is not None:
            self._nvml.nvmlShutdown()
            self._nvml, self._handles = None, []

    def _gpus(self) -> list[Gpu]:
        if not self._looked:
            self._looked = True
            self._open()
        found = []
        for handle in self._handles:
            gpu = self._gpu(handle)
            if gpu is not None:
                found.append(gpu)
        return found

    def _open(self) -> None:
        import pynvml

        try:
            pynvml.nvmlInit()
            self._nvml = pynvml
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        except pynvml.NVMLError:
            self._handles = []

    def _gpu(self, handle: Any) -> Gpu | None:
        nvml = self._nvml
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            name = nvml.nvmlDeviceGetName(handle)
            load = _or_none(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
            heat = _or_none(nvml, lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        except nvml.NVMLError:  # a card that was taken away, or that shares its memory with the host
            return None
        return Gpu(str(name), (load or 0) / 100, int(memory.used), int(memory.total), heat)


class Meters(QObject):
    """Says ``measured(Reading)`` every two seconds after ``start``; ``close`` waits for a reading in flight."""

    measured = Signal(object)

    def __init__(self, probe: Probe | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._probe = probe or Probe()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._busy = False
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self._look)
        self.measured.connect(self._on_measured)

    def start(self) -> None:
        """Begin, with a first reading at once."""
        self._timer.start()
        self._look()

    def close(self) -> None:
        """End for good; nothing is measured after this returns."""
        self._timer.stop()
        self._pool.waitForDone()
        self._probe.close()

    def _look(self) -> None:
        if not self._busy:  # a driver that hangs must not pile up readings
            self._busy = True
            self._pool.start(self._measure)

    def _measure(self) -> None:
        self.measured.emit(self._probe.read())

    def _on_measured(self, reading: Reading) -> None:
        self._busy = False


def _or_none(nvml: Any, read: Callable[[], int]) -> int | None:
    """A figure, or None where the card has no such sensor."""
    try:
        return int(read())
    except nvml.NVMLError:
        return None
