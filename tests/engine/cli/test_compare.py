"""``distill compare`` on a store with scores: what it prints, in each format, and what it refuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.config import parse_config
from engine.events import Score
from engine.store import Store

VALUES = {"none": (0.80, 0.81, 0.795), "kl": (0.83, 0.842, 0.824)}


@pytest.fixture
def store(home: Path, toml: str) -> Iterator[Store]:
    """Runs 1 to 3 without a teacher, 4 to 6 with one, seeds 0 to 2; 7 is of another task, 8 still queued."""
    opened = Store(home)
    for kind, values in VALUES.items():
        for seed, value in enumerate(values):
            run = opened.enqueue(parse_config(toml, overrides=[f"loss.kind={kind}", f"training.seed={seed}"]))
            with opened.writer(run) as writer:
                writer.emit(Score("student", "validation", "f1", value))
                writer.emit(Score("student", "validation", "accuracy", value - 0.1))
            opened.set_state(run, "finished")
    other = opened.enqueue(parse_config(toml, overrides=["task.name=rte", "task.source="]))
    with opened.writer(other) as writer:
        writer.emit(Score("student", "validation", "accuracy", 0.6))
    opened.set_state(other, "finished")
    opened.enqueue(parse_config(toml))
    yield opened
    opened.close()


@pytest.fixture
def distill(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path):
    def type_(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["distill", "compare", *arguments, "--home", str(home)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(str(ended.value.code or 0)), captured.out, captured.err

    return type_


Distill = Callable[..., tuple[int, str, str]]


def test_verdict_scores_and_differences(store: Store, distill: Distill) -> None:
    status, out, _ = distill()
    assert status == 0 and out.startswith("MRPC · 2 × 16 · validation F1 · baseline: No teacher\n")
    assert (
        "better: Vanilla KD" in out and "by 3.0 ± 0.2 F1 over 3 seeds – p < 0.001, paired t" in out and "4, 5, 6" in out
    )
    assert any(line.split()[:3] == ["loss.kind", "none", "kl"] for line in out.splitlines())
    assert "--task rte" in out


def test_the_same_for_programs_and_as_markdown(store: Store, distill: Distill) -> None:
    status, out, _ = distill("--format", "json")
    found = json.loads(out)
    (verdict,) = found["verdicts"]
    assert status == 0 and (found["task"], found["metric"], found["baseline"]) == ("mrpc", "f1", "No teacher")
    assert (
        verdict["verdict"] == "better" and verdict["difference"] == pytest.approx(3.0333333) and verdict["seeds"] == 3
    )
    assert found["contenders"][1]["scores"] == {
        "0": pytest.approx(83),
        "1": pytest.approx(84.2),
        "2": pytest.approx(82.4),
    }
    status, out, _ = distill("--format", "markdown")
    assert status == 0 and out.startswith("## MRPC") and "- **better**: Vanilla KD" in out and "| `loss.kind` |" in out


def test_some_runs_and_another_baseline(store: Store, distill: Distill) -> None:
    status, out, _ = distill("1", "4", "--baseline", "5")
    assert status == 0 and "baseline: Vanilla KD" in out and "can’t tell yet: No teacher" in out
    status, out, _ = distill("7")
    assert status == 0 and "nothing to compare it with" in out and out.startswith("RTE")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["99"], "There is no run “99”"),
        (["--task", "nonsense"], "--task: there is no “nonsense”"),
        (["--task", "sst2"], "--task: none of these runs has finished on sst2"),
        (["--baseline", "8"], "--baseline: run 8 has no score"),
        (["--format", "xml"], "--format: there is no “xml”"),
    ],
)
def test_a_mistake_is_a_sentence(store: Store, distill: Distill, arguments: list[str], said: str) -> None:
    status, out, err = distill(*arguments)
    assert status == 2 and out == "" and said in err and "Traceback" not in err


def test_many_methods_stand_below_each_other(store: Store, distill: Distill, toml: str) -> None:
    for at in range(5):
        run = store.enqueue(parse_config(toml, overrides=["loss.kind=kl", f"loss.lambda={at / 10}"]))
        with store.writer(run) as writer:
            writer.emit(Score("student", "validation", "f1", 0.8))
        store.set_state(run, "finished")
    lines = [line.split() for line in distill()[1].splitlines()]
    heads = next(line for line in lines if line[:1] == ["loss.kind"])
    rows = [line for line in lines if line[:1] and line[0].startswith("#")][-7:]
    assert "loss.lambda" in heads and [row[0] for row in rows] == [f"#{number}" for number in range(1, 8)]
    assert rows[0][1] == "none" and {row[1] for row in rows[1:]} == {"kl"}


def test_nothing_finished_yet(home: Path, distill: Distill) -> None:
    status, out, _ = distill()
    assert status == 0 and out == "No run has finished with a score yet; “distill runs” lists them.\n"
