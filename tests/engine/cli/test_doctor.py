"""``distill doctor`` as it is typed: text and JSON, exit status, nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import doctor as command
from engine.diagnosis.finding import Diagnosis, Finding
from tests.engine.cli.test_commands import distill  # noqa: F401

FOUND = Diagnosis(
    [
        Finding("fine", "time", "Time", "About 12 s on cpu (1 thread): 30 steps at 5.1 steps a second, and so on and on and on."),
        Finding("look", "truncation", "Length", "[bold]Rows[/bold] are \x1b[31mcut.", "task.max_length = 64.", "task.max_length"),
        Finding("stop", "label_order", "Label order", "Swapped.", "Write id2label.", "teacher.model", {"rows": 256}),
    ],
    "cpu",
    "chosen",
    1.25,
)  # fmt: skip


@pytest.fixture
def file(toml: str, tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def test_text_is_aligned_plain_and_80_columns(distill, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(command, "examine", lambda *_: FOUND)
    done = distill("doctor", file)
    assert done.status == 2
    lines = done.out.splitlines()
    assert lines == [
        "✓ fine Time        About 12 s on cpu (1 thread): 30 steps at 5.1 steps a second,",
        "                   and so on and on and on.",
        "! look Length      [bold]Rows[/bold] are ?[31mcut.",
        "                 → task.max_length = 64.",
        "✗ stop Label order Swapped.",
        "                 → Write id2label.",
        "",
        "1 stop, 1 look, 1 fine · 1.2 s on cpu. Nothing was trained or stored.",
    ]
    assert max(map(len, lines)) <= 80 and "\x1b" not in done.out


def test_json_and_status_of_a_look(distill, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(command, "examine", lambda *_: Diagnosis(FOUND.findings[:2], "cpu", "chosen", 1.0))
    done = distill("doctor", file, "--json")
    assert done.status == 0
    content = json.loads(done.out)
    assert content["level"] == "look"
    assert content["findings"][1]["key"] == "task.max_length" and content["findings"][1]["remedy"]


def test_for_real_and_nothing_is_left(distill, file: Path, home: Path) -> None:  # noqa: F811
    done = distill("doctor", file, "--rows", "32", "--set", "student.architecture=1x8", "--json", "--home", home)
    assert done.status == 0, done.out + done.err
    content = json.loads(done.out)
    assert content["level"] in ("fine", "look") and content["seconds"] > 0
    assert {"teacher_score", "loss_terms", "memory", "time"} <= {finding["check"] for finding in content["findings"]}
    assert not (home / "runs.db").exists() and not (home / "teachers").exists()


def test_a_configuration_with_faults(distill, file: Path) -> None:  # noqa: F811
    done = distill("doctor", file, "--set", "loss.kind=no_such_loss")
    assert done.status == 2 and "✗ stop loss.kind" in done.out and "Traceback" not in done.err
    missing = distill("doctor", file.with_name("none.toml"))
    assert missing.status == 2 and "none.toml" in missing.err
