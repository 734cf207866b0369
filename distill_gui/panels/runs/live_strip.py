"""What the chosen run is doing: state, progress, the one thing to do about it, and its four figures. Knows no store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from distill_gui.models.run_text import (
    TONES,
    fraction,
    is_control,
    is_training,
    loss_text,
    metric_word,
    progress_texts,
    rate_text,
    score_text,
    signed,
    state_text,
)  # fmt: skip
from distill_gui.plain import set_tip
from distill_gui.theme import L, M, S
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.buttons import button, set_kind
from distill_gui.widgets.labels import ElidedLabel
from distill_gui.widgets.progress import Bar
from distill_gui.widgets.tile import Tile
from distill_gui.widgets.visibility import show_if

if TYPE_CHECKING:
    from engine.store import RunRecord

STOP, STOPPING, UNQUEUE, EXPORT, AGAIN = (
    "Stop and keep", "Stopping …", "Take out of the queue", "Export student…", "Duplicate with changes…",
)  # fmt: skip
PAUSE, PAUSING, RESUME = "Pause", "Pausing …", "Resume"
PATIENCE_S = 10  # how long a pause is simply on its way
INERT_S = 0.5  # how long buttons that changed by themselves take no click: nobody decides about what they just became
RESUMABLE = {"paused": "primary", "interrupted": "primary", "failed": "secondary", "stopped": "secondary"}
ABOUT = {
    PAUSE: "Writes a checkpoint and gives the device back; Resume goes on from there.",
    PAUSING: "A pause comes with the end of the step or the evaluation under way, and never by force: it waits for as long "
    "as that takes. “Stop and keep” insists.",
    RESUME: "Goes on from the last checkpoint as if nothing had happened.",
}


Offer = tuple[int, str, str]  # a run, and what the two buttons do with it


class LiveStrip(QFrame):
    """`show_run` obeys. The button's text says what it will do, and while a stop is on its way, how far that is.

    `instead` is shown in place of the tiles when `show_instead` says so.
    """

    stop_wanted = Signal(int)
    pause_wanted = Signal(int)
    resume_wanted = Signal(int)
    export_wanted = Signal(int)
    duplicate_wanted = Signal(int)

    def __init__(self, instead: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._record: RunRecord | None = None
        self._stopping: dict[int, str] = {}
        self._pausing: dict[int, float] = {}  # since when, of a clock that only goes on
        self.name = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)  # runs of a sweep differ at the end
        self.badge = Badge()
        self.about = ElidedLabel("", "muted")
        self.bar = Bar("progress of the run")
        self.progress = ElidedLabel("", "caption")
        self.action, self.second = button(STOP), button(PAUSE)
        self._offer: Offer = (0, "", "")
        self._aimed: Offer | None = None  # what a button offered as it was pressed
        self._inert_until = 0.0
        self.loss, self.best = Tile("Total loss"), Tile("Best score")
        self.teacher, self.gap = Tile("Teacher’s score"), Tile("Gap closed")
        self.tiles, self._instead = QWidget(), instead
        self._lay_out()
        for pressed in (self.action.pressed, self.second.pressed):
            pressed.connect(self._on_pressed)
        self.action.clicked.connect(self._on_action)
        self.second.clicked.connect(self._on_second)

    def _lay_out(self) -> None:
        second = QHBoxLayout()
        second.setSpacing(S)
        second.addWidget(self.badge)
        second.addWidget(self.about, 1)
        names = QVBoxLayout()
        names.setSpacing(5)
        names.addWidget(self.name)
        names.addLayout(second)
        course = QVBoxLayout()
        course.setSpacing(9)
        course.addStretch(1)
        course.addWidget(self.bar)
        course.addWidget(self.progress)
        top = QHBoxLayout()
        top.setSpacing(L)
        top.addLayout(names, 4)
        top.addLayout(course, 4)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self.second, 0, Qt.AlignmentFlag.AlignVCenter)
        buttons.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        top.addLayout(buttons)
        tiles = QGridLayout(self.tiles)
        tiles.setContentsMargins(0, 0, 0, 0)
        tiles.setSpacing(M)
        for place, tile in enumerate((self.loss, self.best, self.teacher, self.gap)):
            tiles.addWidget(tile, 0, place)
            tiles.setColumnStretch(place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, L - 2)
        column.setSpacing(M)
        column.addLayout(top)
        column.addWidget(self.tiles)
        column.addWidget(self._instead)
        self.show_instead(False)

    # what to show -----------------------------------------------------------------------------------------------------

    def show_run(
        self,
        record: RunRecord,
        last_loss: float | None = None,
        loss_change: float | None = None,
        rate: float | None = None,
        eta_s: float | None = None,
        control: tuple[float, int] | None = None,
        unasked: bool = False,
    ) -> None:
        """Show one run. `loss_change` is the distance to the lowest smoothed loss, `rate` examples a second, `control`
        the mean score, and of how many runs, without a teacher; `unasked` says that no person chose to see it."""
        offer = (record.id, *_verbs(record))
        own = unasked if record.id != self._offer[0] else offer != self._offer
        self._offer, self._record = offer, record
        if own:
            self._inert_until = time.monotonic() + INERT_S
        if record.state != "running":
            self._stopping.pop(record.id, None)
            self._pausing.pop(record.id, None)
        self.name.setText(record.name)
        self.badge.set(state_text(record), TONES.get(record.state, "neutral"))
        self.about.setText(" · ".join(self._about(record, rate)))
        self.bar.set_fraction(fraction(record))
        self.progress.set_texts(progress_texts(record, eta_s))
        self._show_tiles(record, last_loss, loss_change, control)
        self._show_action(record)

    def _about(self, record: RunRecord, rate: float | None) -> list[str]:
        parts = []
        if rate is not None and record.state == "running" and is_training(record):
            parts.append(rate_text(rate))
        parts.append(f"{loss_text(record)} · {record.architecture} · {record.task} · seed {record.seed}")
        if record.device:
            parts.append(record.device)
        return parts

    def _show_tiles(
        self, record: RunRecord, last_loss: float | None, change: float | None, control: tuple[float, int] | None
    ) -> None:
        metric = metric_word(record.key_metric)
        note = "" if change is None else "lowest so far" if change <= 0 else f"+{change:.3f} from lowest"
        self.loss.set("—" if last_loss is None else f"{last_loss:.3f}", note)
        self.best.set_caption(f"Best {metric}")
        self.best.set(score_text(record.best_score), "" if record.best_step is None else f"@ step {record.best_step:,}")
        self.teacher.set_caption(f"Teacher’s {metric}")
        behind = None
        if record.best_score is not None and record.teacher_score is not None:
            behind = 100 * (record.best_score - record.teacher_score)
        self.teacher.set(score_text(record.teacher_score), "" if behind is None else f"student {signed(behind)}")
        self._show_gap(record, control)

    def _show_gap(self, record: RunRecord, control: tuple[float, int] | None) -> None:
        if is_control(record):
            self.gap.set("—", "this is the control")
        elif control is None:
            self.gap.set("—", "no control run yet")
        elif record.best_score is None or record.teacher_score is None:
            self.gap.set("—", f"control {score_text(control[0])}")
        elif record.teacher_score <= control[0]:
            self.gap.set("—", f"control {score_text(control[0])} is no worse", "warn")
        else:
            closed = (record.best_score - control[0]) / (record.teacher_score - control[0])
            short = f"control {score_text(control[0])}"
            note = f"from {short}" + (f", mean of {control[1]}" if control[1] > 1 else "")
            self.gap.set(f"{100 * closed:.0f} %".replace("-", "−"), note, shorter=[f"from {short}", short])
        set_tip(
            self.gap,
            "How much of the way from the same student trained without a teacher (the control) to the teacher is made. "
            "Nothing to say where the control is no worse than the teacher.",
        )

    def _show_action(self, record: RunRecord) -> None:
        had_focus = {made: made.text() for made in (self.action, self.second) if made.hasFocus()}
        if had_focus:
            # what is disabled or hidden hands the focus to the button beside it: the next Space would stop the run just resumed
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_buttons(record)
        for made, said in had_focus.items():
            if made.isEnabled() and not made.isHidden() and made.text() == said:
                made.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_buttons(self, record: RunRecord) -> None:
        text, kind = {
            "running": (self._stopping.get(record.id, STOP), "secondary"),
            "queued": (self._stopping.get(record.id, UNQUEUE), "secondary"),
            "failed": (AGAIN, "secondary"),
            "interrupted": (AGAIN, "secondary"),
        }.get(record.state, (EXPORT, "secondary"))
        self.action.setText(text)
        self.action.setEnabled(record.id not in self._stopping)
        _name(self.action, record)
        set_kind(self.action, kind)
        show_if(self.action, text != EXPORT or record.has_student)
        self._show_second(record)

    def _show_second(self, record: RunRecord) -> None:
        pausing = record.id in self._pausing
        text = RESUME if record.state in RESUMABLE else PAUSING if pausing else PAUSE
        waited = round(time.monotonic() - self._pausing[record.id]) if pausing else 0
        self.second.setText(f"{text} asked {waited} s ago" if waited >= PATIENCE_S else text)
        _name(self.second, record, ABOUT.get(text, ""))
        self.second.setEnabled(not pausing)
        set_kind(self.second, RESUMABLE.get(record.state, "secondary"))
        show_if(
            self.second, record.state in RESUMABLE or (record.state == "running" and record.id not in self._stopping)
        )

    def set_pausing(self, run: int) -> None:
        """Say that a run was asked to pause, until it has."""
        self._pausing.setdefault(run, time.monotonic())
        if self._record is not None and self._record.id == run:
            self._show_action(self._record)

    def set_stop_stage(self, run: int, text: str) -> None:
        """Say how far the stop of a run is ("Terminating…"); "" if it is no longer asked for."""
        if text:
            self._stopping[run] = text
        else:
            self._stopping.pop(run, None)
        if self._record is not None and self._record.id == run:
            self._show_action(self._record)

    def show_instead(self, instead: bool) -> None:
        show_if(self._instead, instead)
        show_if(self.tiles, not instead)

    # what a person does -----------------------------------------------------------------------------------------------

    def _on_pressed(self) -> None:
        self._aimed = self._offer if time.monotonic() >= self._inert_until else None

    def _is_meant(self) -> bool:
        """Whether the button did not change under the pointer: not just before it was pressed, and not while it was held."""
        return self._aimed == self._offer

    def _on_second(self) -> None:
        if self._record is not None and self._is_meant():
            resumable = self._record.state in RESUMABLE
            (self.resume_wanted if resumable else self.pause_wanted).emit(self._record.id)

    def _on_action(self) -> None:
        if self._record is None or not self._is_meant():
            return
        if self._record.state in ("running", "queued"):
            self.stop_wanted.emit(self._record.id)
        elif self._record.state in ("failed", "interrupted"):
            self.duplicate_wanted.emit(self._record.id)
        else:
            self.export_wanted.emit(self._record.id)


def _verbs(record: RunRecord) -> tuple[str, str]:
    """What the two buttons do with a run in its state, how far that is left aside."""
    ended = {"failed": AGAIN, "interrupted": AGAIN}.get(record.state, EXPORT)
    first = {"running": STOP, "queued": UNQUEUE}.get(record.state, ended)
    return first, RESUME if record.state in RESUMABLE else PAUSE


def _name(made: QPushButton, record: RunRecord, about: str = "") -> None:
    """Say which run a button is about, to the pointer and to a screen reader; there is no room for it in the button."""
    what = f"{made.text().removesuffix('…').rstrip()}: “{record.name}”"
    made.setAccessibleName(what)
    set_tip(made, f"{what}. {about}".rstrip() if about else what)
