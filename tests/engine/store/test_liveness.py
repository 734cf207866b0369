"""Whether a process still has a run, where its pid means nothing: other boots, containers and machines."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.store import Store, WorkerLock, liveness
from engine.store.liveness import having, is_had, network_disk
from engine.store.processes import own_identity, own_machine

HAS_IT = """if True:
    import sys, time, pathlib
    from engine.store.liveness import having
    with having(pathlib.Path(sys.argv[1])):
        print("ready", flush=True)
        time.sleep(600)
"""
SPACE = own_machine().partition(":")[2].partition("@")[0]
CONTAINER = own_machine().replace(f":{SPACE}@", ":7@")
FAR, BEFORE = "another-boot:1@far", f"earlier-boot:{SPACE}@{liveness.name_of(own_machine())}"


@pytest.fixture
def run(store: Store, make_config: Callable[..., DistillationConfig]) -> int:
    run = store.enqueue(make_config())
    store.claim(*own_identity())
    return run


@pytest.fixture
def other(store: Store, run: int, start: Callable[..., subprocess.Popen[str]]) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the run; pids say nothing of it."""
    process = start(HAS_IT, store.folder(run))
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    yield process
    process.kill()


def test_a_claimed_run_says_where_its_process_is_and_how_often_it_was_claimed(store: Store, run: int) -> None:
    assert (store.run(run).machine, store.run(run).attempt) == (own_machine(), 1) and is_had(store.run(run))
    store.set_state(run, "stopped")
    assert not is_had(store.run(run))
    store.resume(run)
    assert (claimed := store.claim(*own_identity())) is not None and claimed.attempt == 2


@pytest.mark.parametrize("machine", [CONTAINER, FAR])
def test_where_pids_say_nothing_the_lock_tells(store: Store, run: int, other: Any, machine: str) -> None:
    store.update(run, machine=machine, pid=2**22 + 1, pid_started=1.0)
    assert is_had(store.run(run)) and store.recover_dead() == []
    other.kill()
    other.wait()
    assert not is_had(store.run(run)) and store.recover_dead() == [run]
    assert store.run(run).state == "interrupted"


def test_after_a_restart_of_the_machine_the_same_pid_is_another_process(store: Store, run: int) -> None:
    store.update(run, machine=BEFORE)
    assert store.recover_dead() == [run], "its pid and start time are this process's"


def test_another_machine_s_run_keeps_the_home_closed_until_it_is_over(store: Store, run: int, other: Any) -> None:
    store.update(run, machine=FAR)
    with pytest.raises(StoreError, match=r"^Run 1 of .* is being trained on the machine far, .*process\.lock"):
        Store(store.home)
    other.kill()
    other.wait()
    Store(store.home).close()


def test_another_container_of_this_machine_may_use_it(store: Store, run: int, other: Any) -> None:
    store.update(run, machine=CONTAINER)
    Store(store.home).close()


def test_a_disk_without_locks(store: Store, run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "_is_locked", lambda file: None)
    store.update(run, machine=FAR)
    assert is_had(store.run(run)), "in doubt it is"
    store.update(run, machine=BEFORE)
    assert not is_had(store.run(run))


def test_having_leaves_a_folder_that_cannot_be_written_alone(tmp_path: Path) -> None:
    with having(tmp_path / "gone"):
        assert not (tmp_path / "gone").exists()


def test_the_worker_of_another_machine_is_no_worker_of_this_one(home: Path) -> None:
    assert WorkerLock(home).acquire() and WorkerLock(home).holder() == own_identity()
    file = home / "worker.json"
    file.write_text(file.read_text().replace(own_machine(), FAR))
    assert WorkerLock(home).holder() is None


def test_network_disks_are_known_by_their_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    mounts = [("/", "ext4"), (str(tmp_path), "nfs4"), (str(inner), "xfs"), (f"{tmp_path}x", "cifs")]
    found = [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in mounts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: found)
    network_disk.cache_clear()
    assert (network_disk(tmp_path), network_disk(inner), network_disk(Path("/"))) == ("nfs4", "", "")
    network_disk.cache_clear()


def test_a_run_found_dead_long_after_ended_when_it_was_last_seen_at_work(store: Store, run: int) -> None:
    """The machine was off overnight: that is none of the time that the run took."""
    evening = time.time() - 9 * 3600
    store.update(run, pid=2**22 + 1, pid_started=1.0, started_at=evening - 600)
    log, checkpoints = store.run(run).log_file, store.run(run).folder / "checkpoints"
    log.touch()
    checkpoints.mkdir()
    os.utime(log, (evening - 300,) * 2)
    os.utime(checkpoints, (evening,) * 2)
    assert store.recover_dead() == [run] and store.run(run).ended_at == pytest.approx(evening, abs=1)
    store.resume(run)
    store.claim(2**22 + 1, 1.0)
    assert store.recover_dead() == [run] and store.run(run).ended_at == pytest.approx(time.time(), abs=60)
