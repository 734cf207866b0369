"""A process is its pid and its start time together."""

import os
import subprocess
import sys
import time

from engine.store.processes import is_alive, own_identity, started_at


def test_this_process_is_alive_under_its_identity() -> None:
    pid, started = own_identity()
    assert pid == os.getpid()
    assert is_alive(pid, started)


def test_a_reused_pid_is_another_process() -> None:
    pid, started = own_identity()
    assert not is_alive(pid, started - 1)
    assert not is_alive(pid, started + 1)


def test_two_processes_one_after_the_other_differ_even_if_the_pid_were_reused() -> None:
    first = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    time.sleep(0.05)
    second = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not is_alive(second.pid, started_at(first.pid))
    finally:
        first.communicate(b"\n")
        second.communicate(b"\n")


def test_a_process_that_ended_is_gone_also_while_nobody_has_collected_it() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = started_at(process.pid)
    assert is_alive(process.pid, started)
    assert process.stdin is not None
    process.stdin.close()
    deadline = time.monotonic() + 5
    while is_alive(process.pid, started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(process.pid, started), "a zombie does not count as alive"
    process.wait()
    assert not is_alive(process.pid, started)


def test_nobody_is_not_alive() -> None:
    assert not is_alive(None, None)
    assert not is_alive(os.getpid(), None)
