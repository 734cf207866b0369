"""The kernel kills a training process for want of memory, under a window: it must say that, and the queue must go on.

The training process is put into a control group of a small memory (``small_memory.py``). One time in two it is killed by what
it allocates itself while it loads; else while it trains, as a neighbour takes what is left.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from engine.store import RunRecord
from engine.store.processes import is_alive
from tests.faults.ending import NOT_DOUBLED, NOT_LOST, OLDEST, check_death
from tests.faults.kills import calm_run
from tests.faults.outcome import Outcome
from tests.faults.small_memory import SmallMemory, small_memory
from tests.faults.window_process import Window
from tests.faults.windows import CASES, EPOCHS, Lives, died_running, queue_goes_on, said_so, wait_for_rows
from tests.faults.zygote import Zygote

LEFT_OUT = "left out: no control group can be made here"
ROOM_BYTES = 8 * 2**20  # loading torch needs hundreds
WORDS = "the machine ran out of memory and the system killed it"


def want_of_memory(
    zygote: Zygote,
    material: Path,
    kills: int,
    chance: random.Random,
    cases: tuple[str, ...] = CASES,
    epochs: int = EPOCHS,
) -> Outcome:
    """``kills`` deaths of a real training process by the kernel's hand."""
    outcome = Outcome("Training process killed by the kernel for want of memory, under a window")
    with outcome.measured(), small_memory() as memory:
        if memory is None:
            outcome.add(LEFT_OUT)
            return outcome
        for count in ("kills", NOT_LOST, OLDEST, NOT_DOUBLED):
            outcome.add(count, 0)
        calm = {case: calm_run(zygote, material, case, f"training.epochs={epochs}") for case in cases}
        lives = Lives(material, calm, outcome, epochs)
        window = Window(lives.home)
        tries = 0
        while outcome.counts["kills"] < kills and tries < 3 * kills:
            tries += 1
            victim = lives.running()
            if victim is None:
                outcome.must(False, f"no run was taken within 90 s: {window.output()}")
                break
            _death(lives, window, victim, memory, loads=tries % 2 == 0, chance=chance)
        lives.end(window, "home")
    return outcome


def _death(
    lives: Lives, window: Window, victim: RunRecord, memory: SmallMemory, loads: bool, chance: random.Random
) -> None:
    outcome = lives.outcome
    assert victim.pid is not None
    memory.take_in(victim.pid)
    try:
        if loads:
            before = _log_of(victim)
            memory.leave_room(ROOM_BYTES)
            died_at = _death_of(victim)
        else:
            wait_for_rows(lives.store, victim, chance)
            before = _log_of(victim)
            memory.leave_room(ROOM_BYTES)
            with memory.eaten():
                died_at = _death_of(victim)
    finally:
        memory.free()
    if died_at is None or not died_running(lives, victim, both=False):
        return  # it had ended by itself just before
    outcome.add("kills")
    outcome.add("kills while it loads" if loads else "kills while it trains")
    where = f"death {outcome.counts['kills']:g} of run {victim.id}"
    check_death(outcome, lives.home, victim.id, died_at, where)
    said_so(window, victim, WORDS, died_at, outcome, where)
    after = _log_of(victim)
    outcome.must(after.startswith(before), f"{where}: what the log said before is gone.")
    outcome.add("log lines from before a death, kept", before.count("\n"))
    queue_goes_on(lives, victim, outcome, where)
    window.tell(f"resume {victim.id}")


def _death_of(victim: RunRecord, limit_s: float = 60.0) -> float | None:
    """When it died; None where it did not."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if not is_alive(victim.pid, victim.pid_started):
            return time.time()
        time.sleep(0.005)
    return None


def _log_of(victim: RunRecord) -> str:
    return victim.log_file.read_text(encoding="utf-8") if victim.log_file.exists() else ""
