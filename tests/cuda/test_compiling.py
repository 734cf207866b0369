"""Compiled students on the GPU: the same numbers within rounding, the same weights' names, and the reason is said."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.models.compiled import Compiled
from engine.models.forward import Forward
from engine.training import distil as run
from engine.training.compiling import choose_compiling
from tests.cuda.runs import Death, Heard, same_weights, train, weights


@pytest.fixture
def student(material: Path, device: torch.device) -> Any:
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(material / "student").to(device).train()


@pytest.fixture
def backend(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> str:
    """The real compiler on a GPU; where the CPU stands in, one that makes no code."""
    name = "inductor" if device.type == "cuda" else "eager"
    monkeypatch.setattr(run, "choose_compiling", partial(choose_compiling, backend=name))
    return name


def inputs(length: int, device: torch.device) -> dict[str, torch.Tensor]:
    tokens = torch.arange(16 * length, device=device).reshape(16, length) % 20 + 5
    mask = torch.ones_like(tokens)
    mask[::2, length // 2 :] = 0
    return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": torch.zeros_like(tokens)}


@pytest.mark.parametrize("graphs", [False, True])
def test_logits_and_gradients_are_the_models_own(
    graphs: bool, student: Any, device: torch.device, backend: str
) -> None:
    """Over several lengths, each more than once: graphs are recorded in the first passes and replayed after."""
    if graphs and device.type == "cpu":
        pytest.skip("only a GPU has graphs")
    plain, other = Forward(student), Forward(student, Compiled(student, 16, graphs, backend), pytest.fail)
    for length in (8, 16, 24, 8, 16, 24, 8, 16, 24):
        found = []
        for forward in (plain, other):
            logits = forward(inputs(length, device)).logits
            logits.float().square().mean().backward()
            found.append(
                [logits.detach(), *(weight.grad.clone() for weight in student.parameters() if weight.grad is not None)]
            )
            student.zero_grad(set_to_none=True)
        assert len(found[0]) == len(found[1])
        for mine, its in zip(*found, strict=True):
            torch.testing.assert_close(its, mine, rtol=2e-3, atol=2e-4)
    other.plain()


def test_on_says_what_it_is_worth_and_learns_the_same(
    toml: str, tmp_path: Path, backend: str, device: torch.device
) -> None:
    settings = ["training.precision=float32"]
    _, plain = train(toml, tmp_path / "plain", *settings, "training.compile=off")
    outcome, heard = train(toml, tmp_path / "compiled", *settings, "training.compile=on")
    said = [line for line in heard.log if line.startswith("Compiled")]
    assert len(said) == 1 and "× a pass" in said[0]
    if device.type == "cuda":
        assert "CUDA graphs" in said[0] and said[0][1:-1] in heard.facts["device_reason"]
    assert heard.curve("train/loss") == pytest.approx(plain.curve("train/loss"), rel=2e-2, abs=5e-3)
    assert weights(tmp_path / "compiled").keys() == weights(tmp_path / "plain").keys()
    assert outcome.student is not None


def test_auto_decides_says_why_and_decides_alike_again(toml: str, tmp_path: Path, backend: str) -> None:
    _, first = train(toml, tmp_path)
    said = [line for line in first.log if line.lower().startswith(("compiled", "not compiled"))]
    assert len(said) == 1
    _, again = train(toml, tmp_path)  # the same run's folder: as it was begun
    now = [line for line in again.log if line.lower().startswith(("compiled", "not compiled"))]
    assert now[0].startswith(said[0].partition(":")[0])


def test_a_compiled_run_that_died_goes_on_compiled(
    toml: str, tmp_path: Path, backend: str, device: torch.device
) -> None:
    settings = ["training.compile=on", "training.precision=float32", "training.batch_size=11"]
    _, whole = train(toml, tmp_path / "whole", *settings, every_s=0)
    torn = Heard(dies_at=10)
    with pytest.raises(Death):
        train(toml, tmp_path / "torn", *settings, heard=torn, every_s=0)
    train(toml, tmp_path / "torn", *settings, heard=torn, every_s=0)
    assert len([line for line in torn.log if line.startswith("Compiled")]) == 2
    assert any(line.startswith("Goes on after step") for line in torn.log)
    if device.type == "cpu":
        assert torn.rows == whole.rows and same_weights(tmp_path / "whole", tmp_path / "torn")
    assert torn.curve("train/loss") == pytest.approx(whole.curve("train/loss"), rel=2e-2, abs=5e-3)
