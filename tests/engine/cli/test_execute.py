"""How runs end that meet a signal, a closed terminal, a failed device, or a store that refuses; training itself is feigned."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli import execute as execute_module
from engine.cli import patience, work
from engine.cli.execute import DEVICE_LOST, StopControl, execute
from engine.cli.patience import patiently
from engine.config import parse_config
from engine.errors import StoreError
from engine.events import Event, Log
from engine.store import Store
from engine.store.processes import own_identity
from engine.training.distil import Outcome

FINISHED, PAUSED = Outcome(False, Path("student"), 0.5), Outcome(True, None, None)


@pytest.fixture(autouse=True)
def _signals_as_at_a_terminal() -> Iterator[None]:
    """Whoever runs the tests in the background has them ignored."""
    chosen = [(signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)]
    if hasattr(signal, "SIGHUP"):
        chosen.append((signal.SIGHUP, signal.SIG_DFL))
    before = [(number, signal.signal(number, handler)) for number, handler in chosen]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def store(home: Path, toml: str) -> Store:
    """With two queued runs."""
    store = Store(home)
    for _ in range(2):
        store.enqueue(parse_config(toml))
    return store


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Outcome]], None]:
    def feign(do: Callable[..., Outcome]) -> None:
        """``do(emit, stop_requested)`` takes the place of the training."""
        monkeypatch.setattr(
            "engine.training.distil.distil", lambda config, home, folder, emit, stop, **more: do(emit, stop)
        )

    return feign


def claimed(store: Store) -> Any:
    return store.claim(*own_identity())


def until_asked(stop: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not stop():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_terminal_that_was_closed_ends_no_run(store: Store, training: Any) -> None:
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        raise BrokenPipeError

    def do(emit: Any, stop: Any) -> Outcome:
        emit(Log("first"))
        emit(Log("second"))
        return FINISHED

    training(do)
    ended = execute(store, claimed(store), listen)
    assert ended.state == "finished" and heard == [Log("first")]
    assert "second" in ended.log_file.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGHUP on Windows")
def test_the_end_of_the_terminal_is_a_pause_unless_it_is_ignored(store: Store, training: Any) -> None:
    def do(emit: Any, stop: Any) -> Outcome:
        os.kill(os.getpid(), signal.SIGHUP)
        until_asked(stop)
        return PAUSED

    training(do)
    assert execute(store, claimed(store)).state == "paused"
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:

        def ignore(emit: Any, stop: Any) -> Outcome:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.05)
            assert not stop()
            return FINISHED

        training(ignore)
        assert execute(store, claimed(store)).state == "finished", "nohup"
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_worker_after_the_run_under_way(store: Store, training: Any, number: signal.Signals) -> None:
    def do(emit: Any, stop: Any) -> Outcome:
        os.kill(os.getpid(), number)
        until_asked(stop)
        return Outcome(True, Path("student"), 0.5)

    training(do)
    assert work.work(store.home, 60.0) == 1
    assert [run.state for run in store.runs()] == ["stopped", "queued"]


def test_a_second_interrupt_is_immediate_and_the_run_says_so(store: Store, training: Any) -> None:
    def do(emit: Any, stop: Any) -> Outcome:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
        raise AssertionError("not reached")

    training(do)
    with pytest.raises(KeyboardInterrupt):
        execute(store, claimed(store))
    found = store.run(1)
    assert found.state == "interrupted" and "Broken off from the keyboard" in found.reason and found.pid is None
    assert store.resume_interrupted() == ([], []), "that was the person's wish"


def test_a_device_that_failed_is_left_to_a_new_process(
    store: Store, training: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every further call of that process would fail, and with it every run in the queue."""
    begun: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, arguments: begun.append(arguments))

    def do(emit: Any, stop: Any) -> Outcome:
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with ...")

    training(do)
    assert work.work(store.home, 60.0) == 1
    states = [(run.state, run.reason) for run in store.runs()]
    assert states[0][0] == "failed" and states[0][1].startswith(
        f"{DEVICE_LOST}: CUDA error: an illegal memory access was encountered. Resume the run"
    )
    assert states[1] == ("queued", "") and len(begun) == (os.name == "posix")
    assert work.WorkerLock(store.home).holder() is None, "given up for the new process"
    store.claim(1, 1.0)
    store.set_state(2, "finished")
    store.resume(1)
    begun.clear()
    assert work.work(store.home, 60.0) == 1 and begun == [], "there is nothing more to do"
    monkeypatch.setenv("PYTHONPATH", "")
    work._begin_anew(["work", "--sweep", "1,2"])
    assert begun == [[sys.executable, "-P", "-m", "engine", "work", "--sweep", "1,2"]] * (os.name == "posix")


