"""Whether a student is compiled: the reason is always said, measured once, kept for a resume, and never a reason to fail.

The compiler here is torch's “eager”, which makes no code: on a GPU, and with the real one, tests/cuda looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import catalog
from engine.config import DistillationConfig, parse_config
from engine.losses.objective import Objective
from engine.models.compiled import RUNGS, Compiled, rung
from engine.models.forward import Forward
from engine.models.student import random_classifier
from engine.training import compiling
from engine.training.compiling import Rehearsal, Times, choose_compiling
from engine.training.loop import Course
from engine.training.step import Learner, Stepper
from tests.benchmarks.arithmetic import shape_of

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)


@pytest.fixture
def model() -> Any:
    torch.manual_seed(0)
    return random_classifier(shape_of("1x16", 40), catalog.tasks()["mrpc"])


@pytest.fixture(autouse=True)
def nothing_compiled_stays() -> Iterator[None]:
    yield
    torch._dynamo.reset()


def inputs(rows: int = 3, length: int = 5) -> dict[str, torch.Tensor]:
    tokens = torch.arange(rows * length).reshape(rows, length) % 30 + 5
    mask = torch.ones_like(tokens)
    mask[0, 2:] = 0
    return {"input_ids": tokens, "attention_mask": mask}


def run(steps: int = 1000, lengths: int = 2) -> Rehearsal:
    return Rehearsal(inputs(), True, steps, frozenset(RUNGS[:lengths]), None)


def config(toml: str, *settings: str) -> DistillationConfig:
    return parse_config(toml, overrides=list(settings))


def choose(toml: str, model: Any, home: Path, *settings: str, backend: str = "eager", **more: Any) -> compiling.Choice:
    for folder in (home, home / "run"):
        folder.mkdir(parents=True, exist_ok=True)
    given: Any = {"rehearsal": run, "device": CPU} | more
    return choose_compiling(
        config(toml, *settings), model, given["rehearsal"], given["device"], home, home / "run", backend
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (["training.compile=off"], "not compiled: chosen in the configuration"),
        ([], "not compiled: automatic on GPUs alone"),
        (["training.compile=on", "training.recompute=true"], "not compiled: its layers recompute"),
        (["training.compile=on", "training.accumulate=2"], "not compiled: its batches are taken in parts"),
        (
            ["training.compile=on", "training.batch_tokens=500"],
            "not compiled: its batches differ in the number of rows",
        ),
    ],
)
def test_why_not_is_said_without_looking_at_a_batch(
    toml: str, model: Any, home: Path, settings: list[str], reason: str
) -> None:
    choice = choose(toml, model, home, *settings, rehearsal=lambda: pytest.fail("no batch is needed"))
    assert choice.compiled is None and choice.reason.startswith(reason)
    assert not list(home.glob("*.json"))


def test_feature_terms_and_determinism_on_a_gpu_rule_it_out(toml: str) -> None:
    assert "inside the student" in compiling.obstacle(config(toml + '\n[[features]]\nkind = "hidden"'), CPU)
    steady = config(toml, "training.deterministic=true")
    assert "deterministic" in compiling.obstacle(steady, GPU) and compiling.obstacle(steady, CPU) == ""


def test_on_compiles_leaves_weights_and_random_numbers_alone_and_is_measured_once(
    toml: str, model: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, state = {name: value.clone() for name, value in model.state_dict().items()}, torch.get_rng_state()
    first = choose(toml, model, home, "training.compile=on")
    assert first.compiled is not None and first.reason.startswith("compiled: ") and "× a pass" in first.reason
    assert torch.equal(torch.get_rng_state(), state)
    assert model.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())
    monkeypatch.setattr(compiling, "_measured", lambda *rest: pytest.fail("measured twice"))
    assert choose(toml, model, home, "training.compile=on").reason == first.reason


def test_a_compiler_that_fails_is_a_reason_and_a_resumed_run_does_not_ask_again(
    toml: str, model: Any, home: Path
) -> None:
    failed = choose(toml, model, home, "training.compile=on", backend="no such compiler")
    assert failed.compiled is None and failed.reason.startswith("not compiled: it failed here (")
    again = choose(toml, model, home, "training.compile=on", rehearsal=lambda: pytest.fail("asked again"))
    assert again.reason == "not compiled: as when the run began"


@pytest.mark.parametrize(
    ("times", "steps", "said"),
    [
        (Times(0.01, 0.005, 10.0), 10_000, "compiled: 2.00× a pass, worth 20 s of compiling over 10,000 steps"),
        (Times(0.01, 0.005, 10.0), 3_000, "not compiled: 2.00× a pass, not worth 20 s of compiling over 3,000 steps"),
        (Times(0.01, 0.011, 1.0), 10_000, "not compiled: 0.91× a pass, not worth 2 s of compiling over 10,000 steps"),
    ],
)
def test_what_was_measured_decides(times: Times, steps: int, said: str, model: Any, home: Path) -> None:
    home.mkdir(exist_ok=True)
    rehearsal = replace(run(), steps=steps)
    (home / "compiling.json").write_text(json.dumps({compiling._key(model, rehearsal, CPU, False): vars(times)}))
    choice = compiling._decided(model, rehearsal, CPU, home, False, 3, "eager")
    assert choice.reason == said and (choice.compiled is not None) == said.startswith("compiled")


def test_a_short_training_is_not_even_tried(model: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir(exist_ok=True)
    monkeypatch.setattr(compiling, "Compiled", lambda *rest: pytest.fail("tried"))
    choice = compiling._decided(model, replace(run(), steps=5), CPU, home, False, 3, "eager")
    assert choice.reason == "not compiled: 0 s of training are too short to pay 30 s of it"


def test_a_compiled_pass_is_the_models_own_whatever_the_length(model: Any) -> None:
    model.eval()
    plain, other = Forward(model), Forward(model, Compiled(model, 3, False, "eager"), pytest.fail)
    with torch.no_grad():
        for length in (5, 16):
            torch.testing.assert_close(other(inputs(3, length)).logits, plain(inputs(3, length)).logits)
            assert torch.equal(other(inputs(2, length)).logits, plain(inputs(2, length)).logits), "other rows: as it is"
    padded = Compiled(model, 3, False).padded(other.prepared(inputs(3, 17)))
    assert padded["input_ids"].shape == (3, 24) and padded["attention_mask"].shape == (3, 1, 1, 24)
    assert not padded["attention_mask"][..., 17:].any()


def test_lengths_are_few_and_never_much_longer() -> None:
    assert [rung(length) for length in (1, 16, 17, 100, 512, 513)] == [16, 16, 24, 128, 512, 513]
    assert all(after <= 1.5 * before for before, after in pairwise(RUNGS))


def learner(model: Any, compiled: Compiled | None) -> Learner:
    loss, task = catalog.losses()["kl"], catalog.tasks()["mrpc"]
    torch.manual_seed(1)
    targets, teacher = torch.eye(2)[torch.tensor([0, 1, 1])], torch.randn(3, 2)
    return Learner(model, Objective(loss, loss.settings(kind="kl"), task.kind), targets, teacher, compiled=compiled)


class Rows:
    inputs, padded, indices = inputs(), 3, torch.arange(3)
    teacher_inputs = inputs


def test_steps_with_shares_go_the_models_own_way_and_a_failure_is_said_once(model: Any) -> None:
    said: list[str] = []
    compiled = Compiled(model, 3, False, "eager")
    stepper = Stepper(learner(model, compiled), Course(1, 1e-3), CPU, said.append)
    batch: Any = Rows()
    assert stepper.take(batch, 1e-3, 0.0, with_shares=True).shares.keys() == {"labels", "teacher"}
    stepper.take(batch, 1e-3, 0.0)

    def broken(**given: Any) -> Any:
        raise RuntimeError("no such kernel\nand more")

    compiled._run = broken
    for _ in range(2):
        stepper.take(batch, 1e-3, 0.0)
    assert said == ["Compiled no longer, as that failed (RuntimeError: no such kernel); training goes on as it is."]
    assert stepper.forward.compiled is None
