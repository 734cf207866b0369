"""A full disk, a read-only home and a locked store, while a real training process works in them.

The home lies on a tmpfs of a few megabytes, which only root may mount: elsewhere these are left out, and the table says so.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.store import Store
from tests.faults.ending import check_death, check_end
from tests.faults.kills import Calm, calm_run
from tests.faults.material import config_of, environment
from tests.faults.outcome import Outcome
from tests.faults.witness import heard_of
from tests.faults.worker import WITNESS
from tests.faults.zygote import Zygote

SIZE_MB = 24
CASE = "features"
FULL = ("disk is full", "No space left")
IMPATIENT_S = 1.5


def trouble_the_disk(zygote: Zygote, material: Path, trials: int, chance: random.Random) -> Outcome:
    """``trials`` full disks, and some read-only homes and locked stores; every run is brought to its end."""
    outcome = Outcome("Disk full, home read-only, store locked")
    with outcome.measured():
        calm = calm_run(zygote, material, CASE)
        with _small_disk() as disk:
            if disk is None:
                outcome.add("left out: only root can mount a small disk")
            else:
                for trial in range(trials):
                    for_ever = trial % 4 == 3
                    what = "disk full until training gave up" if for_ever else "disk full for a while"
                    life = _Life(zygote, material, disk, calm, outcome, f"{what}, trial {trial + 1}")
                    _full_disk(life, chance, for_ever)
                    outcome.add(what)
                for trial in range(max(2, trials // 3)):
                    for_ever = trial % 2 == 0
                    what = "home read-only until training gave up" if for_ever else "home read-only for a while"
                    life = _Life(zygote, material, disk, calm, outcome, f"{what}, trial {trial + 1}")
                    _read_only_home(life, chance, for_ever)
                    outcome.add(what)
                _commands_in_a_read_only_home(material, disk, outcome)
        for trial in range(max(1, trials // 3)):
            with tempfile.TemporaryDirectory(prefix="locked-") as folder:
                life = _Life(zygote, material, Path(folder), calm, outcome, f"locked store, trial {trial + 1}")
                _locked_store(life, chance, for_ever=trial == 0)
            outcome.add("store locked until training gave up" if trial == 0 else "store locked for a while")
    return outcome


@contextmanager
def _small_disk() -> Iterator[Path | None]:
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    mounted = sys.platform == "linux" and shutil.which("mount") is not None and _mount("-t", "tmpfs", "-o",
                                                                    f"size={SIZE_MB}m", "tmpfs", folder)  # fmt: skip
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def _mount(*arguments: object) -> bool:
    done = subprocess.run(["mount", *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


class _Life:
    """A run in a home on the disk, with the witness elsewhere."""

    def __init__(self, zygote: Zygote, material: Path, disk: Path, calm: Calm, outcome: Outcome, name: str) -> None:
        self.zygote, self.calm, self.outcome, self.name = zygote, calm, outcome, name
        self.home, self.aside = disk / "home", Path(tempfile.mkdtemp(prefix="aside-"))
        self.store = Store(self.home)
        self.run = self.store.enqueue(config_of(material, CASE))

    def start(self, **request: Any) -> int:
        return self.zygote.start(self.home, aside=str(self.aside), **request)

    def wait_for_a_moment(self, chance: random.Random, pid: int) -> None:
        """Until a random part of the rows has come."""
        wanted = chance.randint(1, max(2, int(0.8 * len(self.calm.reference.rows))))
        while len(self.heard()) < wanted and self.zygote.poll(pid) is None:
            time.sleep(0.02)

    def heard(self) -> dict[tuple[str, int], tuple[float, float, int]]:
        return heard_of(self.aside / WITNESS, self.run).rows

    def said(self) -> str:
        """All that a person can read of it: log, reason, and what the process printed."""
        record = self.store.run(self.run)
        log = record.log_file.read_text(encoding="utf-8") if record.log_file.exists() else ""
        return f"{log}\n{record.reason}\n{(self.aside / 'output.txt').read_text(errors='replace')}"

    def end(self) -> None:
        """Resume what did not finish, now that nothing is in the way, and compare with the uninterrupted run."""
        self.store.close()
        self.store = Store(self.home)  # as the next program opens it: takes in what was kept beside
        self.store.recover_dead()
        if self.store.run(self.run).state != "finished":
            self.outcome.add("ended by it with a sentence, and resumed")
            self.store.resume(self.run)
            status = self.zygote.wait(self.start())
            self.outcome.must(status == 0, f"{self.name}: resumed, it ended with {status}: {self.said()[-1500:]}")
        else:
            self.outcome.add("went on by itself")
        check_end(self.outcome, self.store, self.run, self.calm.reference, self.name)
        self.store.close()
        shutil.rmtree(self.home)
        shutil.rmtree(self.aside)


def _full_disk(life: _Life, chance: random.Random, for_ever: bool) -> None:
    pid = life.start(**({"patience_s": IMPATIENT_S} if for_ever else {}))
    life.wait_for_a_moment(chance, pid)
    ballast = life.home.parent / "ballast"
    _fill(ballast)
    if for_ever:
        life.zygote.wait(pid)
    else:
        time.sleep(chance.uniform(1.0, 3.0))
    said = life.said()
    noticed = any(words in said for words in FULL)
    ended = life.zygote.poll(pid) is not None
    before = life.heard() if ended else {}
    ballast.unlink()
    if not ended:
        life.zygote.wait(pid)
        said = life.said()
        noticed = any(words in said for words in FULL)
    if life.store.run(life.run).state != "finished" or noticed:
        life.outcome.must(noticed, f"{life.name}: nobody says that the disk was full: {said[-1500:]}")
    life.outcome.add("a sentence said that the disk was full", noticed)
    if ended and for_ever:
        _nothing_silently_lost(life, before, said)
    life.end()


def _fill(ballast: Path) -> None:
    """Take every byte, again until nothing is free: the training frees and takes some meanwhile."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


