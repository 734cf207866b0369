"""Whole runs over the cache: the same to the bit with and without it, and with a full one no teacher is loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from engine.config import DistillationConfig, parse_config
from engine.data.cache_room import entries
from engine.errors import ModelError
from engine.training import teaching
from tests.engine.training.whole_run import train, weights

CURVES = (
    "train/loss",
    "train/loss/teacher",
    "train/loss/labels",
    "train/gradient_norm",
    "validation/f1",
    "validation/loss",
)


@pytest.fixture
def as_is(toml: str, tmp_path: Path) -> DistillationConfig:
    """A run whose teacher is used as it is: one that was fine-tuned in another home."""
    fine_tuned = parse_config(toml)
    train(fine_tuned, tmp_path / "first home", tmp_path / "first")
    (kept,) = (tmp_path / "first home" / "teachers").iterdir()
    teacher = Path(shutil.copytree(kept, tmp_path / "teacher"))
    assert fine_tuned.teacher is not None
    settings = ["teacher.training=as_is", f"teacher.tokenizer={fine_tuned.teacher.model}", f"teacher.model={teacher}"]
    return parse_config(toml, overrides=settings)


def nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "load_classifier", lambda *given, **options: pytest.fail("a teacher is loaded"))


def test_a_full_cache_gives_the_same_run_to_the_bit_without_a_teacher(
    as_is: DistillationConfig, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setenv("DISTILL_CACHE_GB", "0")
        _, live = train(as_is, tmp_path / "no cache", tmp_path / "a")
    assert not entries(tmp_path / "no cache" / "cache")
    _, filled = train(as_is, home, tmp_path / "b")
    assert {entry.about["kind"] for entry in entries(home / "cache")} == {"tokens", "teacher's answers"}
    nothing_is_loaded(monkeypatch)
    _, found = train(as_is, home, tmp_path / "c")
    for name in CURVES:
        assert live.curve(name) == filled.curve(name) == found.curve(name) != [], name
    for ear in (filled, found):
        assert ear.scores() == live.scores() and ear.facts().keys() == live.facts().keys()
        for name in ("teacher_score", "teacher_parameters", "parameters", "best_score"):
            assert ear.facts()[name] == live.facts()[name]
    one, *others = (weights(tmp_path / name) for name in "abc")
    assert all(torch.equal(one[name], other[name]) for other in others for name in one)
    tokenizers = {(tmp_path / name / "student" / "tokenizer.json").read_bytes() for name in "abc"}
    assert len(tokenizers) == 1
    assert "train rows: from the cache." in found.log() and "validation rows: from the cache." in found.log()


def test_a_kept_teacher_is_not_loaded_again_for_another_seed_or_loss(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = train(parse_config(toml), home, tmp_path / "a")
    nothing_is_loaded(monkeypatch)
    for number, change in enumerate(("training.seed=7", "loss.kind=taylor", "training.batch_size=5")):
        _, ear = train(parse_config(toml, overrides=[change]), home, tmp_path / str(number))
        for name in ("teacher_score", "teacher_parameters"):
            assert ear.facts()[name] == first.facts()[name]
        assert ear.curve("train/loss/teacher")
    assert sum(entry.about["kind"] == "teacher's answers" for entry in entries(home / "cache")) == 1


def test_without_a_teachers_loss_only_tokens_are_kept(toml: str, home: Path, tmp_path: Path) -> None:
    train(parse_config(toml, overrides=["loss.kind=none"]), home, tmp_path / "a")
    assert {entry.about["kind"] for entry in entries(home / "cache")} == {"tokens"}


def test_damaged_entries_are_made_again_and_the_log_says_so(
    as_is: DistillationConfig, home: Path, tmp_path: Path
) -> None:
    _, first = train(as_is, home, tmp_path / "a")
    for entry in entries(home / "cache"):
        entry.file.write_bytes(entry.file.read_bytes()[:-1])
    _, second = train(as_is, home, tmp_path / "b")
    assert second.curve("train/loss") == first.curve("train/loss")
    for what in ("the tokens of train", "the teacher's answers on train", "the teacher's answers on validation"):
        assert f"The cache's file of {what} cannot be used (" in second.log()
    assert not any(entry.fault for entry in entries(home / "cache"))


def test_a_cache_that_cannot_be_written_is_said_and_the_run_is_the_same(
    as_is: DistillationConfig, home: Path, tmp_path: Path
) -> None:
    _, first = train(as_is, home, tmp_path / "a")
    other = tmp_path / "other home"
    other.mkdir()
    (other / "cache").write_text("in the way")
    _, second = train(as_is, other, tmp_path / "b")
    assert second.curve("train/loss") == first.curve("train/loss")
    assert second.log().count("the run goes on without it") == 1


def test_another_teacher_at_the_same_place_is_another_teacher(
    as_is: DistillationConfig, home: Path, tmp_path: Path
) -> None:
    _, first = train(as_is, home, tmp_path / "a")
    assert as_is.teacher is not None
    change_weights(Path(as_is.teacher.model))
    _, second = train(as_is, home, tmp_path / "b")
    assert second.curve("train/loss") != first.curve("train/loss")
    assert "asked in" in second.log() and "Teacher's answers on 44 train rows: from the cache" not in second.log()


def test_a_teacher_that_changes_while_it_is_read_is_refused(
    as_is: DistillationConfig, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its answers would be kept as those of the files that were there before."""
    load = teaching.load_classifier

    def change_and_load(reference: str, *given: object, **options: object) -> object:
        change_weights(Path(reference))
        return load(reference, *given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(teaching, "load_classifier", change_and_load)
    with pytest.raises(ModelError, match="has changed while it was read; start the run again"):
        train(as_is, home, tmp_path / "a")
    assert {entry.about["kind"] for entry in entries(home / "cache")} == {"tokens"}


def test_a_stop_while_the_teacher_is_asked_ends_the_run(
    as_is: DistillationConfig, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.answers.TELL_EVERY_S", 0.0)
    for number, told in enumerate(([True], [False, True])):  # on the evaluation rows, on the training rows
        asked = iter([False, False, *told])  # first while either split is tokenised
        outcome, ear = train(as_is, tmp_path / f"home {number}", tmp_path / "a", asked.__next__)
        assert outcome.stopped and outcome.student is None and not ear.curve("train/loss")
        assert next(asked, None) is None


def change_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = {name: tensor + 0.05 for name, tensor in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
