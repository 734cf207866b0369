"""Whole runs with terms on what is inside the models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import parse_config
from engine.errors import ModelError
from tests.engine.conftest import WORDS, write_tokenizer
from tests.engine.training.whole_run import train, weights

FEATURES = """
[[features]]
kind = "hidden"
[[features]]
kind = "attention"
heads = "average"
dynamic = true
"""


def test_feature_terms_are_trained_stored_raw_and_weighted_and_not_exported(
    toml: str, home: Path, tmp_path: Path
) -> None:
    outcome, ear = train(parse_config(toml + FEATURES), home, tmp_path / "a")
    assert outcome.student is not None
    for name in ("labels", "teacher", "hidden", "attention"):
        assert (
            len(ear.curve(f"train/loss/{name}")) == len(ear.curve(f"train/raw/{name}")) == len(ear.curve("train/loss"))
        )
        assert ear.curve(f"train/parameter_share/{name}")[0][1] > 0, name
    total, parts = (
        ear.curve("train/loss"),
        [ear.curve(f"train/loss/{n}") for n in ("labels", "teacher", "hidden", "attention")],
    )
    for place, (_, value) in enumerate(total):
        assert value == pytest.approx(sum(part[place][1] for part in parts), rel=1e-5)
    changing = {name for name in ear.names() if name.startswith("train/weight/")}
    assert changing == {"train/weight/attention"}
    train(parse_config(toml), home, tmp_path / "b")
    assert set(weights(tmp_path / "a")) == set(weights(tmp_path / "b"))  # no projector, though 16 meets 32
    assert ear.facts()["parameters"] == sum(weight.numel() for weight in weights(tmp_path / "b").values())
    record = json.loads((outcome.student / "distillation.json").read_text(encoding="utf-8"))
    assert "hidden mse" in record["formula"] and [term["kind"] for term in record["config"]["features"]] == [
        "hidden",
        "attention",
    ]
    assert any("FitNets" in source for source in record["sources"]) and len(record["sources"]) == 3


def test_feature_terms_give_the_same_numbers_for_the_same_seed(toml: str, home: Path, tmp_path: Path) -> None:
    _, first = train(parse_config(toml + FEATURES), home, tmp_path / "a")
    _, again = train(parse_config(toml + FEATURES), home, tmp_path / "b")
    for name in ("train/loss", "train/weight/attention", "train/parameter_share/hidden", "validation/f1"):
        assert first.curve(name) == again.curve(name), name


def test_a_teacher_may_be_heard_through_feature_terms_alone(toml: str, home: Path, tmp_path: Path) -> None:
    config = parse_config(toml + '[[features]]\nkind = "hidden"\n', overrides=["loss.kind=none", "loss.lambda="])
    _, ear = train(config, home, tmp_path / "a")
    assert {name for name in ear.names() if name.startswith("train/loss/")} == {
        "train/loss/labels",
        "train/loss/hidden",
    }
    hidden = [value for _, value in ear.curve("train/raw/hidden")]
    assert hidden[-1] < hidden[0]


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ('[["bert.poolr", 4]]', r"features\.2, student: .* has no module “bert\.poolr”; did you mean .*“bert\.pooler”"),
        ('[[2, "bert.encoder.layer.4"]]', r"features\.2, teacher: .* has no module “bert\.encoder\.layer\.4”"),
    ],
)
def test_a_module_that_is_not_there_is_said_before_a_teacher_is_trained(
    toml: str, home: Path, tmp_path: Path, layers: str, said: str
) -> None:
    terms = f'[[features]]\nkind = "hidden"\n[[features]]\nkind = "pkd"\nlayers = {layers}\n'
    with pytest.raises(ModelError, match=said):
        train(parse_config(toml + terms), home, tmp_path / "run")
    assert not (home / "teachers").exists()


def test_token_terms_are_refused_where_tokenizers_differ_and_cls_terms_are_not(
    toml: str, home: Path, tmp_path: Path
) -> None:
    other = write_tokenizer(tmp_path / "tokenizer", WORDS[::-1])
    own = [f'student.tokenizer="{other.as_posix()}"']
    with pytest.raises(ModelError, match=r"features\.1: “hidden” compares token by token"):
        train(parse_config(toml + '[[features]]\nkind = "hidden"\n', overrides=own), home, tmp_path / "a")
    assert not (home / "teachers").exists()  # said before a teacher is trained for nothing
    pkd = '[[features]]\nkind = "pkd"\n'
    outcome, _ = train(parse_config(toml + pkd, overrides=own), home, tmp_path / "b")
    assert outcome.student is not None
