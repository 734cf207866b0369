"""Kills of the window, of the training process under a window's eyes, and of both at once; every process is a real, fresh one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from engine.store import RunRecord, Store
from engine.store.processes import is_alive
from tests.faults.ending import NOT_DOUBLED, NOT_LOST, OLDEST, check_death, check_end, rows_of
from tests.faults.kills import Calm, calm_run
from tests.faults.material import config_of
from tests.faults.outcome import Outcome
from tests.faults.window_process import Window, collect, end_worker
from tests.faults.zygote import Zygote

EPOCHS = 30
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)
SAID = {signal.SIGKILL: "SIGKILL", signal.SIGSEGV: "segmentation fault", signal.SIGABRT: "SIGABRT"}
SAID_WITHIN_S = 2.0
SLOWEST = "slowest word of the window about a dead training process, s"
DEATHS_A_HOME = 10
ROWS_BETWEEN_DEATHS = 500  # of some 2,500 a run has
CASES = ("kl", "labels only")


class Lives:
    """One home with two runs or more in its queue, which are killed and resumed until the deaths are done."""

    def __init__(self, material: Path, calm: dict[str, Calm], outcome: Outcome, epochs: int) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="window-"))
        self.store = Store(self.home)
        self._material, self._calm, self.outcome, self._epochs = material, calm, outcome, epochs
        self.cases: dict[int, str] = {}
        for case in calm:
            self.enqueue(case)

    def enqueue(self, case: str = "") -> None:
        """Put a run of a case in the queue; else of the last one, which has no teacher, so none can be found kept."""
        case = case or list(self._calm)[-1]
        config = config_of(self._material, case, f"training.epochs={self._epochs}")
        self.cases[self.store.enqueue(config)] = case

    def running(self, limit_s: float = 90.0) -> RunRecord | None:
        """A run at work; another is queued where all have finished."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            runs = self.store.runs()
            for run in runs:
                if run.state == "running" and is_alive(run.pid, run.pid_started):
                    return run
            if all(run.state == "finished" for run in runs):
                self.enqueue()
            time.sleep(0.02)
        return None

    def end(self, window: Window, name: str) -> None:
        """Let everything come to its end under ``window``, and compare."""
        deadline = time.monotonic() + 400
        while any(run.state != "finished" for run in self.store.runs()) and time.monotonic() < deadline:
            for record in self.store.runs():
                if record.state in ("failed", "interrupted"):
                    window.tell(f"resume {record.id}")
                    time.sleep(0.5)
            time.sleep(0.05)
        for run, case in self.cases.items():
            check_end(self.outcome, self.store, run, self._calm[case].reference, f"{name}, run {run} ({case})")
        self._compare_with_window(window, name)
        for run in self.cases:  # else it would ask whether to close while a run goes on
            shown = window.wait_for(lambda line, run=run: (line.get("run"), line.get("state")) == (run, "finished"), 10)  # type: ignore[misc]
            self.outcome.must(shown is not None, f"{name}: the window does not show that run {run} has finished.")
        status = window.close()
        self.outcome.must(status == 0, f"{name}: closing the window ended with {status}: {window.output()}")
        end_worker(self.home)
        self.store.close()
        if not self.outcome.wrong:
            shutil.rmtree(self.home, ignore_errors=True)

    def _compare_with_window(self, window: Window, name: str) -> None:
        """The curves of the window must have as many points as the store has rows."""
        stored = {str(run): sum(rows_of(self.store, run)[1].values()) for run in self.cases}
        found = window.wait_for(lambda line: all(line.get("rows", {}).get(run) == n for run, n in stored.items()), 10)
        last: dict[str, int] = next((line["rows"] for line in reversed(window.lines) if "rows" in line), {})
        self.outcome.must(found is not None, f"{name}: the window has {last} rows, the store {stored}.")


def kill_trainings_under_a_window(
    zygote: Zygote,
    material: Path,
    kills: int,
    chance: random.Random,
    both: bool = False,
    cases: tuple[str, ...] = CASES,
    epochs: int = EPOCHS,
) -> Outcome:
    """``kills`` deaths of a real training process; the window must say so within 2 s and go on with the queue.

    With ``both`` the window dies at the same moment, and it is the next window that must find the run interrupted.
    """
    outcome = Outcome(
        "Window and training process killed at once" if both else "Training process killed under a window"
    )
    with outcome.measured():
        for count in ("kills", NOT_LOST, OLDEST, NOT_DOUBLED):
            outcome.add(count, 0)
        calm = {case: calm_run(zygote, material, case, f"training.epochs={epochs}") for case in cases}
        number = 0
        while outcome.counts["kills"] < kills and number < kills:
            number += 1
            wanted = min(DEATHS_A_HOME, int(kills - outcome.counts["kills"]))
            plain = number % 2 == 0  # without a witness: python -m engine itself
            lives = Lives(material, calm, outcome, epochs)
            _deaths(lives, wanted, chance, outcome, plain, both, f"home {number}")
    return outcome


