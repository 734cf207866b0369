"""Runs one claimed run to its end and writes down how it ended, whatever happens. Used by ``distill run`` and the worker."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from engine.cli.awake import awake
from engine.cli.patience import patiently
from engine.config import parse_config
from engine.errors import EngineError, StoreError
from engine.events import Emit, Event, Facts, Log, Phase
from engine.store import RunRecord, RunWriter, Store
from engine.store.home import private_files
from engine.store.leftovers import clear_checkpoints
from engine.store.liveness import having
from engine.store.records import FAILED, FINISHED, INTERRUPTED, PAUSE, PAUSED, RUNNING, STOP, STOPPED
from engine.store.run_log import append_line
from engine.training.portions import ran_out_of_memory
from engine.visible import without_secrets

BROKEN_OFF = "Broken off from the keyboard before it had stopped; resumed, it goes on from its last checkpoint."
STOP_ASKED_EVERY_S = 0.2
CHECKPOINT_EVERY_S = 60.0
HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # not on Windows
DEVICE_LOST = "The device failed"  # how the reason begins of a run after which its process can use the device no more
REFUSED_FOR_S = 5.0  # a store that does not answer is asked again after this long


class StopControl:
    """Whether the run was asked to stop or to pause: by a request in the store or by a signal. Asked at every step, so it
    is cheap. ``pausing()`` tells which; a stop that comes after a pause was asked for makes it a stop."""

    def __init__(self, store: Store, run: int) -> None:
        self._store, self._run = store, run
        self._next_look = 0.0
        self._asked = ""
        self.signalled = False
        """Whether the process itself was told to end, not only this run."""

    def ask(self, kind: str = STOP) -> None:
        """Ask for stop-and-keep, or for a pause; a stop goes before a pause."""
        self.signalled = True
        self._asked = kind if self._asked != STOP else STOP

    def pausing(self) -> bool:
        """Whether what was asked for is a pause."""
        return self._asked == PAUSE

    def __call__(self) -> bool:
        if self._asked != STOP and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + STOP_ASKED_EVERY_S
            try:
                self._asked = self._store.requested(self._run) or self._asked
            except StoreError:  # locked or unreadable just now; the writer says so, and a signal still stops the run
                self._next_look = time.monotonic() + REFUSED_FOR_S
        return self._asked != ""


class Reached:
    """How far a run is, in words for its log: "at step 120", or what it was busy with before the student's first step."""

    def __init__(self, step: int) -> None:
        self.where = f"at step {step}"
        self._training = False

    def hear(self, event: Event) -> None:
        """Take note of an event that tells it."""
        if isinstance(event, Phase) and not self._training:
            self.where = f"while {event.text}"
        if isinstance(event, Facts) and "step" in event.values:
            self._training = True
            self.where = f"at step {event.values['step']}"


@contextmanager
def stop_on_signals(control: StopControl) -> Iterator[None]:
    """While this holds, the first SIGINT or SIGTERM asks for stop-and-keep; a second one acts as ever.

    SIGHUP, the end of the terminal, asks for a pause: nobody is there any more to wait for a student. Where it is ignored
    (nohup), it stays so.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        control.ask(PAUSE if number == HANG_UP else STOP)
        signal.signal(number, before[number])
        if number == signal.SIGINT:
            _tell_who_pressed_it()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if HANG_UP is not None and signal.getsignal(HANG_UP) != signal.SIG_IGN:
        numbers.append(HANG_UP)
    before: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    for number in before:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_who_pressed_it() -> None:
    """Say at once that Ctrl+C was heard, at the terminal it came from; within a signal, so not through Python's buffers."""
    with suppress(OSError, AttributeError):  # Windows does not know who has a terminal
        if os.isatty(2) and os.tcgetpgrp(2) == os.getpgrp():
            os.write(2, b"\r\nAsked to stop: it ends soon and keeps its student. Ctrl+C once more breaks it off.\r\n")


