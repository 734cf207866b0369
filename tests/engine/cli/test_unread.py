"""Output that nobody reads any more, or that has no room: no traceback, and a training that goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.cli import run as command
from engine.cli.progress import RunProgress
from engine.cli.terminal import Terminal
from engine.config import parse_config
from engine.events import Log
from engine.store import Store


@pytest.fixture
def unread() -> Iterator[Terminal]:
    """A terminal on a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    file = os.fdopen(writing, "w")
    yield Terminal(file=file)
    with suppress(OSError):
        file.close()


def test_a_pipe_that_nobody_reads_is_an_error_and_no_end(unread: Terminal) -> None:
    with pytest.raises(BrokenPipeError):
        RunProgress(unread).hear(Log("a line"))


def test_a_run_goes_on_though_nobody_reads_what_it_says(
    unread: Terminal, home: Path, toml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(home)
    number = store.enqueue(parse_config(toml))

    def train(store, run, listen):
        with pytest.raises(OSError):
            listen(Log("a line"))
        store.set_state(run.id, "finished")
        return store.run(run.id)

    monkeypatch.setattr(command, "execute", train)
    assert command._train(store, number, unread, only_queue=False) == 0
    assert store.run(number).state == "finished"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_disk_without_room_for_the_output_is_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "engine", "runs"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")