def _deaths(
    lives: Lives, kills: int, chance: random.Random, outcome: Outcome, plain: bool, both: bool, name: str
) -> None:
    options = ("--plain",) if plain else ()
    window = Window(lives.home, *options)
    done = 0
    while done < kills:
        victim = lives.running()
        if victim is None or victim.pid is None:
            outcome.must(False, f"{name}: no run was taken within 90 s: {window.output()}")
            break
        wait_for_rows(lives.store, victim, chance)
        number = chance.choice(SIGNALS)
        if lives.store.run(victim.id).state != "running" or not is_alive(victim.pid, victim.pid_started):
            continue
        died_at = time.time()
        with suppress(ProcessLookupError):
            os.kill(victim.pid, number)
        if both:
            window.kill()
            collect(victim.pid)
        where = f"{name}, death {done + 1} of run {victim.id} by {signal.Signals(number).name}"
        if not died_running(lives, victim, both):  # it had ended by itself just before
            window = Window(lives.home, *options) if both else window
            continue
        done += 1
        outcome.add("kills")
        outcome.add(f"kills of {'python -m engine' if plain else 'python -m engine with a witness'}")
        if not plain:
            check_death(outcome, lives.home, victim.id, died_at, where)
        if both:
            window = Window(lives.home, *options)
            _found_interrupted(window, victim, outcome, where)
        else:
            said_so(window, victim, SAID[signal.Signals(number)], died_at, outcome, where)
            if number == signal.SIGSEGV:
                log = victim.log_file.read_text(encoding="utf-8")
                printed = "Fatal Python error: Segm" in log
                outcome.must(printed, f"{where}: the log does not have what the process printed last.")
            queue_goes_on(lives, victim, outcome, where)
        window.tell(f"resume {victim.id}")
    lives.end(window, name)


def wait_for_rows(store: Store, victim: RunRecord, chance: random.Random) -> None:
    """Until some more rows have come; one time in four only a moment, while the process still loads."""
    if chance.random() < 0.25:
        time.sleep(chance.uniform(0.0, 3.0))
        return
    wanted = _row_count(store) + chance.randint(1, ROWS_BETWEEN_DEATHS)
    deadline = time.monotonic() + 60
    while _row_count(store) < wanted and time.monotonic() < deadline:
        if store.run(victim.id).state != "running":
            return
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, 0.3))


def died_running(lives: Lives, victim: RunRecord, both: bool) -> bool:
    deadline = time.monotonic() + 5
    while is_alive(victim.pid, victim.pid_started) and time.monotonic() < deadline:
        time.sleep(0.005)
    return lives.store.run(victim.id).state in (("running",) if both else ("running", "failed", "interrupted"))


def said_so(window: Window, victim: RunRecord, words: str, died_at: float, outcome: Outcome, where: str) -> None:
    """The window must say within 2 s that the run failed, with these ``words`` for the cause, in the log too."""
    line = window.wait_for(lambda line: line.get("run") == victim.id and line["state"] == "failed", 15, died_at)
    last = next((line for line in reversed(window.lines) if line.get("run") == victim.id), None)
    outcome.must(line is not None, f"{where}: the window says nothing; the last was {last}.")
    if line is None:
        return
    outcome.most(SLOWEST, line["t"] - died_at)
    late = line["t"] - died_at > SAID_WITHIN_S
    outcome.add("said later than 2 s", late)
    outcome.must(not late, f"{where}: said after {line['t'] - died_at:.1f} s.")
    outcome.must(words in line["reason"], f"{where}: the reason is “{line['reason']}”.")
    log = victim.log_file.read_text(encoding="utf-8")
    outcome.must(line["reason"] in log, f"{where}: the log does not have the reason.")


def queue_goes_on(lives: Lives, victim: RunRecord, outcome: Outcome, where: str) -> None:
    if not any(run.state == "queued" for run in lives.store.runs()):
        lives.enqueue()
    next_run = lives.running()
    outcome.must(next_run is not None, f"{where}: the queue does not go on.")
    outcome.add("queue went on with the next run", next_run is not None)


