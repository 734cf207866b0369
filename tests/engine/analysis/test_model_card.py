"""The card says what happened, in text that no name can turn into markup, and tells nothing of the person."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import catalog
from engine.analysis.model_card import model_card, without_home
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

MakeRun = Callable[..., RunRecord]


@pytest.fixture(autouse=True)
def _tasks(tasks: dict[str, Task], monkeypatch: pytest.MonkeyPatch) -> None:
    known = tasks | {
        "mrpc": replace(tasks["mrpc"], about="is it a paraphrase", labels=("no", "yes"), hub=("nyu-mll/glue", "mrpc")),
        "stsb": replace(tasks["stsb"], kind="regression", score_range=(0.0, 5.0), text_columns=("a", "b")),
    }
    monkeypatch.setattr(catalog, "tasks", lambda: known)


def head_of(card: str) -> dict[str, object]:
    first, *lines = card.splitlines()
    assert first == "---"
    return {key: json.loads(value) for key, value in (line.split(": ", 1) for line in lines[: lines.index("---")])}


def test_it_says_data_teacher_loss_scores_settings_and_toml(make_run: MakeRun) -> None:
    run = make_run(kind="taylor", name="Taylor on MRPC", toml='name = "x"\n', best_step=20, step=40, total_steps=40,
                   config={"loss.lambda": 0.3})  # fmt: skip
    figures = [(run.id, "student", 0.8123), (run.id, "teacher", 0.9), (run.id + 1, "student", 0.1)]
    scores = [ScoreRow(of, model, "validation", "f1", value) for of, model, value in figures]
    card = model_card(run, scores)
    assert "# Taylor on MRPC" in card and "2 × 128, 4,386,178 parameters" in card
    assert "| validation | F1 | 81.2 | 90.0 |" in card and "10.0" not in card
    assert "`big` (22,700,000 parameters), fine-tuned on the task first: 3 epochs" in card
    assert "    L = 0.30·CE(y) + 0.70·[KL(p‖f) + 1.00·⟨y−p, −log f⟩]" in card
    assert "the teacher does not change the gradient" in card
    assert '```toml\nname = "x"\n```' in card and "`no`, `yes`" in card
    assert "| learning rate | 5e-05 |" in card and "best on validation (step 20)" in card


def test_what_was_left_switched_off_and_the_machine_s_settings_are_not_told(make_run: MakeRun) -> None:
    off = {"training.batch_tokens": 0, "training.patience": 0, "training.recompute": False, "training.threads": 1}
    on = {"training.batch_tokens": 4096, "training.patience": 2, "training.recompute": True}
    quiet, loud = model_card(make_run(config=off), []), model_card(make_run(config=on), [])
    for name in ("batch tokens", "patience", "recompute", "threads", "device"):
        assert f"| {name} |" not in quiet
    assert "| batch tokens | 4096 |" in loud and "| patience | 2 |" in loud and "| recompute | True |" in loud


def test_no_teacher_is_said(make_run: MakeRun) -> None:
    card = model_card(make_run(), [])
    assert "None: the student learnt from the labels alone." in card and "    L = CE(y)" in card
    assert "without a teacher" in card and "knowledge distillation on" not in card
    assert "trained by knowledge distillation on" in model_card(make_run(kind="kl"), [])
    assert "## Scores" not in card


def test_a_teacher_without_weights_of_its_own_was_trained_from_scratch(make_run: MakeRun) -> None:
    card = model_card(make_run(kind="kl", config={"teacher.model": "4x128"}), [])
    assert "`4x128` (22,700,000 parameters), trained from scratch on the task: 3 epochs" in card


def test_a_stopped_run_is_said_to_be_stopped(make_run: MakeRun) -> None:
    card = model_card(make_run(state="stopped", step=10, total_steps=40), [])
    assert "The run was **stopped** before its last step." in card and "| steps | 10 of 40 |" in card


def test_a_regression_explains_its_logit(make_run: MakeRun) -> None:
    card = model_card(make_run("stsb"), [])
    assert "`2.5 + z`" in card and 'tokenizer("the a", "the b"' in card


def test_hub_rows_are_named_in_the_head_and_folders_are_not(make_run: MakeRun) -> None:
    run = make_run()
    assert "datasets" not in head_of(model_card(run, []))
    config = {**run.config, "task": {"name": "mrpc", "max_length": 128}}
    assert head_of(model_card(replace(run, config=config), []))["datasets"] == ["nyu-mll/glue"]


def test_a_hostile_name_stays_text(make_run: MakeRun) -> None:
    name = "x\n---\nlicense: mit\n# <script>alert(1)</script> [l](javascript:1) ```"
    toml = f'name = """{name}"""\n````\n# out'
    card = model_card(make_run(kind="kl", name=name, toml=toml, config={"teacher.model": f"/m/{name}"}), [])
    outside, fence, rest = card.partition("`````toml")
    assert fence and rest.rstrip().endswith("`````")
    running_text = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", outside)
    assert "script" in running_text and "<script>" not in running_text and "](javascript" not in running_text
    assert [line for line in outside.splitlines() if line.startswith("license")] == []
    assert sum(line == "---" for line in outside.splitlines()) == 2


def test_the_home_folder_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    text = 'source = "/home/ada/glue"\nother = "/home/adam/x"\nhome = "/home/ada"'
    assert without_home(text) == 'source = "~/glue"\nother = "/home/adam/x"\nhome = "~"'
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    assert without_home("/x") == "/x"


def test_folders_of_this_machine_are_told_by_their_names(make_run: MakeRun) -> None:
    toml = '[teacher]\nmodel = "/somewhere/private/big"\n[student]\ntokenizer = "someone/else"\n'
    run = make_run(toml=toml, config={"teacher.model": "/somewhere/private/big", "student.tokenizer": "someone/else"})
    card = model_card(run, [])
    assert 'model = "big"' in card and "private" not in card and 'tokenizer = "someone/else"' in card


def test_runs_of_a_lost_task_or_loss_still_have_a_card(make_run: MakeRun) -> None:
    run = make_run()
    config = {**run.config, "loss": {"kind": "older_loss"}}
    assert "`older_loss`" in model_card(replace(run, task="gone", config=config), [])


def test_feature_terms_are_told_with_formula_settings_and_sources(make_run: MakeRun) -> None:
    terms = [
        {"kind": "hidden", "weight": 10.0, "distance": "cosine", "layers": "last"},
        {"kind": "gone"},
        {"kind": "embedding"},
    ]
    run = make_run(kind="kl", features=terms, config={"loss.standardise": True, "loss.temperature": 2.0})
    card = model_card(run, [])
    assert "KL(p‖f; T=2) on z-scored logits + 10.00·hidden (1−cos) (last) + 1.00·embedding mse" in card
    assert "Hidden states. " in card and '`weight 10.0, schedule "constant"' in card and 'layers "last"' in card
    assert "`gone`, a feature term that this program does not know" in card
    listed = [
        line
        for line in card.partition("## Sources")[2].partition("## Configuration")[0].splitlines()
        if line.startswith("- ")
    ]
    for name, line in zip(("Hinton", "Logit Standardization", "FitNets", "TinyBERT"), listed, strict=True):
        assert name in line
    alone = model_card(make_run(features=terms), [])
    assert "trained by knowledge distillation on" in alone and "`big`" in alone


def test_a_lost_loss_keeps_its_feature_terms_and_their_sources(make_run: MakeRun) -> None:
    run = make_run(features=[{"kind": "pkd"}])
    card = model_card(replace(run, config={**run.config, "loss": {"kind": "older_loss"}}), [])
    assert "`older_loss`" in card and "Patient" in card.partition("## Sources")[2]


def test_data_from_the_hub_is_cited_and_a_folder_of_rows_is_not(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"mrpc": replace(catalog.tasks()["mrpc"], reference="Dolan and Brockett 2005")}
    monkeypatch.setattr(catalog, "tasks", lambda: known)
    run = make_run(kind="kl")
    assert "Dolan" not in model_card(run, [])
    assert "- Data: Dolan and Brockett 2005." in model_card(
        replace(run, config={**run.config, "task": {"name": "mrpc"}}), []
    )
