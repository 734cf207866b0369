"""The command line as a person types it, in this process: what it prints, its exit status, what it leaves unchanged."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from safetensors.numpy import load_file, save_file

from engine.__main__ import main
from engine.cli.opening import how_it_ended
from engine.cli.terminal import shortened
from engine.config import parse_config
from engine.store import Store


class Typed:
    """The outcome of one command."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


def contents(home: Path) -> list[str]:
    """All that the store holds."""
    connection = sqlite3.connect(home / "runs.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.fixture
def distill(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def type_(*arguments: str | Path) -> Typed:
        monkeypatch.setattr(sys, "argv", ["distill", *map(str, arguments)])
        status: object = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return Typed(int(str(status or 0)), captured.out, captured.err)

    return type_


@pytest.fixture
def config(toml: str, tmp_path: Path) -> Path:
    file = tmp_path / "run.toml"
    file.write_text(toml, encoding="utf-8")
    return file


def test_run_show_table_export(distill, config: Path, home: Path, tmp_path: Path) -> None:
    done = distill("run", config, "--set", "loss.kind=taylor", "--set", "loss.lambda=0.3")
    assert done.status == 0, done.err
    assert done.out.startswith("f1 ") and "teacher" in done.out
    assert "\x1b" not in done.err and "━" not in done.err  # not a terminal: no bars
    run = Store(home).run(1)
    assert (run.state, run.loss, run.config["loss"]["lambda"]) == ("finished", "taylor", 0.3)
    assert run.pid is None and run.step == run.total_steps == 6

    listed = json.loads(distill("runs", "--json").out)
    assert [(row["id"], row["state"]) for row in listed] == [(1, "finished")]
    assert "finished" in distill("runs").out
    shown = json.loads(distill("show", "1", "--json").out)
    assert {"student", "teacher"} == {score["model"] for score in shown["scores"]}
    assert shown["last_values"]["train/loss"] > 0
    shown = distill("show", run.name).out
    assert "gamma = 1.0" in shown and "batches were padding" in shown, (
        "also of a run that ended well the end of its log"
    )
    for format in ("text", "markdown", "csv", "latex", "json"):
        table = distill("table", "--format", format)
        assert table.status == 0 and "MRPC" in table.out, format
        assert "radient" not in table.out
        assert "radient" in distill("table", "--format", format, "--gradient-share").out, format
    exported = distill("export", "1", tmp_path / "student")
    assert exported.status == 0 and (tmp_path / "student" / "model.safetensors").is_file()
    assert "taylor" in (tmp_path / "student" / "README.md").read_text(encoding="utf-8").lower()


def test_every_fault_at_once_and_nothing_written(distill, config: Path, home: Path) -> None:
    done = distill("run", config, "--set", "loss.lambda=2", "--set", "training.epoch=1", "--set", "student.heads=0")
    assert done.status == 2 and not home.exists()
    assert "3 things to mend" in done.err
    assert "loss.lambda: must be at most 1" in done.err
    assert "training.epoch: unknown key; did you mean “epochs”?" in done.err
    assert "student.heads: must be at least 1" in done.err
    assert "Traceback" not in done.err


def test_bad_input_leaves_a_store_with_runs_unchanged(distill, config: Path, home: Path) -> None:
    assert distill("run", config, "--queue").status == 0
    before = contents(home)
    for arguments in (
        ("run", config, "--set", "task.source=nowhere"),
        ("run", config.with_name("missing.toml")),
        ("show", "77"),
        ("stop", "no such name"),
        ("export", "1", config.parent / "out"),
        ("table", "--format", "docx"),
    ):
        done = distill(*arguments)
        assert done.status == 2, arguments
        assert done.err.strip() and "Traceback" not in done.err, arguments
    assert contents(home) == before
    assert not (config.parent / "out").exists()


def test_queue_then_work(distill, config: Path, home: Path) -> None:
    for kind in ("none", "kl"):
        assert distill("run", config, "--queue", "--set", f"loss.kind={kind}").status == 0
    worked = distill("work", "--stay-s", "0")  # who waits for no other run still takes those that are there
    runs = Store(home).runs()
    assert [run.state for run in runs] == ["finished", "finished"]
    ends = [f"Run {run.id}, {run.name}: finished, f1 {(run.best_score or 0) * 100:.1f}" for run in runs]
    assert worked.err.splitlines() == [*ends, "2 runs done."]
    assert distill("stop", "1").status == 2


def test_how_a_run_failed_is_said_on_one_line(distill, config: Path, home: Path) -> None:
    assert distill("run", config, "--queue").status == 0
    run = Store(home).runs()[0]
    failed = replace(run, state="failed", reason="2 things to mend:\n  a: b\n  c: d", best_score=0.5)
    assert how_it_ended(failed) == f"Run 1, {run.name}: failed, 2 things to mend: a: b c: d"


def test_names_of_runs_are_cut_in_their_middle_on_a_terminal_and_whole_elsewhere(
    distill, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "A name of so many words that no terminal has room for it · λ 0.35 · seed 7"
    assert distill("run", config, "--queue", "--set", f"name={name}").status == 0
    assert name in distill("runs").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "72")
    shown = distill("runs").out.splitlines()
    assert len(shown) == 2 and "A name o" in shown[1] and "seed 7" in shown[1] and name not in shown[1]


@pytest.mark.parametrize("room", range(12))
def test_a_shortened_text_has_the_room_it_is_given(room: int) -> None:
    for text in ("abcdefghijkl", "名前が長い名前", ""):
        found = shortened(text, room)
        assert cell_len(found) <= max(room, 1) and (found == text) == (cell_len(text) <= room)


def test_broken_off_while_it_loads_it_leaves_no_traceback(distill, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "engine.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "engine.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    done = distill("runs")
    assert (done.status, done.out, done.err) == (130, "", "")


def test_a_failed_run_keeps_rows_log_and_reason(
    distill, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.losses import objective

    honest, calls = objective.label_loss, []

    def astray(*arguments: object) -> object:
        calls.append(1)
        return honest(*arguments) * (float("nan") if len(calls) == 5 else 1)  # type: ignore[arg-type]

    monkeypatch.setattr(objective, "label_loss", astray)
    done = distill("run", config, "--set", "loss.kind=none", "--set", "training.evaluations_per_epoch=1")
    run = Store(home).run(1)
    assert done.status == 1 and run.state == "failed"
    assert "is nan at step" in run.reason and "Lower the learning rate" in run.reason
    assert len(Store(home).curve(1, "train/loss")[2]) >= 3
    assert run.reason in run.log_file.read_text(encoding="utf-8")


def test_a_bug_leaves_its_traceback_in_the_log(
    distill, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr("engine.training.distil.build_student", broken)
    assert distill("run", config).status == 1
    run = Store(home).run(1)
    assert run.state == "failed" and "bug" in run.reason and "planted" in run.reason
    assert "Traceback" in run.log_file.read_text(encoding="utf-8")


def test_check_and_describe(distill, config: Path, home: Path) -> None:
    done = distill("check", config)
    assert done.status == 0 and "Ready." in done.out and "6 steps on cpu" in done.out
    assert distill("check", config, "--set", "loss.kind=nonsense").status == 2
    described = json.loads(distill("describe", "--json").out)
    assert {"none", "kl", "taylor", "mse_logits"} <= set(described["losses"])
    assert {"sst2", "mrpc", "qqp", "stsb", "mnli", "qnli", "rte", "cola"} <= set(described["tasks"])
    assert "huggingface" in described["exporters"]
    assert {"hidden", "pkd", "attention", "embedding", "minilm", "rkd", "cka", "feature_map"} <= set(
        described["features"]
    )
    hidden = described["features"]["hidden"]
    assert hidden["formula"] == "hidden mse (uniform)" and hidden["settings"]["distance"]["default"] == "mse"
    assert hidden["settings"]["weight"]["default"] == 1.0 and "FitNets" in hidden["source"] and hidden["needs"]
    text = distill("describe").out
    assert "KL(p‖f" in text and "learning_rate" in text and '[[features]]  kind = "minilm"' in text
    assert "relation_heads" in text and "Source: Wang et al. 2020" in text
    assert not home.exists()


@pytest.mark.parametrize("command", [("check",), ("run", "--queue"), ("run",)])
def test_a_model_folder_that_can_only_fail_is_refused_before_anything_is_stored(
    distill, toml: str, tiny: Path, tmp_path: Path, home: Path, command: tuple[str, ...]
) -> None:
    teacher = Path(shutil.copytree(tiny / "teacher", tmp_path / "spoilt"))
    held = load_file(teacher / "model.safetensors")
    save_file({name: held[name] for name in held if "layer.2" not in name}, teacher / "model.safetensors")
    file = tmp_path / "run.toml"
    file.write_text(toml.replace((tiny / "teacher").as_posix(), teacher.as_posix()), encoding="utf-8")
    done = distill(*command, file)
    assert done.status == 2 and "teacher.model: " in done.err and "lacks the weights of encoder.layer.2" in done.err
    assert not home.exists()


def test_a_configuration_from_stdin_that_is_not_utf_8(distill, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'name = "caf\xe9"'), encoding="utf-8"))
    done = distill("run", "-")
    assert done.status == 2 and "byte 11 is not UTF-8" in done.err and not home.exists()


def test_a_gpu_that_is_not_there_is_refused_before_anything_is_stored(distill, config: Path, home: Path) -> None:
    done = distill("run", config, "--set", "training.device=cuda:99")
    assert done.status == 2 and "choose “auto” or “cpu”" in done.err and not home.exists()


def test_a_cache_limit_that_is_no_number_is_said_before_anything_is_stored(
    distill, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distill("run", config, "--queue")
    before = contents(home)
    monkeypatch.setenv("DISTILL_CACHE_GB", "lots")
    for command in (("run", config), ("run", config, "--queue"), ("check", config), ("work",), ("resume", "1")):
        typed = distill(*command)
        assert typed.status == 2 and "“lots”; give the cache's limit in gigabytes" in typed.err, command
    assert contents(home) == before


def test_following_a_run_whose_worker_died_comes_to_an_end(
    distill, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_by_a_worker_that_dies(store: Store, *_: object, run: int) -> None:
        with store.writing():
            store.change(run, state="running", pid=2**22 + 1, pid_started=1.0)

    monkeypatch.setattr(Store, "claim", taken_by_a_worker_that_dies)
    done = distill("run", config)
    assert done.status == 1 and "following it" in done.err and "interrupted" in done.err


def test_the_list_of_runs_names_the_feature_terms_beside_the_loss(distill, toml: str, home: Path) -> None:
    store = Store(home)
    store.enqueue(parse_config(toml + '\n[[features]]\nkind = "hidden"\n'))
    store.close()
    assert "kl + hidden" in distill("runs", "--home", home).out


def test_a_narrow_terminal_loses_columns_before_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.cli import terminal

    heads, rows = ["#", "Name", "State", "Seed", "Score"], [["1", "n" * 60, "interrupted", "0", "88.1 accuracy"]]
    for width, left in ((200, heads), (40, ["#", "Name", "State"]), (10, ["#", "Name", "State"])):
        made = terminal.Terminal(width=width, force_terminal=True)
        monkeypatch.setattr(terminal, "terminal", lambda made=made: made)
        assert terminal.fitting(heads, rows, "Name", ("Seed", "Score")) == left
    monkeypatch.setattr(terminal, "terminal", lambda: terminal.Terminal(width=10, force_terminal=False))
    assert terminal.fitting(heads, rows, "Name", ("Seed", "Score")) == heads, "for a program to read"


def test_what_must_be_downloaded_from_a_silent_hub_is_said_before_anything_is_stored(
    distill, config: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("engine.diagnosis.downloads.silence_of_hub", lambda *_: "Connection refused")
    missing = ["--set", "teacher.model=nobody/bert"]
    typed = distill("run", config, *missing)
    assert typed.status == 2 and "teacher.model: nobody/bert is not whole on this machine, and the hub" in typed.err
    typed = distill("sweep", config, *missing, "--over", "loss.lambda=0.1,0.2", "--work")
    assert typed.status == 2 and typed.err.count("nobody/bert is not whole") == 1 and not home.exists()
    assert distill("run", config, *missing, "--queue").status == 0, "there may be a network when its turn comes"


def test_json_is_strict_whatever_the_numbers_are(capsys: pytest.CaptureFixture[str]) -> None:
    from engine.cli.terminal import say_json

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    say_json({"a": [float("nan"), 1.5, (float("inf"),)], "b": True, "\x9b": "λ\u202e"})
    read = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert read == {"a": [None, 1.5, [None]], "b": True, "\x9b": "λ\u202e"}


def test_an_empty_home_is_not_the_working_folder(distill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (("runs",), ("store", "check")):
        assert distill(*arguments, "--home", "").status == 2
    assert not list(tmp_path.iterdir())


def test_a_queued_run_that_is_paused_leaves_the_queue(distill, config: Path) -> None:
    distill("run", config, "--queue", "--set", 'name="  Mine  "')
    assert distill("pause", "Mine").out == "Run 1 is out of the queue; “distill resume 1” goes on with it.\n"


def test_steps_of_a_device_that_is_not_there_are_told_without_it(distill, config: Path) -> None:
    typed = distill("check", config, "--set", "training.device=cuda:9")
    assert typed.status == 2 and "()" not in typed.out and " steps\n" in typed.out