def _found_interrupted(window: Window, victim: RunRecord, outcome: Outcome, where: str) -> None:
    """The next window must find the run of the dead process, and say that it is interrupted."""
    shown = window.wait_for(lambda line: "shown" in line)
    line = window.wait_for(lambda line: line.get("run") == victim.id and line["state"] == "interrupted", 30)
    outcome.must(line is not None and shown is not None, f"{where}: the next window does not say that the run died.")
    if line is not None and shown is not None:
        outcome.add("found interrupted by the next window")
        outcome.most("slowest next window to say so after it is shown, s", line["t"] - shown["t"])


def kill_windows(zygote: Zygote, material: Path, kills: int, chance: random.Random) -> Outcome:
    """``kills`` deaths of a window whose training process goes on; the next window must find it again."""
    outcome = Outcome("Window killed, training goes on")
    with outcome.measured():
        for count in ("kills", "training processes that died with their window", NOT_DOUBLED):
            outcome.add(count, 0)
        calm = {case: calm_run(zygote, material, case, f"training.epochs={EPOCHS}") for case in CASES}
        number = 0
        while outcome.counts["kills"] < kills and number < kills:
            number += 1
            wanted = min(2 * DEATHS_A_HOME, int(kills - outcome.counts["kills"]))
            lives = Lives(material, calm, outcome, EPOCHS)
            _window_deaths(lives, wanted, chance, outcome, f"home {number}")
    return outcome


def _window_deaths(lives: Lives, kills: int, chance: random.Random, outcome: Outcome, name: str) -> None:
    at_work: RunRecord | None = None
    slow = ("--pause-s", "0.02")  # costs no CPU time: the training is to outlive many windows
    for number in range(kills):
        where = f"{name}, window {number + 1}"
        if all(run.state == "finished" for run in lives.store.runs()):
            lives.enqueue()
        window = Window(lives.home, *slow)
        if number > 0 and chance.random() < 0.25:
            time.sleep(chance.uniform(0.0, 1.5))  # while it starts
            outcome.add("kills while the window starts")
        else:
            _finds_it_again(window, at_work, lives, outcome, where)
            lives.running()
            time.sleep(chance.uniform(0.0, 1.0))
            outcome.add("kills while it shows a run")
        at_work = _at_work(lives.store)
        before = _row_count(lives.store)
        window.kill(chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)))
        outcome.add("kills")
        if at_work is not None:
            _goes_on(lives.store, at_work, before, outcome, where)
    last = Window(lives.home, *slow)
    lives.end(last, name)


def _at_work(store: Store) -> RunRecord | None:
    running: Sequence[RunRecord] = store.runs("running")
    return next((run for run in running if is_alive(run.pid, run.pid_started)), None)


def _row_count(store: Store) -> int:
    return store.last_metric_id()


def _goes_on(store: Store, at_work: RunRecord, before: int, outcome: Outcome, where: str) -> None:
    """The training process lives and writes rows while there is no window."""
    deadline = time.monotonic() + 90  # it may still be loading
    while _row_count(store) <= before and store.run(at_work.id).state == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    lives = is_alive(at_work.pid, at_work.pid_started)
    outcome.add("training processes that died with their window", not lives)
    outcome.must(lives, f"{where}: the training process died with the window.")
    grew = _row_count(store) > before or store.run(at_work.id).state == "finished"
    outcome.must(grew, f"{where}: no row came while there was no window.")
    outcome.add("training went on without a window", grew)


def _finds_it_again(window: Window, at_work: RunRecord | None, lives: Lives, outcome: Outcome, where: str) -> None:
    """The next window shows the run that is at work, and names its process."""
    shown = window.wait_for(lambda line: "shown" in line)
    outcome.must(shown is not None, f"{where}: it did not open: {window.output()}")
    if at_work is None or not is_alive(at_work.pid, at_work.pid_started):
        return
    found = window.wait_for(lambda line: line.get("run") == at_work.id, 20)
    named, deadline = None, time.monotonic() + 20
    while named is None and time.monotonic() < deadline and lives.store.run(at_work.id).state == "running":
        named = window.wait_for(lambda line: f"(process {at_work.pid})" in line.get("worker", ""), 0.2)
    if not is_alive(at_work.pid, at_work.pid_started) or lives.store.run(at_work.id).state == "finished":
        return  # it has ended meanwhile: there is nothing to find
    outcome.must(found is not None and named is not None, f"{where}: it does not find the run that is at work.")
    if found is not None and shown is not None:
        outcome.add("training found again by the next window")
        outcome.most("slowest window to find it again after it is shown, s", found["t"] - shown["t"])
