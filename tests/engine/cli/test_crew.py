"""Several workers at once: who is hired, who is replaced, and that a signal reaches all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from engine.cli import crew as crew_module
from engine.cli.crew import Crew
from engine.config import parse_config
from engine.errors import EngineError, StoreError
from engine.store import RunRecord, Store
from engine.store.records import INTERRUPTED, QUEUED, RUNNING

posix = pytest.mark.skipif(os.name != "posix", reason="signals between processes are POSIX's")


class Queue:
    """A store as far as a crew knows one: each look finds the next number of queued runs, then none; ``takers`` have a run."""

    def __init__(self, *waiting: int) -> None:
        self.waiting = list(waiting)
        self.takers: list[int] = []
        self.recovered = False

    def runs(self, state: str) -> list[object]:
        if state == RUNNING:
            return [SimpleNamespace(id=pid, pid=pid) for pid in self.takers]
        assert state in (QUEUED, INTERRUPTED)
        if state == INTERRUPTED:
            return []
        found = self.waiting.pop(0) if self.waiting else 0
        if found < 0:
            raise StoreError("locked")
        return [None] * found

    def recover_dead(self) -> None:
        self.recovered = True


def crew_of(queue: Queue, script: str, count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Crew, list[str]]:
    said: list[str] = []
    monkeypatch.setattr(crew_module, "say", lambda text, error: said.append(text))
    monkeypatch.setattr(crew_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(crew_module, "TAKE_UP_AFTER_S", 0.0)
    return Crew(queue, [sys.executable, "-c", script], count, lambda: said.append("taken up")), said  # type: ignore[arg-type]


def test_as_many_are_hired_as_wait_and_their_runs_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os, time; time.sleep(0.6); print('done\\n' * int(os.environ['DISTILL_AT_ONCE']))"
    queue = Queue(1, -1, 2, 7)
    crew, said = crew_of(queue, script, 3, monkeypatch)
    hired: list[int] = []
    start = subprocess.Popen

    def counted(*given: object, **named: object) -> object:
        hired.append(len(queue.waiting))
        return start(*given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", counted)
    crew.work()
    assert hired == [4, 1, 0], "one at first, none for the run it will take, one for a second run, never a fourth"
    assert crew.done == 9 and said == []


def test_who_has_taken_a_run_is_not_counted_on_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(1)
    crew, _ = crew_of(queue, "import time; time.sleep(0.6); print('done')", 2, monkeypatch)
    start = subprocess.Popen

    def taking(*given: object, **named: object) -> object:
        made = start(*given, **named)  # type: ignore[call-overload]
        queue.takers.append(made.pid)
        return made

    monkeypatch.setattr(subprocess, "Popen", taking)
    crew.work()
    assert len(queue.takers) == 2 == crew.done


def test_who_takes_a_run_between_two_looks_is_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Taking(Queue):
        def runs(self, state: str) -> list[object]:
            found = super().runs(state)
            self.waiting, self.takers = [0], [7]
            return found

    crew, _ = crew_of(Taking(1), "", 2, monkeypatch)
    crew._members.append(SimpleNamespace(pid=7))  # type: ignore[arg-type]
    assert crew._without_a_worker() <= 0


def test_who_dies_is_named_and_replaced_while_something_waits_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, said = crew_of(Queue(*[1] * 500), "import os; os.kill(os.getpid(), 9)", 1, monkeypatch)
    with pytest.raises(EngineError, match=r"^No more workers are started: 3 in a row"):
        crew.work()
    assert said.count("taken up") == crew_module.MOST_FRUITLESS and "it was killed (SIGKILL)" in said[0]


def test_whoever_killed_a_worker_has_time_to_say_why_before_its_run_is_taken_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crew, said = crew_of(Queue(), "import os; os.kill(os.getpid(), 9)", 1, monkeypatch)
    monkeypatch.setattr(crew_module, "TAKE_UP_AFTER_S", 0.5)
    died: list[float] = []
    monkeypatch.setattr(crew_module, "say", lambda text, error: died.append(time.monotonic()))
    crew.work()
    assert said == ["taken up"] and time.monotonic() - died[0] >= 0.5


def test_what_a_worker_prints_never_fills_up(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, said = crew_of(Queue(), "print('a library talks ' * 20000); print('done')", 1, monkeypatch)
    crew.work()
    assert crew.done == 1 and said == []


def test_a_worker_finds_the_modules_of_its_leader_not_those_of_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    crew, said = crew_of(Queue(), "", 1, monkeypatch)
    module = crew_module.worker_command(tmp_path, 1, 1, False).index("-m")
    crew.command = [
        *crew_module.worker_command(tmp_path, 1, 1, False)[:module],
        "-c",
        "import engine.device; print('done')",
    ]
    crew.work()
    assert crew.done == 1 and said == []


def orphan(seconds: float) -> subprocess.Popen[bytes]:
    """A worker whose leader died, with a run for so long."""
    return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})", "--under", "1"])


def test_who_lost_its_leader_counts_until_its_run_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, most = Queue(*[7] * 5), [0]
    left = orphan(60)
    queue.takers = [left.pid, os.getpid()]  # the other is no crew's: “distill run”, say
    crew, said = crew_of(queue, "import time; time.sleep(0.3); print('done')", 2, monkeypatch)
    look = crew._without_a_worker

    def counted() -> int:
        most.append(len(crew._members))
        return look()

    monkeypatch.setattr(crew, "_without_a_worker", counted)
    try:
        crew.work()
    finally:
        left.kill()
        left.wait()
    assert max(most) == 1 and crew.done >= 1
    assert said == [f"Run {left.pid} is still under way from before and counted among the 2 at once."]


def test_where_they_have_all_places_the_crew_waits_and_takes_up_what_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(1)
    left = orphan(60)
    queue.takers = [left.pid]
    crew, said = crew_of(queue, "print('done')", 1, monkeypatch)
    hired: list[bool] = []
    start, look = subprocess.Popen, crew._count_orphans

    def killed(running: list[RunRecord]) -> None:
        look(running)
        if left.poll() is None:
            left.kill()
            left.wait()

    monkeypatch.setattr(crew, "_count_orphans", killed)
    monkeypatch.setattr(
        subprocess, "Popen", lambda *given, **named: hired.append(left.poll() is not None) or start(*given, **named)
    )
    crew.work()
    assert hired and all(hired) and crew.done == len(hired) and said.count("taken up") == 1


@posix
def test_a_signal_while_a_worker_is_being_started_reaches_it_and_no_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(*[1] * 500)
    crew, said = crew_of(queue, "print('done', flush=True); import time; time.sleep(60)", 1, monkeypatch)
    start, before, hired = subprocess.Popen, signal.getsignal(signal.SIGTERM), []

    def signalled(*given: object, **named: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        hired.append(start(*given, **named))  # type: ignore[call-overload]
        return hired[-1]

    monkeypatch.setattr(subprocess, "Popen", signalled)
    crew.work()
    assert [member.returncode for member in hired] == [-signal.SIGTERM]
    assert queue.recovered, "what it may have left under way does not stay as running"
    assert said == ["Asked to end: the runs under way stop and keep their students. Once more breaks them off."]
    assert signal.getsignal(signal.SIGTERM) == before


def test_where_the_system_refuses_one_more_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, said = crew_of(Queue(*[2] * 100), "import time; time.sleep(0.6); print('done')", 2, monkeypatch)
    start, tried = subprocess.Popen, []

    def once(*given: object, **named: object) -> object:
        tried.append(given)
        if len(tried) > 1:
            raise BlockingIOError("no room")
        return start(*given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", once)
    with pytest.raises(EngineError, match=r"^No worker can be started: no room"):  # once the first has ended
        crew.work()
    assert crew.done == 1 and said == ["One more worker cannot be started: no room. The others go on."]


def wait_for(store: Store, *runs: int, state: str = "running", step: int = 1) -> list[RunRecord]:
    deadline = time.monotonic() + 90
    while True:
        records = [store.run(run) for run in runs]
        if all(found.state == state and found.step >= step for found in records):
            return records
        assert time.monotonic() < deadline, records
        time.sleep(0.05)


@posix
def test_two_runs_train_at_once_and_a_death_ends_one_alone(home: Path, toml: str) -> None:
    store = Store(home)
    config = parse_config(toml, overrides=["training.epochs=1000", "loss.kind=none"])
    runs = [store.enqueue(config) for _ in range(2)]
    command = [sys.executable, "-m", "engine", "work", "--home", str(home), "--at-once", "2", "--stay-s", "0.2"]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    leader = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        first, second = wait_for(store, *runs)
        assert leader.pid not in (first.pid, second.pid) and first.pid != second.pid
        assert "its share of the cores" in store.run(first.id).device_reason or (os.cpu_count() or 1) == 1
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)
        wait_for(store, first.id, state="interrupted")
        step = store.run(second.id).step
        wait_for(store, second.id, step=step + 5)
        leader.send_signal(signal.SIGTERM)
        _, said = leader.communicate(timeout=60)
    finally:
        for process in psutil.Process(leader.pid).children() if leader.poll() is None else []:
            process.kill()
        leader.kill()
    assert leader.returncode == 0 and "1 run done." in said
    assert f"of run {first.id} (process {first.pid}) ended before its run did: it was killed (SIGKILL)" in said
    assert "resume 1" in said and "it was killed (SIGKILL)" in store.run(first.id).log_file.read_text(encoding="utf-8")
    assert f"Run {second.id}, {second.name}: stopped, " in said
    ended = store.run(second.id)
    assert ended.state == "stopped" and ended.has_student
    store.close()
