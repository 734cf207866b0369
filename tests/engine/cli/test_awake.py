"""Keeping the machine awake while a run trains; the desktop that is asked is feigned."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.cli.awake import NOBODY, awake
from engine.cli.execute import execute
from engine.config import parse_config
from engine.store import Store
from engine.store.home_settings import KEEP_AWAKE, set_keeps_awake
from engine.store.processes import own_identity
from engine.training.distil import Outcome


class Desktop:
    """Stands in for wakepy: what it was asked, in order, and whether it grants it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.grants = True
        self.trouble: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.held = threading.Event()

    def running(self, on_fail: str) -> Any:
        return self

    def __enter__(self) -> Any:
        self.answers.wait(10)
        if self.trouble is not None:
            raise self.trouble
        self.asked.append("hold")
        self.held.set()
        return SimpleNamespace(active=self.grants)

    def __exit__(self, *_: object) -> None:
        self.asked.append("give back")


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    made = Desktop()
    monkeypatch.setitem(sys.modules, "wakepy", SimpleNamespace(keep=made))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    monkeypatch.delenv(KEEP_AWAKE, raising=False)
    return made


def test_it_is_held_for_as_long_as_this_lasts_and_nothing_is_said(desktop: Desktop, home: Path) -> None:
    said: list[str] = []
    with awake(home, said.append):
        assert desktop.held.wait(10)
        assert desktop.asked == ["hold"]
    assert desktop.asked == ["hold", "give back"] and said == []


def test_it_is_given_back_when_the_run_fails(desktop: Desktop, home: Path) -> None:
    with pytest.raises(ZeroDivisionError), awake(home, print):
        assert desktop.held.wait(10)
        raise ZeroDivisionError
    assert desktop.asked == ["hold", "give back"]


@pytest.mark.parametrize("trouble", [None, OSError("no such bus")])
def test_where_it_cannot_be_had_one_sentence_says_so(desktop: Desktop, home: Path, trouble: Exception | None) -> None:
    desktop.grants, desktop.trouble = False, trouble
    said: list[str] = []
    with awake(home, said.append):
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.002)
    assert len(said) == 1 and said[0].startswith(NOBODY)


def test_a_desktop_that_does_not_answer_delays_no_run(
    desktop: Desktop, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.awake.LEAVE_S", 0.01)
    desktop.answers.clear()
    with awake(home, print):
        assert desktop.asked == [], "who trains does not wait for the answer"
    desktop.answers.set()
    deadline = time.monotonic() + 10
    while desktop.asked != ["hold", "give back"] and time.monotonic() < deadline:
        time.sleep(0.002)
    assert desktop.asked == ["hold", "give back"], "a late yes is given back at once"


def test_nobody_is_asked_where_there_is_no_desktop(
    desktop: Desktop, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    said: list[str] = []
    with awake(home, said.append):
        pass
    assert desktop.asked == [] and len(said) == 1


def test_who_lets_the_machine_sleep_is_told_nothing(desktop: Desktop, home: Path) -> None:
    set_keeps_awake(home, False)
    said: list[str] = []
    with awake(home, said.append):
        pass
    assert desktop.asked == [] and said == []


@pytest.fixture
def feigned(monkeypatch: pytest.MonkeyPatch) -> Callable[[Outcome, Desktop], None]:
    """``feigned(outcome, desktop)``: training that waits until the machine is held awake, and then ends like that."""

    def feign(outcome: Outcome, desktop: Desktop) -> None:
        def distil(*_: Any, **__: Any) -> Outcome:
            assert desktop.held.wait(10)
            return outcome

        monkeypatch.setattr("engine.training.distil.distil", distil)

    return feign


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome(False, Path("s"), 0.5), "finished"), (Outcome(True, None, None), "stopped")]
)
def test_a_run_holds_it_from_its_begin_to_its_end(
    desktop: Desktop, home: Path, toml: str, feigned: Any, outcome: Outcome, state: str
) -> None:
    feigned(outcome, desktop)
    store = Store(home)
    store.enqueue(parse_config(toml))
    run = store.claim(*own_identity())
    assert run is not None and desktop.asked == [], "a run in the queue keeps nobody awake"
    assert execute(store, run).state == state
    assert desktop.asked == ["hold", "give back"]
    store.close()


def test_a_run_says_in_its_log_where_it_cannot_be_had(desktop: Desktop, home: Path, toml: str, feigned: Any) -> None:
    feigned(Outcome(False, Path("s"), 0.5), desktop)
    desktop.grants = False
    store = Store(home)
    store.enqueue(parse_config(toml))
    run = store.claim(*own_identity())
    assert run is not None
    ended = execute(store, run)
    assert ended.state == "finished"
    assert ended.log_file.read_text(encoding="utf-8").count(NOBODY) == 1
    store.close()