def execute(
    store: Store,
    run: RunRecord,
    listen: Callable[[Event], None] | None = None,
    checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    control: StopControl | None = None,
) -> RunRecord:
    """Train a run that this process has claimed, from its last checkpoint on; returns it as it ended.

    ``listen`` hears every event as well, until it raises OSError: a terminal that was closed ends no run."""
    control = control or StopControl(store, run.id)
    process = run.pid, run.pid_started  # nobody else's run is ended here, should it have been taken meanwhile
    with private_files(), having(run.folder), stop_on_signals(control):
        try:
            with store.writer(run.id) as writer:
                reached, hear = Reached(run.step), _while_it_can(listen)

                def emit(event: Event) -> None:
                    if isinstance(event, Log):  # what a library says of a download may hold an address with a password
                        event = Log(without_secrets(event.text))
                    reached.hear(event)
                    writer.emit(event)
                    hear(event)

                with awake(store.home, lambda text: append_line(run.log_file, text)):
                    state, reason = _attempt(store, run, emit, control, writer, checkpoint_every_s)
                if state in (PAUSED, STOPPED):
                    emit(Log(f"{state.capitalize()} {reached.where}."))
        except StoreError as error:  # it took no more rows; they and the student are kept
            state, reason = FAILED, str(error)
        except KeyboardInterrupt:
            store.set_state(run.id, INTERRUPTED, BROKEN_OFF, RUNNING, process)
            raise
        ended = patiently(
            lambda: store.set_state(run.id, state, without_secrets(reason), RUNNING, process),
            lambda text: append_line(run.log_file, text),
        )
        if ended and state == FINISHED:
            clear_checkpoints(run.folder)  # not before the store says that it is over
    return store.run(run.id)


def _last_step(store: Store, run: int, curve: str) -> int:
    """How far a curve of an earlier attempt goes; 0 if there is none, or it cannot be read just now."""
    try:
        steps, _, _ = store.curve(run, curve)
    except StoreError:
        return 0
    return int(steps.max(initial=0))


def _while_it_can(listen: Callable[[Event], None] | None) -> Callable[[Event], None]:
    """A listener that is heard no more once it cannot write: its terminal or pipe was closed."""
    able = listen is not None

    def hear(event: Event) -> None:
        nonlocal able
        if able and listen is not None:
            try:
                listen(event)
            except OSError:
                able = False

    return hear


def _attempt(
    store: Store, run: RunRecord, emit: Emit, control: StopControl, writer: RunWriter, checkpoint_every_s: float
) -> tuple[str, str]:
    """(state, reason) in which the attempt ended. A person's mistake gives its sentence, a bug leaves its traceback in the log."""
    try:
        config = parse_config(run.toml, run.folder)
        from engine.training.distil import distil

        outcome = distil(
            config, store.home, run.folder, emit, control,
            pausing=control.pausing, flush=writer.flush, checkpoint_every_s=checkpoint_every_s,
            teacher_logged_to=_last_step(store, run.id, "teacher/train/loss"),
        )  # fmt: skip
        if not outcome.stopped:
            return FINISHED, ""
        if outcome.student is None and control.pausing():
            if outcome.goes_on_from is None:
                return PAUSED, "Paused when asked to; it goes on from here when it is resumed."
            since = f"from step {outcome.goes_on_from}" if outcome.goes_on_from else "from the beginning"
            return (
                PAUSED,
                f"Paused when asked to, but no checkpoint could be written: it goes on {since} when it is resumed.",
            )
        kept = "its student was kept" if outcome.student else "before there was a student to keep"
        return STOPPED, f"Stopped when asked to; {kept}."
    except EngineError as error:
        emit(Log(str(error)))
        return FAILED, str(error)
    except Exception as error:
        emit(Log(traceback.format_exc()))
        if ran_out_of_memory(error):
            return FAILED, "The device ran out of memory; choose a smaller batch size, length or student."
        if "CUDA error" in str(error):
            return FAILED, (
                f"{DEVICE_LOST}: {str(error).splitlines()[0].rstrip('.')}. Resume the run to go on from its last checkpoint; "
                "if it happens again, look at the GPU and its driver, or choose another device."
            )
        return FAILED, f"A bug in this program ended the run: {type(error).__name__}: {error}. The log has the details."
