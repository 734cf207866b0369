"""A small stand-in for the engine's command line, whose runs do what their names say; and what hears the thread."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QObject

from distill_gui.services.engine_thread import EngineThread
from distill_gui.services.worker_keeper import Times
from engine.store import RunRecord, ScoreRow, Store

FAKE_ENGINE = """
import ctypes, json, os, pathlib, signal, subprocess, sys, time

command, options = sys.argv[1], sys.argv[2:]
here = pathlib.Path(__file__).parent


def work(home, stay_s):
    from engine.events import Facts, Log, Metrics, Phase, Score
    from engine.store import Store, WorkerLock
    from engine.store.processes import own_identity

    def finish(store, run):
        with store.writer(run.id) as writer:
            writer.emit(Facts({"total_steps": 20}))
            for step in range(20):
                writer.emit(Metrics(step, step * 0.1, {"train/loss": 1.0 / (step + 1)}))
            writer.emit(Score("student", "validation", "f1", 0.75))
            writer.emit(Log("trained"))
        store.set_state(run.id, "finished")

    def train_until_stopped(store, run):
        step = 0
        with store.writer(run.id) as writer:
            while not store.stop_requested(run.id):
                writer.emit(Metrics(step, step * 0.1, {"train/loss": 1.0}))
                step += 1
                time.sleep(0.01)
        store.set_state(run.id, "stopped", "Stopped when asked to.")

    def some_rows(store, run):
        with store.writer(run.id) as writer:
            for step in range(5):
                writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))

    def sleep():
        time.sleep(60)

    def ignore_all():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (here / "ignoring").touch()
        sleep()

    def wind_down_slowly(store, run):
        while not store.stop_requested(run.id):
            time.sleep(0.02)
        with store.writer(run.id) as writer:
            for phase in ("evaluating", "keeping the student", "writing the card"):
                writer.emit(Phase(phase))
                writer.flush()
                time.sleep(0.3)
        store.set_state(run.id, "stopped", "Stopped when asked to.")

    def start_children():
        child = "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        grandchild = child + "print(os.getpid(), flush=True); time.sleep(60)"
        orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {grandchild!r}])"
        with (here / "children").open("w") as file:
            subprocess.Popen([sys.executable, "-c", grandchild], stdout=file)
            subprocess.run([sys.executable, "-c", orphan], stdout=file)
        while len((here / "children").read_text().split()) < 2:
            time.sleep(0.01)

    store, lock = Store(pathlib.Path(home)), WorkerLock(pathlib.Path(home))
    if not lock.acquire():
        return
    with (here / "workers").open("a") as file:
        print(os.getpid(), file=file)
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < float(stay_s):
        run = store.claim(*own_identity())
        if run is None:
            time.sleep(0.02)
            continue
        print("now", run.name, flush=True)
        match run.name:
            case "finishes":
                finish(store, run)
            case "trains":
                train_until_stopped(store, run)
            case "exits with 3":
                some_rows(store, run)
                print("the last words", flush=True)
                os._exit(3)
            case "is killed":
                some_rows(store, run)
                os.kill(os.getpid(), signal.SIGKILL)
            case "crashes":
                some_rows(store, run)
                ctypes.string_at(0)
            case "runs out of memory":
                raise MemoryError
            case "ends without a word":
                os._exit(0)
            case "hangs":
                sleep()
            case "ignores everything":
                ignore_all()
            case "winds down slowly":
                wind_down_slowly(store, run)
            case "has children and is killed":
                start_children()
                os.kill(os.getpid(), signal.SIGKILL)
            case "has children and ignores everything":
                start_children()
                ignore_all()
        idle_since = time.monotonic()
    lock.release()
    store.close()


def check():
    toml = sys.stdin.read()
    with (here / "checks").open("a") as file:
        print(toml, file=file)
    match toml:
        case "slow":
            time.sleep(60)
        case "nonsense":
            print("this is no JSON")
        case "breaks":
            sys.exit("the sentence that says why")
        case _ if command == "doctor":
            print(json.dumps({"level": "stop", "findings": [{"level": "stop", "text": toml}]}))
            sys.exit(2)
        case _ if command == "sweep":
            print(json.dumps({"runs": [toml], "faults": [], "options": options}))
        case _:
            print(json.dumps({"ready": True, "faults": [], "toml": toml, "folder": os.getcwd()}))


def export():
    print("not this line", file=sys.stderr)
    run, folder = options[-2:]
    if run == "404":
        sys.exit("There is no run “404”.")
    pathlib.Path(folder).mkdir()
    pathlib.Path(folder, "options").write_text(" ".join(options))


if (here / "broken").exists():
    sys.exit("the engine cannot be imported")
if command == "work":
    work(options[1], options[3])
elif command in ("check", "doctor", "sweep"):
    check()
else:
    export()
