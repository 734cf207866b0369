"""``distill pause`` and ``distill resume``: what they say, and that a resumed run is trained here to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.config import parse_config
from engine.store import Store


@dataclass
class Done:
    status: int
    said: str


@pytest.fixture
def distill(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    def run(*arguments: object) -> Done:
        monkeypatch.setattr("sys.argv", ["distill", *map(str, arguments), "--home", str(home)])
        status: object = 0
        try:
            main()
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        return Done(int(str(status or 0)), " ".join((said.out + said.err).split()))

    return run


def test_a_stopped_run_is_trained_to_its_end(distill: Callable[..., Done], toml: str, home: Path) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(toml, overrides=["loss.kind=none"]))
    store.request_pause(run)
    done = distill("resume", run)
    assert done.status == 0 and f"run {run}" in done.said and store.run(run).state == "finished"
    again = distill("resume", run)
    assert again.status == 2 and "has finished; there is nothing left" in again.said
    assert f"“distill show {run}” prints" in again.said


def test_resume_may_only_queue_and_pause_takes_out_of_the_queue(
    distill: Callable[..., Done], toml: str, home: Path
) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(toml))
    assert "is out of the queue" in distill("pause", run).said and store.run(run).state == "paused"
    refused = distill("pause", run)
    assert refused.status == 2 and "is not running (paused)" in refused.said
    assert "is in the queue" in distill("resume", run, "--queue").said and store.run(run).state == "queued"
    assert "in the queue already" in distill("resume", run).said


def test_a_run_whose_process_died_can_be_resumed_at_once(distill: Callable[..., Done], toml: str, home: Path) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(toml))
    store.claim(2**22 + 1, 1.0)
    assert distill("resume", run, "--queue").status == 0 and store.run(run).state == "queued"
