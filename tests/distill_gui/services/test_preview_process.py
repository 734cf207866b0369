"""Previews: only the latest wish, and always something to show."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_gui.services.engine_call import Answer
from distill_gui.services.preview_process import PreviewProcess, as_preview

Make = Callable[..., PreviewProcess]


@pytest.fixture
def make(fake: Any, tmp_path: Path) -> Iterator[Make]:
    made: list[PreviewProcess] = []

    def new(limit_s: float = 10.0, question: str = "check") -> PreviewProcess:
        made.append(PreviewProcess(fake.command, tmp_path, question, settle_s=0.02, limit_s=limit_s))
        return made[-1]

    yield new
    for preview in made:
        preview.close()


def _wait(preview: PreviewProcess) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while (found := preview.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    number, answer = found
    assert number == 1
    return answer


def test_a_wish_is_answered_in_the_folder_given(make: Make, tmp_path: Path) -> None:
    preview = make()
    assert preview.poll() is None
    preview.ask(1, "a draft")
    assert _wait(preview) == {"ready": True, "faults": [], "toml": "a draft", "folder": str(tmp_path.resolve())}
    assert preview.poll() is None, "once"


def test_a_newer_wish_ends_the_older(make: Make, fake: Any) -> None:
    preview = make()
    preview.ask(1, "slow")
    deadline = time.monotonic() + 10
    while not fake.written("checks") and time.monotonic() < deadline:
        preview.poll()
        time.sleep(0.01)
    preview.ask(1, "newer")
    assert _wait(preview)["toml"] == "newer"


def test_the_doctor_is_heard_though_it_ends_with_a_status_of_its_own(make: Make) -> None:
    preview = make(question="doctor")
    preview.ask(1, "a draft")
    assert _wait(preview) == {"level": "stop", "findings": [{"level": "stop", "text": "a draft"}]}
    preview.ask(1, "breaks")
    assert "sentence that says why" in _wait(preview)["faults"][0]["message"]


def test_what_is_closed_is_not_asked_any_more(make: Make, fake: Any) -> None:
    preview = make()
    preview.ask(1, "a draft")
    preview.close()
    time.sleep(0.05)
    assert preview.poll() is None and not fake.written("checks")


def test_one_that_takes_too_long_says_so(make: Make) -> None:
    preview = make(limit_s=0.3)
    preview.ask(1, "slow")
    found = _wait(preview)
    assert found["ready"] is False
    assert "0.3 s" in found["faults"][0]["message"]


@pytest.mark.parametrize(("toml", "words"), [("nonsense", "status 0"), ("breaks", "the sentence that says why")])
def test_what_cannot_be_read_becomes_a_preview_that_is_not_ready(make: Make, toml: str, words: str) -> None:
    preview = make()
    preview.ask(1, toml)
    found = _wait(preview)
    assert found["ready"] is False
    assert words in found["faults"][0]["message"]


def test_a_refused_configuration_is_a_preview_like_any_other() -> None:
    refused = '{"ready": false, "faults": [{"key": "task.name", "message": "no"}]}'
    assert as_preview(Answer(2, refused, "2 things to mend"))["faults"][0]["key"] == "task.name"
    assert as_preview(Answer(0, "[1]", ""))["ready"] is False