"""


class FakeEngine:
    """The stand-in's command and what it wrote beside itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "fake_engine.py").write_text(FAKE_ENGINE)
        self.command = [sys.executable, str(folder / "fake_engine.py")]

    def written(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


class Heard(QObject):
    """Collects what a thread says, in the window's thread."""

    def __init__(self, thread: EngineThread) -> None:
        super().__init__()
        self.runs: dict[int, RunRecord] = {}
        self.states: dict[int, list[str]] = {}
        self.rows: list[Any] = []
        self.scores: list[ScoreRow] = []
        self.log: list[tuple[int, str]] = []
        self.ended: list[RunRecord] = []
        self.enqueued: list[list[int]] = []
        self.stages: list[tuple[int, str]] = []
        self.worker: list[str] = []
        self.previews: list[dict[str, Any]] = []
        self.examined: list[dict[str, Any]] = []
        self.swept: list[tuple[int, dict[str, Any]]] = []
        self.exported: list[tuple[int, str]] = []
        self.export_failed: list[tuple[int, str]] = []
        self.troubles: list[str] = []
        self.order: list[str] = []
        thread.runs_changed.connect(self.on_runs)
        thread.metrics_arrived.connect(self.on_rows)
        thread.scores_changed.connect(self.on_scores)
        thread.log_arrived.connect(self.on_log)
        thread.run_ended.connect(self.on_ended)
        thread.enqueued.connect(self.enqueued.append)
        thread.stopping.connect(self.on_stopping)
        thread.worker_changed.connect(self.worker.append)
        thread.preview_ready.connect(self.on_preview)
        thread.examined.connect(self.on_examined)
        thread.sweep_looked_at.connect(self.on_sweep_looked_at)
        thread.exported.connect(self.on_exported)
        thread.export_failed.connect(self.on_export_failed)
        thread.trouble.connect(self.troubles.append)

    def on_runs(self, runs: list[RunRecord]) -> None:
        assert threading.current_thread() is threading.main_thread()
        for run in runs:
            self.runs[run.id] = run
            states = self.states.setdefault(run.id, [])
            if states[-1:] != [run.state]:
                states.append(run.state)

    def on_rows(self, rows: Any) -> None:
        self.rows.append(rows)
        self.order.append("rows")

    def on_scores(self, scores: list[ScoreRow]) -> None:
        self.scores += scores
        self.order.append("scores")

    def on_log(self, run: int, text: str) -> None:
        self.log.append((run, text))

    def on_ended(self, run: RunRecord) -> None:
        self.ended.append(run)
        self.order.append("ended")

    def on_stopping(self, run: int, stage: str, seconds: int) -> None:
        assert (seconds > 0) == (stage in ("asked", "terminated")), "what comes next is told, and when"
        self.stages.append((run, stage))

    def on_preview(self, number: int, preview: dict[str, Any]) -> None:
        self.previews.append({"number": number, **preview})

    def on_examined(self, number: int, found: dict[str, Any]) -> None:
        self.examined.append({"number": number, **found})

    def on_sweep_looked_at(self, number: int, found: dict[str, Any]) -> None:
        self.swept.append((number, found))

    def on_exported(self, run: int, folder: str) -> None:
        self.exported.append((run, folder))

    def on_export_failed(self, run: int, why: str) -> None:
        self.export_failed.append((run, why))

    def steps(self, run: int) -> list[int]:
        """The steps heard of one run, in the order heard."""
        return [step for rows in self.rows for of, step in zip(rows.runs, rows.steps, strict=True) if of == run]

    def end_of(self, name: str) -> RunRecord | None:
        return next((run for run in self.ended if run.name == name), None)


QUICK = Times(ask_s=0.3, terminate_s=0.3, stay_s=0.3, grace_s=0.3, retry_s=0.2)


@pytest.fixture
def fake(tmp_path: Path) -> FakeEngine:
    folder = tmp_path / "fake"
    folder.mkdir()
    return FakeEngine(folder)


@pytest.fixture
def toml() -> Callable[[str], str]:
    def make(name: str) -> str:
        return f'name = "{name}"\n[task]\nname = "mrpc"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'

    return make


@pytest.fixture
def open_thread(
    qapp: QCoreApplication, home: Path, fake: FakeEngine
) -> Iterator[Callable[..., tuple[EngineThread, Heard]]]:
    """Starts an engine thread on the test's home with short times; closed, and its workers ended, with the test."""
    opened: list[tuple[EngineThread, Heard]] = []

    def start(**changes: Any) -> tuple[EngineThread, Heard]:
        limit_s = changes.pop("preview_limit_s", 10.0)
        thread = EngineThread(home, fake.command, replace(QUICK, **changes), preview_limit_s=limit_s)
        heard = Heard(thread)
        opened.append((thread, heard))
        thread.start()
        return thread, heard

    yield start
    for thread, _ in opened:
        assert thread.close(), "the thread has not ended"
    end_workers(fake)


def end_workers(fake: FakeEngine) -> None:
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if str(fake.folder / "fake_engine.py") in child.cmdline():
                child.kill()
                child.wait(5)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store(home)
    yield opened
    opened.close()


@pytest.fixture
def until(qapp: QCoreApplication) -> Callable[..., float]:
    """Lets the window's loop run until something holds; returns how many seconds that took."""

    def wait(holds: Callable[[], Any], limit_s: float = 10.0) -> float:
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < limit_s, "waited in vain"
            qapp.processEvents()
            time.sleep(0.005)
        return time.monotonic() - began

    return wait


@pytest.fixture
def stays_running() -> Callable[[list[str]], list[int]]:
    """Which of these processes are still there, zombies aside."""

    def found(pids: list[str]) -> list[int]:
        there = []
        for pid in map(int, pids):
            with suppress(psutil.Error):
                if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                    there.append(pid)
        return there

    return found