def test_the_end_of_a_run_is_stored_once_the_store_takes_it(
    store: Store, training: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "RETRY_S", 0.0)
    training(lambda emit, stop: FINISHED)
    run = claimed(store)
    (run.folder / "checkpoints").mkdir()
    real, refusals = Store.set_state, iter([True, True])

    def refuse(self: Store, *given: Any, **more: Any) -> bool:
        if next(refusals, False):
            assert (run.folder / "checkpoints").exists(), "not before the store says that it is over"
            raise StoreError("The disk is full.") from sqlite_error(sqlite3.SQLITE_FULL)
        return real(self, *given, **more)

    monkeypatch.setattr(Store, "set_state", refuse)
    ended = execute(store, run)
    assert ended.state == "finished" and not (run.folder / "checkpoints").exists()
    assert "The disk is full. Tried again until it works." in ended.log_file.read_text(encoding="utf-8")


def test_patience_is_only_for_what_may_pass() -> None:
    said: list[str] = []

    def refuse(code: int) -> Callable[[], None]:
        def do() -> None:
            raise StoreError("No.") from sqlite_error(code)

        return do

    for code, told in ((sqlite3.SQLITE_CORRUPT, []), (sqlite3.SQLITE_BUSY, ["No. Tried again until it works."])):
        said.clear()
        with pytest.raises(StoreError), pytest.MonkeyPatch.context() as patch:
            patch.setattr(patience, "RETRY_S", 0.0)
            patiently(refuse(code), said.append, 0.01)
        assert said == told


def test_a_stop_goes_before_a_pause_however_they_come(store: Store) -> None:
    run = claimed(store)
    control = StopControl(store, run.id)
    control.ask()
    control.ask("pause")
    assert control() and not control.pausing() and control.signalled
    asked = StopControl(store, run.id)
    store.request_pause(run.id)
    assert asked() and asked.pausing() and not asked.signalled
    assert execute_module.STOP_ASKED_EVERY_S < 2


def test_interrupted_runs_are_named_with_how_they_go_on_or_go_on_by_themselves(
    store: Store, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_take_runs", lambda *given: (0, False))  # what is queued stays so
    for _ in range(2):
        store.claim(2**22 + 1, 1.0)
    assert work.work(store.home, 0.0) == 0
    assert [run.state for run in store.runs()] == ["interrupted"] * 2
    assert "2 runs were interrupted (1, 2); “distill resume RUN” goes on with one" in capfd.readouterr().err
    assert work.work(store.home, 0.0, resume_interrupted=True) == 0
    assert [run.state for run in store.runs()] == ["queued"] * 2
    assert "Run 2 was interrupted and is in the queue again." in capfd.readouterr().err
    store.claim(2**22 + 1, 1.0)
    assert work.work(store.home, 0.0, resume_interrupted=True) == 0
    assert "Run 1 was interrupted again without getting any further" in capfd.readouterr().err
    assert [run.state for run in store.runs()] == ["interrupted", "queued"]


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("refused")
    error.sqlite_errorcode = code
    return error