def _nothing_silently_lost(life: _Life, heard: dict[tuple[str, int], tuple[float, float, int]], said: str) -> None:
    """What the witness heard is in the store once it is opened again, or a sentence says that rows are lost."""
    store = Store(life.home)
    rows = {(name, int(step)) for name in store.curve_names(life.run) for step in store.curve(life.run, name)[0]}
    store.close()
    lost = heard.keys() - rows
    life.outcome.add("curve rows lost with a sentence that says so", len(lost))
    life.outcome.must(not lost or "are lost" in said, f"{life.name}: {len(lost)} rows are lost without a word.")


def _read_only_home(life: _Life, chance: random.Random, for_ever: bool) -> None:
    """What is open may still be written; no new file can be made: no checkpoint, no student."""
    pid = life.start(**({"patience_s": IMPATIENT_S} if for_ever else {}))
    life.wait_for_a_moment(chance, pid)
    assert _mount("--bind", life.home, life.home) and _mount("-o", "remount,bind,ro", life.home)
    while not for_ever and "read-only" not in life.said().lower() and life.zygote.poll(pid) is None:
        time.sleep(0.1)
    if not for_ever:
        assert _mount("-o", "remount,bind,rw", life.home)
    status = life.zygote.wait(pid)
    said = life.said()
    finished = life.store.run(life.run).state == "finished"
    if not for_ever:
        life.outcome.must(finished, f"{life.name}: does not go on: {said[-1500:]}")
    life.store.close()
    subprocess.run(["umount", "-l", life.home], check=True)
    life.store = Store(life.home)
    life.outcome.must(
        finished or "read-only" in said.lower(), f"{life.name}: no sentence; status {status}: {said[-1500:]}"
    )
    check_death(life.outcome, life.home, life.run, time.time(), life.name, life.aside)
    life.end()


def _commands_in_a_read_only_home(material: Path, disk: Path, outcome: Outcome) -> None:
    """A sentence and exit status 2, or an answer; never a traceback."""
    home = disk / "home"
    store = Store(home)
    run = store.enqueue(config_of(material, CASE))
    store.close()
    toml = home / "runs" / str(run) / "config.toml"
    assert _mount("--bind", home, home) and _mount("-o", "remount,bind,ro", home)
    try:
        for command in (
            ["runs"], ["show", str(run)], ["run", str(toml), "--queue"], ["run", str(toml)], ["work", "--stay-s", "0.1"],
            ["pause", str(run)], ["stop", str(run)], ["resume", str(run)], ["discard", str(run)], ["store", "check"],
            ["store", "repair"], ["store", "backup"], ["cache", "list"],
        ):  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-m", "engine", *command, "--home", str(home)],
                env=environment(), capture_output=True, text=True,
            )  # fmt: skip
            said = (done.stdout + done.stderr).strip()
            outcome.add("commands in a read-only home")
            words = " ".join(command[:2])
            outcome.must("Traceback" not in said, f"distill {words}: {said[-600:]}")
            outcome.must(done.returncode in (0, 1, 2) and said != "", f"distill {words}: {done.returncode}, “{said}”")
    finally:
        subprocess.run(["umount", "-l", home], check=True)
        shutil.rmtree(home)


def _locked_store(life: _Life, chance: random.Random, for_ever: bool) -> None:
    pid = life.start(**({"patience_s": IMPATIENT_S} if for_ever else {}))
    life.wait_for_a_moment(chance, pid)
    with closing(sqlite3.connect(life.home / "runs.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        if for_ever:
            life.zygote.wait(pid)
        else:
            time.sleep(chance.uniform(0.5, 7.0))
        other.execute("ROLLBACK")
    status = life.zygote.wait(pid)
    if not for_ever:
        state = life.store.run(life.run).state
        life.outcome.must(state == "finished", f"{life.name}: it ended {state} with {status}: {life.said()[-1500:]}")
    elif life.store.run(life.run).state != "finished":
        said = life.said()
        life.outcome.must("another program" in said, f"{life.name}: no sentence: {said[-1500:]}")
        check_death(life.outcome, life.home, life.run, time.time(), life.name, life.aside)
    life.end()
