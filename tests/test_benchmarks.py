"""The benchmarks' own pieces: what they count, divide and print. How fast anything is, no test asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from engine import catalog
from engine.config import parse_config
from engine.losses.objective import Objective
from engine.losses.term import total
from engine.models.student import build_student
from engine.seeding import seed_everything
from tests.benchmarks import __main__ as command
from tests.benchmarks import gpu, material, ours, report
from tests.benchmarks.arithmetic import StepSize, shape_of, step_bytes, step_operations
from tests.benchmarks.comparison import Measured, Sweep
from tests.benchmarks.feature_runs import TERMS, FeatureRun, feature_table
from tests.benchmarks.figures import counts, paired_ratios, spread_of, table
from tests.benchmarks.setting import Setting
from tests.benchmarks.step_speed import StepSpeed, stepper_and_batch, torch_operations
from tests.benchmarks.window import measuring, records

BENCHMARKS = Path(__file__).parent / "benchmarks"
SAMPLE_TOKENIZER = catalog.assets_folder() / material.SAMPLE_TOKENIZER


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    tokenizer = str(SAMPLE_TOKENIZER)
    (tmp_path / "rows").mkdir()
    return Setting("mrpc", str(tmp_path / "rows"), 40, 10, tokenizer, str(tmp_path / "students"), "1x32", 3)


def measured(contender: str, seed: int, counted_s: float, f1: float = 0.8, accuracy: float = 0.7) -> Measured:
    scores = {"f1": f1, "accuracy": accuracy}
    return Measured(contender, seed, 0.5, counted_s, counted_s + 5, 1.0, 400_000_000, 0.0, scores, 0.6)


# ── what is counted ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("architecture", "rows", "length"), [("2x64", 3, 8), ("1x128", 2, 40), ("3x24", 5, 16)])
def test_operations_are_those_that_torch_counts(architecture: str, rows: int, length: int) -> None:
    shape, size = shape_of(architecture, 200), StepSize(rows, length)
    with sdpa_kernel(SDPBackend.MATH):  # torch does not count the CPU's fused attention
        assert torch_operations(*stepper_and_batch(shape, size)) == step_operations(shape, size)


def test_bytes_are_eleven_passes_over_the_weights() -> None:
    assert step_bytes(1000) == 44_000


def test_floors_and_the_achieved_share() -> None:
    speed = StepSpeed("2x128", 32, 128, 1, 4_000_000, 50 * 10**9, 50 * 10**9, 2 * 10**8, 2.0, 50e9, 1024, 10e9)
    assert speed.arithmetic_floor_s == 1.0 and speed.bytes_floor_s == pytest.approx(0.02)
    assert speed.achieved == 0.5
    text = report.step_table([{**vars(speed), "load": 0.1}])
    assert "50%" in text and "matmul 50.0 GFLOP/s (best at 1024)" in text and "1 thread," in text


# ── what is compared ────────────────────────────────────────────────────────────────────────────────────────────
def test_spreads_and_paired_ratios() -> None:
    assert spread_of([3.0, 1.0, 2.0]).text() == "2.0 (1.0–3.0)"
    assert spread_of([3.14159]).text(2) == "3.14"
    assert paired_ratios([10.0, 40.0, 30.0], [5.0, 10.0, 10.0]).text() == "3.0 (2.0–4.0)"
    with pytest.raises(ValueError, match="nothing was measured"):
        spread_of([])
    with pytest.raises(ValueError):
        paired_ratios([1.0], [1.0, 2.0])


def test_a_speed_counts_within_one_point_of_the_mean_on_either_side() -> None:
    assert counts([0.80, 0.82], [0.82, 0.82]) and counts([0.83], [0.82])
    assert not counts([0.80], [0.82]) and not counts([0.85], [0.82])


def test_a_table_lines_up_and_refuses_a_ragged_row() -> None:
    assert table(["", "s"], [["long name", "1"], ["b", "22.5"]]).splitlines() == [
        "              s",
        "─────────  ────",
        "long name     1",
        "b          22.5",
    ]
    with pytest.raises(ValueError, match="as many cells"):
        table(["", "s"], [["a"]])


def test_lines_pair_contenders_by_seed_and_judge_scores_against_the_reference(setting: Setting) -> None:
    found = [
        measured("trainer", 0, 60.0),
        measured("ours_full", 0, 10.0, f1=0.795),
        measured("textbrewer", 0, 90.0, f1=0.6),
    ]
    found += [
        measured("trainer", 1, 80.0),
        measured("ours_full", 1, 20.0, f1=0.795),
        measured("textbrewer", 1, 90.0, f1=0.6),
    ]
    trainer, full, textbrewer = report.lines_of(setting, found, "f1")
    assert trainer.times_ours_full is not None and trainer.times_ours_full.text() == "5.0 (4.0–6.0)"
    assert trainer.times_ours_empty is None and full.times_ours_full is None
    assert trainer.examples_per_second == 40 * 3 / 70
    assert (trainer.counts, full.counts, textbrewer.counts) == (True, True, False)
    assert [line.counts for line in report.lines_of(setting, [found[1]], "f1")] == [None]
    text = report.throughput_table([trainer, full, textbrewer], found, "f1", {"f1": 0.6, "accuracy": 0.7})
    assert "(60.0)" in text and "over 2 seeds" in text
    assert "commonest class (60.0): (c) TextBrewer" in text, "a score that says nothing is named"
    assert "commonest" not in report.throughput_table([trainer], found, "f1", {"f1": 0.5, "accuracy": 0.7})


def test_a_sweep_is_held_against_as_many_runs_of_the_other() -> None:
    scores = [{"f1": 0.8}, {"f1": 0.7}, {"f1": 0.6}, {"f1": 0.5}]
    peer = replace(measured("trainer", 0, 30.0), label_weight=0.1)
    sweep = Sweep([0.0, 0.1, 0.2, 0.3], 40.0, scores, 0.0, [peer, replace(peer, label_weight=0.2, counted_s=50.0)])
    assert sweep.peer_s() == 160.0 and sweep.peer_s(whole=True) == 4 * (35 + 35) / 2
    text = report.sweep_table(sweep, "f1")
    assert "4 × the mean of 2 runs" in text and "λ = 0.1: f1 ours 70.0, (a) 80.0" in text
    assert text.splitlines()[3].endswith("4.0")
    text = report.sweep_table(replace(sweep, at_once=2, together_s=20.0), "f1")
    assert "2 at a time, one on each core" in text and text.splitlines()[4].split()[-2:] == ["4.0", "8.0"]


def feature_run(way: str, seed: int, seconds: float, cpu_s: float) -> FeatureRun:
    return FeatureRun(way, seed, seconds, cpu_s, 900_000_000, 0.0, {"f1": 0.8}, 0.61234)


def test_feature_runs_are_held_against_the_full_cache_seed_by_seed() -> None:
    found = [feature_run("live", 0, 60.0, 50.0), feature_run("full", 0, 20.0, 10.0)]
    found += [feature_run("live", 1, 80.0, 60.0), feature_run("full", 1, 20.0, 20.0)]
    live, full = feature_table(found, "f1").splitlines()[2:4]
    assert live.startswith("live teacher") and "3.50 (3.00–4.00)" in live and "4.00 (3.00–5.00)" in live
    assert full.startswith("tensors kept, cache full") and full.count("–  ") == 2 and "0.61234" in full
    assert "× full" in feature_table(found[:1], "f1"), "also while only some are measured"


def test_the_ways_to_the_teachers_inside_differ_in_what_is_kept_alone(setting: Setting) -> None:
    ways = [replace(setting, features=TERMS, teacher_keep=keep).toml(3) for keep in ("logits", "tensors")]
    live, kept = (parse_config(text) for text in ways)
    assert [term.kind for term in kept.features] == ["hidden", "attention"] and live.features == kept.features
    assert live.teacher is not None and kept.teacher is not None
    assert live.teacher.keep == "logits" and kept.teacher == live.teacher.model_copy(update={"keep": "tensors"})
    assert live.training == kept.training and live.loss == kept.loss


def test_the_gap_between_runs_is_bounded_by_the_watcher_and_by_the_runs_own_clock() -> None:
    curves = {"train/loss": [0.5, 1.0, 1.5], "validation/f1": [2.5]}
    store: Any = SimpleNamespace(
        curve=lambda run, name: (np.array([]), np.array(curves[name]), np.array([])),
        curve_names=lambda run: list(curves),
    )
    before: Any = SimpleNamespace(id=1, ended_at=100.0)
    after: Any = SimpleNamespace(id=2, started_at=100.1, ended_at=103.0)
    gap = ours._gap(store, before, after, seen=101.2)
    assert gap.claimed_s == pytest.approx(0.1) and gap.seen_s == pytest.approx(1.2)
    assert gap.reckoned_s == pytest.approx(1.0), "103 − (2.5 − 0.5) − 100"
    assert gap.at_most_s == gap.reckoned_s


# ── that the same thing is compared ─────────────────────────────────────────────────────────────────────────────
def test_the_settings_configuration_is_valid_and_says_what_the_setting_says(setting: Setting, tmp_path: Path) -> None:
    config = parse_config(setting.with_label_weight(0.3).toml(seed=7))
    assert config.training.seed == 7 and config.training.epochs == 3 and config.training.keep == "last"
    assert config.loss.model_dump()["label_weight"] == 0.3 and config.loss.kind == "kl"
    assert config.student.init == "random" and config.teacher is not None and config.teacher.training == "as_is"
    assert Setting.read(setting.write(tmp_path / "a" / "setting.json")) == setting


def test_the_others_begin_with_the_products_own_weights(setting: Setting) -> None:
    from transformers import AutoModelForSequenceClassification

    task = catalog.tasks()[setting.task]
    material._make_student(task, setting, seed=3)
    theirs = AutoModelForSequenceClassification.from_pretrained(setting.student(3)).state_dict()
    config = parse_config(setting.toml(seed=3))
    vocabulary = theirs["bert.embeddings.word_embeddings.weight"].shape[0]
    seed_everything(3)
    own = build_student(config, task, vocabulary).state_dict()
    assert own.keys() == theirs.keys() and all(torch.equal(own[name], theirs[name]) for name in own)


def test_the_others_are_taught_the_products_own_loss(setting: Setting) -> None:
    from tests.benchmarks.peer import taught

    torch.manual_seed(0)
    student, teacher, labels = torch.randn(6, 2), torch.randn(6, 2), torch.tensor([0, 1, 1, 0, 1, 1])
    setting = setting.with_label_weight(0.3)
    config = parse_config(setting.toml(0))
    objective = Objective(catalog.losses()["kl"], config.loss)
    own = total(objective.terms(student, teacher, torch.nn.functional.one_hot(labels, 2).float()))
    assert torch.allclose(taught(student, teacher, labels, setting), own)


def test_rows_reach_every_contender_as_the_product_reads_them(setting: Setting, tmp_path: Path) -> None:
    from engine.data.rows import Rows, load_rows

    task = catalog.tasks()["mrpc"]
    rows = Rows((["a “b”, c", "x\n", "z"], ["d", "e", "y"]), np.array([1, 0, 1]), False)
    for split in ("train", "validation"):
        material._write_rows(task, rows, tmp_path / f"{split}.jsonl", 2)
    found = load_rows(task, str(tmp_path))["train"]
    assert found.texts == (["a “b”, c", "x\n"], ["d", "e"]) and found.labels.tolist() == [1, 0]


# ── on a GPU ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_part_for_a_gpu_measures_all_its_figures() -> None:
    said: list[str] = []
    found = gpu.measure(said.append, quick=True, device=torch.device("cpu"))
    text = gpu.text_of(found)
    assert len(said) == 4 and "failed" not in text and "1x64, 4×16" in text and "1x64, 32 rows, as it is" in text
    assert all(step["achieved"] > 0 for step in found["steps"]) and found["epochs"][0]["epoch_s"] > 0
    way = {"architecture": "2x128", "how": "graphs", "failed": "no compiler"}
    assert "graphs: no compiler" in gpu.text_of(found | {"compiled": [*found["compiled"], way]})


def test_rows_of_mnlis_size_are_as_long_as_its_pairs() -> None:
    lengths = gpu.mnli_like(5000).lengths
    assert 37 < lengths.mean() < 42 and lengths.max() <= 128


def test_without_a_gpu_its_part_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert command.main(["cuda", "--work", str(tmp_path)]) == 0
    assert "no CUDA GPU was found" in "".join(capsys.readouterr())


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_pytest_collects_no_benchmark() -> None:
    assert not [
        file.name for file in BENCHMARKS.rglob("*.py") if file.name.startswith("test_") or file.stem.endswith("_test")
    ]


def test_a_missing_folder_is_a_sentence_and_not_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    assert command.main(["queue", "--data", str(nowhere), "--work", str(tmp_path / "work")]) == 2
    said = capsys.readouterr().err
    assert str(nowhere) in said and "--data" in said and "--quick" in said
    with pytest.raises(SystemExit):
        command.main(["sweeep"])
    assert "no part sweeep" in capsys.readouterr().err


def test_a_busy_machine_and_an_idle_one() -> None:
    assert report.busy([0.2]) == "" and "load 7.3" in report.busy([7.3, 0.1])


def test_values_of_a_sweep_are_spread_out() -> None:
    assert command._spread_out(command.WEIGHTS, 2) == [0.2, 0.8]
    assert command._spread_out([0.2, 0.8], 5) == [0.2, 0.8] and command._spread_out([0.2, 0.8], 0) == []
    assert command.WEIGHTS[0] == 0.0 and command.WEIGHTS[-1] == 1.0 and len(command.WEIGHTS) == 11


# ── the window ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_figure_stands_beside_its_target() -> None:
    assert measuring.reached("start", 1.4).endswith("yes") and measuring.reached("start", 1.6).endswith("NO")
    assert measuring.reached("frames", 31).endswith("yes") and measuring.reached("frames", 29).endswith("NO")
    assert measuring.reached("of no target", 1.0) == ""


def test_memory_has_a_target_only_where_no_chart_was_made() -> None:
    opened = {"cpu_s": 1.2, "seconds": 2.0, "resident_bytes": 160e6, "own_bytes": 9e7, "plots": False}
    found = {"floor_cpu_s": [0.3], "places": {"table": [opened], "runs": [opened | {"plots": True}]}}
    lines = measuring.start_table(found).splitlines()
    assert "150: NO" in lines[3] and lines[3].startswith("table ")
    assert "150" not in lines[4] and lines[4].startswith("runs, with charts")
    assert " 4.0 " in lines[3]  # times the floor


def test_every_measurement_under_load_is_shown_even_of_a_part_of_them() -> None:
    text = measuring.load_table({"list": {"filter, ms": 120.0}, "stream": {"frames_per_s": 40.0}})
    assert "list of runs: filter, ms" in text and "at most 100: NO" in text
    assert "frames per s" in text and "at least 30: yes" in text
    assert set(measuring.TITLES) == {"stream", "plain", "ingest", "list", "proxy", "table"}


def test_made_up_rows_are_what_the_store_hands_over() -> None:
    made = records.rows(3, records.CURVES, 1, 4)
    assert len(made) == 4 * len(records.CURVES) and set(made.runs) == {3}
    assert made.steps.tolist() == sorted(made.steps.tolist())
    assert {records.record(run).id for run in range(1, 30)} == set(range(1, 30))
