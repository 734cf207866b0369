"""``distill sweep`` as a person types it: all of its runs in the queue, or none and exit status 2."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.cli import sweep as command
from engine.store import Store


@pytest.fixture
def sweep(toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """(exit status, stdout, stderr) of ``distill sweep CONFIG`` with these arguments."""
    file = tmp_path / "run.toml"
    file.write_text(toml.replace("[task]", 'name = "Mine"\n[task]', 1), encoding="utf-8")

    monkeypatch.setenv("COLUMNS", "200")

    def type_(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["distill", "sweep", str(file), *arguments])
        status: object = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return int(str(status or 0)), captured.out, captured.err

    return type_


def test_every_run_is_queued_and_said(sweep, home: Path) -> None:
    status, out, err = sweep(
        "--over", "loss.lambda=0:1:0.5", "--over", "training.seed=0,1", "--set", "training.epochs=1"
    )
    assert status == 0, err
    assert "6 runs are in the queue; “distill work” or the window trains them" in out
    runs = Store(home).runs()
    assert [run.state for run in runs] == ["queued"] * 6
    assert [(run.seed, run.config["loss"]["lambda"]) for run in runs] == [
        (seed, weight) for seed in (0, 1) for weight in (0, 0.5, 1)
    ]
    assert all(run.config["training"]["epochs"] == 1 for run in runs)
    for run in runs:
        line = next(line for line in out.splitlines() if run.name in line)
        assert line.split()[0] == str(run.id)


def test_a_dry_run_stores_nothing(sweep, home: Path) -> None:
    status, out, err = sweep("--over", "loss.lambda=0.1,0.2", "--dry-run")
    assert status == 0, err
    assert "Mine · λ 0.1" in out and "2 runs in all; nothing was stored." in out
    assert not home.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--over: nothing to sweep over"),
        (["--over", "loss.lambda=0,2", "--over", "training.sed=1,2"],
         "training.sed: unknown key; did you mean “seed”?\n  loss.lambda: must be at most 1; it is 2"),
        (["--over", "loss.lambda=0:1:0.3"], "never arrives at 1"),
        (["--over", "training.seed=0:100:1"], "101 runs are more than 100 at once; say --force"),
        (["--over", "task.source=nowhere,elsewhere"], "there is no folder"),
        (["--set", "student.init=layers", "--over", "student.architecture=2x32,2x16"], "student.architecture: "),
    ],
)  # fmt: skip
def test_a_mistake_in_one_run_stores_none(sweep, home: Path, arguments: list[str], said: str) -> None:
    status, _, err = sweep(*arguments)
    assert status == 2 and said in err and "Traceback" not in err
    assert not home.exists()


def test_what_files_say_is_told_beside_what_the_keys_say(sweep, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    status, _, err = sweep("--over", "loss.lambda=0,2", "--over", f"task.source={tmp_path / 'bare'}")
    assert status == 2 and "loss.lambda: must be at most 1" in err and "has no train file" in err


def test_only_looked_at_for_a_program_to_read(sweep, home: Path, tmp_path: Path) -> None:
    status, out, _ = sweep("--over", "loss.lambda=0.1,0.2", "--json")
    found = json.loads(out)
    assert status == 0 and found["ready"] and not found["faults"]
    assert [name.rpartition("λ ")[2] for name in found["runs"]] == ["0.1", "0.2"]
    (tmp_path / "bare").mkdir()
    status, out, _ = sweep(
        "--over", f"task.source={tmp_path / 'bare'}", "--over", "loss.lambda=0,1", "--json", "--work"
    )
    found = json.loads(out)
    fault, *_ = found["faults"]
    assert status == 2 and not found["ready"] and len(found["runs"]) == 2
    assert fault["key"] == "task.source" and "has no train file" in fault["message"]
    assert not home.exists()


def test_runs_alike_in_files_and_models_are_looked_at_once(sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    honest = command.preview
    monkeypatch.setattr(command, "preview", lambda *a, **k: looked.append(a[0]) or honest(*a, **k))
    status, out, _ = sweep("--over", "loss.lambda=0:1:0.05", "--over", "student.architecture=2x16,1x16", "--dry-run")
    assert status == 0 and "42 runs" in out
    assert sorted(config.student.architecture for config in looked) == ["1x16", "2x16"]
    assert "… and 3 more" in out and len(out.splitlines()) < 50, out


def test_what_makes_some_of_its_runs_meaningless_is_said(sweep) -> None:
    _, _, err = sweep("--over", "loss.kind=kl,taylor", "--over", "loss.temperature=1,2", "--dry-run")
    assert "the teacher does not change the gradient" in " ".join(err.split())
    assert "(1 of the 4 runs.)" in " ".join(err.split())


def test_trained_at_once_it_says_how_each_ended(sweep, home: Path) -> None:
    status, out, err = sweep("--over", "loss.kind=none,kl", "--set", "training.epochs=1", "--work")
    assert status == 0, err
    runs = Store(home).runs()
    assert [run.state for run in runs] == ["finished", "finished"]
    assert [line for line in out.splitlines() if line.startswith("Run ")] == [
        f"Run {run.id}, {run.name}: finished, f1 {run.best_score * 100:.1f}" for run in runs
    ]


def test_what_was_broken_off_before_its_turn_is_counted_not_listed(sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.cli.sweep_work.work", lambda *_, **__: 0)
    status, out, _ = sweep("--over", "training.seed=0:4:1", "--work")
    assert status == 1 and "\nRun " not in out
    assert out.endswith("5 runs are still in the queue; “distill work” goes on with them.\n")
