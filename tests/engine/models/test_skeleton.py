"""Models without weights have the modules of those that will be trained, and cost no random number."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, DistilBertConfig

from engine import catalog
from engine.config import parse_config
from engine.models.skeleton import student_skeleton, teacher_skeleton
from engine.models.student import build_student

TASK = catalog.tasks()["mrpc"]


def shapes(model: torch.nn.Module) -> dict[str, torch.Size]:
    return {name: values.shape for name, values in model.state_dict().items()}


@pytest.fixture
def distilled(tmp_path: Path) -> Path:
    shape = DistilBertConfig(vocab_size=25, dim=32, n_layers=4, n_heads=4, hidden_dim=48)
    AutoModelForSequenceClassification.from_config(shape).save_pretrained(tmp_path / "distilled")
    return tmp_path / "distilled"


@pytest.mark.parametrize(
    "chosen",
    [
        ("student.architecture=2x16", "student.init=random"),
        ("student.architecture=2x32", "student.init=layers"),
        ("student.architecture={}", "student.init=pretrained"),
    ],
    ids=["random", "layers", "pretrained"],
)
@pytest.mark.parametrize("kind", ["bert", "distilbert"])
def test_a_student_s_skeleton_is_the_student_s(
    toml: str, tiny: Path, distilled: Path, kind: str, chosen: tuple[str, ...]
) -> None:
    folder = tiny / "teacher" if kind == "bert" else distilled
    overrides = [
        f"teacher.model={folder}",
        f"teacher.tokenizer={tiny / 'teacher'}",
        f"student.tokenizer={tiny / 'teacher'}",
    ]
    config = parse_config(toml, overrides=[*overrides, *(one.format(folder) for one in chosen)])
    torch.manual_seed(0)
    found = student_skeleton(config, TASK, 25)
    untouched = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(untouched, torch.rand(1))
    assert {values.device.type for values in found.parameters()} == {"meta"}
    assert shapes(found) == shapes(build_student(config, TASK, 25))


def test_a_teacher_s_skeleton_is_the_teacher_s(tiny: Path, distilled: Path) -> None:
    for folder in (tiny / "teacher", distilled):
        whole = AutoModelForSequenceClassification.from_pretrained(folder)
        assert shapes(teacher_skeleton(str(folder), TASK, 25)) == shapes(whole)
    made = teacher_skeleton("3x16", TASK, 25)
    assert made.config.num_hidden_layers == 3 and made.config.vocab_size == 25


def test_no_weight_is_drawn_for_a_skeleton(toml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no memory torch draws an embedding through its compiler, whose import takes two seconds."""

    def drawn(*_: object, **__: object) -> None:
        raise AssertionError("a weight was drawn")

    config = parse_config(toml)
    assert config.teacher is not None
    for name in ("normal_", "uniform_"):
        monkeypatch.setattr(torch.Tensor, name, drawn)
    assert student_skeleton(config, TASK, 25).config.num_hidden_layers == 2
    assert teacher_skeleton(config.teacher.model, TASK, 25).config.num_hidden_layers == 4
    with pytest.raises(AssertionError, match="drawn"):
        torch.nn.Embedding(2, 2)
