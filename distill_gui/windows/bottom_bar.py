"""The bottom bar: the run worked on, the queue, how busy the machine is, and the device with the reason for it.

Shows what it is handed and asks nothing itself. Where it gets narrow the least needed goes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import L, S, restyle
from distill_gui.widgets.labels import ElidedLabel, label
from distill_gui.widgets.progress import Bar
from distill_gui.widgets.visibility import show_if
from distill_gui.windows.status import Status, duration, gigabytes, percent

if TYPE_CHECKING:
    from distill_gui.services.meters import Reading

HEIGHT = 40  # px
GAP = 14  # px between the parts
NAME_WIDTH, STEP_BAR_WIDTH, EPOCH_BAR_WIDTH, REASON_WIDTH = 220, 130, 64, 260  # px, at most


class BottomBar(QFrame):
    """One line under every place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Status")
        self._name = ElidedLabel("", "heading", mode=Qt.TextElideMode.ElideMiddle)
        self._name.setMaximumWidth(NAME_WIDTH)
        self._phase = label("", "muted")
        self._step, self._step_bar = _Counter(), Bar("run", 6)
        self._step_bar.setFixedWidth(STEP_BAR_WIDTH)
        self._epoch, self._epoch_bar = label("", "muted"), Bar("epoch", 6)
        self._epoch_bar.setFixedWidth(EPOCH_BAR_WIDTH)
        self._eta, self._queue = label("", "muted"), label("", "muted")
        self._gpu, self._cpu, self._memory = label("", "muted"), label("", "muted"), label("", "muted")
        self._device = _Pill()
        row = QHBoxLayout(self)
        row.setContentsMargins(L, 0, L, 0)
        row.setSpacing(GAP)
        row.addWidget(self._name)
        row.addWidget(self._phase)
        row.addLayout(_pair(self._step, self._step_bar))
        row.addLayout(_pair(self._epoch, self._epoch_bar))
        row.addWidget(self._eta)
        row.addWidget(self._queue)
        row.addStretch(1)
        for meter in (self._gpu, self._cpu, self._memory):
            row.addWidget(meter)
        row.addWidget(self._device)
        self._wanted: dict[QWidget, bool] = {}
        # what gives way first; the run's own step, its queue and the device stay
        self._yielding: tuple[QWidget, ...] = (
            self._epoch_bar, self._memory, self._cpu, self._epoch, self._phase, self._step_bar, self._eta, self._gpu,
        )  # fmt: skip
        self.set_status(Status())
        self._name.setText("")  # until the store has answered nobody knows that no run is active
        self.set_meters(None)

    def set_status(self, status: Status) -> None:
        """Show ``status``."""
        busy = bool(status.name)
        counting = busy and status.total_steps > 0
        epochs = counting and status.epochs > 0
        self._name.setText(status.name if busy else "No run active")
        _set_role(self._name, "heading" if busy else "muted")
        self._phase.setText(status.phase)
        self._step.set(status.step, status.total_steps)
        self._step_bar.set_fraction(status.run_fraction)
        self._epoch.setText(f"epoch {status.epoch_number} of {status.epochs}")
        self._epoch_bar.set_fraction(status.epoch_fraction if epochs else 0.0)
        self._eta.setText("" if status.eta_s is None else f"ETA {duration(status.eta_s)}")
        beside = status.active - busy
        others = ((beside, "more running"), (status.queued, "queued"))
        self._queue.setText(" · ".join(f"{count:,} {what}" for count, what in others if count > 0))
        self._device.set(status.device, status.device_reason)
        self._want(self._phase, busy and status.phase not in ("", "training"))
        self._want(self._step, counting)
        self._want(self._step_bar, counting)
        self._want(self._epoch, epochs)
        self._want(self._epoch_bar, epochs)
        self._want(self._eta, counting and status.eta_s is not None)
        self._want(self._queue, beside > 0 or status.queued > 0)
        self._want(self._device, bool(status.device))
        self._fit()

    def set_meters(self, reading: Reading | None) -> None:
        """Show how busy the machine is; None hides the meters."""
        parts = []
        if reading is not None:
            gpu = reading.gpus[0] if reading.gpus else None
            if gpu is not None:
                text = f"GPU {percent(gpu.load)} · {gigabytes(gpu.memory_used, gpu.memory_total)}"
                self._gpu.setText(text if gpu.temperature is None else f"{text} · {gpu.temperature} °C")
            self._cpu.setText(f"CPU {percent(reading.cpu)}")
            self._memory.setText(f"RAM {gigabytes(reading.memory_used, reading.memory_total)}")
            for other in reading.gpus:
                parts.append(f"{other.name}: {percent(other.load)}, {gigabytes(other.memory_used, other.memory_total)}")
            parts += [self._cpu.text(), self._memory.text()]
        for meter in (self._gpu, self._cpu, self._memory):
            set_tip(meter, "\n".join(parts))
        self._want(self._gpu, reading is not None and bool(reading.gpus))
        self._want(self._cpu, reading is not None)
        self._want(self._memory, reading is not None)
        self._fit()

    def texts(self) -> list[str]:
        """What is readable now, from left to right."""
        widgets = (self._name, self._phase, self._step, self._epoch, self._eta, self._queue,
                   self._gpu, self._cpu, self._memory, self._device)  # fmt: skip
        return [widget.text() for widget in widgets if not widget.isHidden()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _want(self, widget: QWidget, wanted: bool) -> None:
        self._wanted[widget] = wanted
        show_if(widget, wanted)

    def _fit(self) -> None:
        """Hide what gives way, in its order, until the rest has the room it asks for."""
        for widget, wanted in self._wanted.items():
            show_if(widget, wanted)
        for widget in self._yielding:
            if self._needed_width() <= self.width():
                break
            widget.hide()

    def _needed_width(self) -> int:
        """px; summed here, as a layout in a layout learns of a hidden widget only later."""
        widgets = [self._name, *(widget for widget, wanted in self._wanted.items() if wanted)]
        shown = [widget for widget in widgets if not widget.isHidden()]
        return 2 * L - GAP + sum(_width(widget) + (S if isinstance(widget, Bar) else GAP) for widget in shown)


class _Counter(QWidget):
    """ "step **214** / 345", as wide as its last step will be, so that counting moves nothing."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._step = label("", "heading")
        self._step.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._total = label("", "muted")
        row.addWidget(label("step", "muted"))
        row.addWidget(self._step)
        row.addWidget(self._total)

    def set(self, step: int, total: int) -> None:
        self._step.setText(f"{step:,}")
        self._total.setText(f"/ {total:,}")
        self._step.ensurePolished()
        self._step.setMinimumWidth(self._step.fontMetrics().horizontalAdvance(f"{max(step, total):,}") + 1)

    def text(self) -> str:
        return f"step {self._step.text()} {self._total.text()}"


class _Pill(ElidedLabel):
    """The device and why it was chosen, in the accent's pill."""

    def __init__(self) -> None:
        super().__init__("", "badge")
        self.setProperty("tone", "info")
        self.setFixedHeight(18)
        self.setMaximumWidth(REASON_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set(self, device: str, reason: str) -> None:
        short = reason.partition(" · ")[0]  # the rest, such as the thread count, is in the tooltip
        self.setText(f"{device} — {short}" if short else device)
        set_tip(self, f"Device: {device}. {reason}".strip())


def _pair(text: QWidget, bar: Bar) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(S)
    row.addWidget(text)
    row.addWidget(bar, 0, Qt.AlignmentFlag.AlignVCenter)
    return row


def _width(widget: QWidget) -> int:
    return min(widget.maximumWidth(), max(widget.minimumWidth(), widget.sizeHint().width()))


def _set_role(widget: QLabel, role: str) -> None:
    if widget.property("role") != role:
        widget.setProperty("role", role)
        restyle(widget)
