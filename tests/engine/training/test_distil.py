"""Whole runs on tiny models: same numbers for the same seed, teachers kept and reused, stops that keep the student."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertForSequenceClassification

from engine import catalog
from engine.config import parse_config
from engine.data import tokenising
from engine.data.split import load_task_data
from engine.errors import EngineError, ModelError
from engine.models.bert import BertClassifier
from engine.training.distil import Outcome
from tests.engine.conftest import WORDS, write_tokenizer
from tests.engine.training.whole_run import Ear, train, weights


def test_same_seed_gives_the_same_numbers_to_the_last_bit(toml: str, home: Path, tmp_path: Path) -> None:
    config = parse_config(toml)
    _, first = train(config, home, tmp_path / "a")
    _, again = train(config, tmp_path / "other home", tmp_path / "b")  # its teacher is fine-tuned anew
    for name in ("train/loss", "train/loss/teacher", "validation/f1", "train/gradient_norm", "teacher/train/loss"):
        assert first.curve(name) == again.curve(name), name
    left, right = weights(tmp_path / "a"), weights(tmp_path / "b")
    assert all(torch.equal(left[name], right[name]) for name in left)
    other = parse_config(toml, overrides=["training.seed=1"])
    _, changed = train(other, home, tmp_path / "c")
    assert changed.curve("train/loss") != first.curve("train/loss")


def test_fine_tuned_teacher_is_kept_and_found_again(toml: str, home: Path, tmp_path: Path) -> None:
    _, first = train(parse_config(toml), home, tmp_path / "a")
    _, second = train(parse_config(toml, overrides=["loss.kind=taylor"]), home, tmp_path / "b")
    assert first.curve("teacher/train/loss") and not second.curve("teacher/train/loss")
    teacher_scores = [{k: v for k, v in ear.scores().items() if k[0] == "teacher"} for ear in (first, second)]
    assert teacher_scores[0] == teacher_scores[1] and teacher_scores[0]
    assert len(list((home / "teachers").iterdir())) == 1
    train(parse_config(toml, overrides=["teacher.epochs=2"]), home, tmp_path / "c")
    assert len(list((home / "teachers").iterdir())) == 2


def test_a_kept_teacher_is_measured_once_and_again_only_where_its_note_is_damaged(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.training import teaching

    _, first = train(parse_config(toml), home, tmp_path / "a")
    honest, asked = teaching.evaluate_logits, []
    monkeypatch.setattr(teaching, "evaluate_logits", lambda *given: asked.append(1) or honest(*given))
    _, second = train(parse_config(toml), home, tmp_path / "b")
    assert not asked and second.facts()["teacher_score"] == first.facts()["teacher_score"]
    (kept,) = (home / "teachers").iterdir()
    (kept / "scores.json").write_text('{"scores": {"validation": {}}}')
    _, third = train(parse_config(toml), home, tmp_path / "c")
    assert asked == [1] and third.facts()["teacher_score"] == first.facts()["teacher_score"]


def test_a_damaged_kept_teacher_is_fine_tuned_again_to_the_same_numbers(toml: str, home: Path, tmp_path: Path) -> None:
    """One bit of its weights: without the checksum every number of the next run would be another, and nobody would know."""
    _, first = train(parse_config(toml), home, tmp_path / "a")
    (kept,) = (home / "teachers").iterdir()
    weights = kept / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    _, second = train(parse_config(toml), home, tmp_path / "b")
    assert "is damaged and is fine-tuned again" in second.log()
    assert weights.read_bytes() == content and second.scores() == first.scores()
    assert second.curve("train/loss") == first.curve("train/loss")


def test_without_a_teacher_nothing_of_it_is_loaded(toml: str, home: Path, tmp_path: Path) -> None:
    _, ear = train(parse_config(toml, overrides=["loss.kind=none"]), home, tmp_path / "a")
    assert not (home / "teachers").exists()
    assert "train/loss/labels" in ear.names() and "train/loss/teacher" not in ear.names()
    assert ear.curve("train/loss") == ear.curve("train/loss/labels")


def test_a_student_that_cannot_recompute_is_refused_before_its_teacher_is_trained(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(model: BertClassifier, settings: object) -> None:
        raise ValueError

    monkeypatch.setattr(BertClassifier, "gradient_checkpointing_enable", cannot)
    with pytest.raises(ModelError, match=r"^training\.recompute: BertClassifier cannot"):
        train(parse_config(toml, overrides=["training.recompute=true"]), home, tmp_path / "a")
    assert not (home / "teachers").exists()


def test_recomputing_changes_no_number(toml: str, home: Path, tmp_path: Path) -> None:
    _, plain = train(parse_config(toml), home, tmp_path / "a")
    _, again = train(parse_config(toml, overrides=["training.recompute=true"]), home, tmp_path / "b")
    assert again.curve("train/gradient_norm") == plain.curve("train/gradient_norm")
    assert again.curve("train/parameter_share/labels") == plain.curve("train/parameter_share/labels") != []
    ours, theirs = weights(tmp_path / "a"), weights(tmp_path / "b")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_batches_filled_with_tokens_are_as_many_as_the_facts_say(toml: str, home: Path, tmp_path: Path) -> None:
    _, ear = train(parse_config(toml, overrides=["loss.kind=none", "training.batch_tokens=64"]), home, tmp_path / "a")
    facts, steps = ear.facts(), [step for step, _ in ear.curve("train/loss")]
    count = len(steps) // 2
    assert steps == list(range(1, 2 * count + 1)) and count > 5
    assert (facts["steps_per_epoch"], facts["total_steps"]) == (count, 2 * count)
    assert [step for step, _ in ear.curve("validation/f1")] == [count, 2 * count]
    assert facts["batch_size"] == round(44 / count)
    assert f"{count} an epoch, each of up to 64 tokens" in ear.log()


def test_curves_facts_and_scores_are_whole(toml: str, home: Path, tmp_path: Path) -> None:
    outcome, ear = train(parse_config(toml), home, tmp_path / "a")
    steps = [step for step, _ in ear.curve("train/loss")]
    assert steps == list(range(1, 7))  # 44 rows in batches of 16: the last one is small and kept
    assert [step for step, _ in ear.curve("validation/f1")] == [3, 6]
    total = np.array([v for _, v in ear.curve("train/loss")])
    parts = sum(np.array([v for _, v in ear.curve(f"train/loss/{name}")]) for name in ("labels", "teacher"))
    np.testing.assert_allclose(total, parts, rtol=1e-6)
    facts = ear.facts()
    assert (facts["train_rows"], facts["evaluation_rows"]) == (44, 20)
    assert facts["total_steps"] == 6 and facts["steps_per_epoch"] == 3 and facts["key_metric"] == "f1"
    assert {
        ("student", "validation", "f1"),
        ("student", "validation", "accuracy"),
        ("teacher", "validation", "f1"),
    } <= set(ear.scores())
    best = max(value for _, value in ear.curve("validation/f1"))
    assert outcome.score == best == facts["best_score"] == ear.scores()["student", "validation", "f1"]
    assert facts["parameters"] == sum(tensor.numel() for tensor in weights(tmp_path / "a").values())


def test_stop_keeps_the_student_so_far(toml: str, home: Path, tmp_path: Path) -> None:
    ear = Ear()
    outcome, _ = train(parse_config(toml), home, tmp_path / "a", lambda: bool(ear.curve("validation/loss")), ear)
    assert outcome.stopped and outcome.student is not None and (outcome.student / "model.safetensors").is_file()
    assert [step for step, _ in ear.curve("train/loss")] == [1, 2, 3, 4]


def test_a_stop_is_answered_between_two_parts_of_the_rows_that_are_tokenised(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenising, "ROWS_AT_ONCE", 7)
    asked = iter([False, False, True])
    outcome, ear = train(parse_config(toml), home, tmp_path / "a", asked.__next__)
    assert outcome == Outcome(True, None, None) and next(asked, None) is None
    assert not list((home / "cache").glob("*.arrays")) and "teacher_score" not in ear.facts()


def test_stop_while_the_teacher_is_fine_tuned_keeps_nothing_half(toml: str, home: Path, tmp_path: Path) -> None:
    outcome, _ = train(parse_config(toml), home, tmp_path / "a", lambda: True)
    assert outcome.stopped and outcome.student is None
    assert not (home / "teachers").exists() or not list((home / "teachers").iterdir())


def test_teacher_without_a_head_cannot_teach_as_it_is(toml: str, home: Path, tmp_path: Path) -> None:
    config = parse_config(toml, overrides=["teacher.training=as_is"])
    with pytest.raises(ModelError, match="no classification head.*fine_tune"):
        train(config, home, tmp_path / "a")


def test_teacher_as_it_is_and_with_its_classes_in_another_order(toml: str, home: Path, tmp_path: Path) -> None:
    """The same teacher with its classes swapped, and saying so, teaches exactly the same."""

    from safetensors.torch import load_file, save_file

    train(parse_config(toml), home, tmp_path / "a")
    (kept,) = (home / "teachers").iterdir()
    tiny_tokenizer = parse_config(toml).teacher.model  # type: ignore[union-attr]
    settings = ["teacher.training=as_is", f"teacher.tokenizer={tiny_tokenizer}"]
    _, straight = train(parse_config(toml, overrides=[*settings, f"teacher.model={kept}"]), home, tmp_path / "b")
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    state = load_file(kept / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        state[name] = state[name].flip(0).contiguous()
    save_file(state, swapped / "model.safetensors", metadata={"format": "pt"})
    said = json.loads((kept / "config.json").read_text())
    said["id2label"] = {"0": "Equivalent", "1": "not_equivalent"}
    said["label2id"] = {"Equivalent": 0, "not_equivalent": 1}
    (swapped / "config.json").write_text(json.dumps(said))
    _, turned = train(parse_config(toml, overrides=[*settings, f"teacher.model={swapped}"]), home, tmp_path / "c")
    assert turned.curve("train/loss") == straight.curve("train/loss")
    assert "another order" in turned.log()


def test_different_tokenizers_each_read_the_text(toml: str, home: Path, tmp_path: Path) -> None:

    other = write_tokenizer(tmp_path / "other", WORDS[::-1][:12])
    config = parse_config(toml, overrides=[f"student.tokenizer={other}"])
    outcome, ear = train(config, home, tmp_path / "a")
    data = load_task_data(config, catalog.tasks()["mrpc"])
    assert (data.student_vocabulary, data.teacher_vocabulary) == (17, 25)
    assert not np.array_equal(data.train.encodings["student"].tokens, data.train.encodings["teacher"].tokens)
    assert weights(tmp_path / "a")["bert.embeddings.word_embeddings.weight"].shape[0] == 17
    assert outcome.student is not None and ear.curve("train/loss/teacher")


def test_regression_through_platt_scaling(toml: str, home: Path, tmp_path: Path) -> None:
    source = tmp_path / "scores"
    source.mkdir()
    pairs = Path(parse_config(toml).task.source or "")
    for split in ("train", "validation"):
        text = (pairs / f"{split}.csv").read_text()
        (source / f"{split}.csv").write_text(text.replace(",1\n", ",4.5\n").replace(",0\n", ",0.75\n"))
    outcome, ear = train(
        parse_config(toml, overrides=["task.name=stsb", f"task.source={source}", "loss.kind=taylor"]),
        home,
        tmp_path / "a",
    )
    assert {("student", "validation", "pearson"), ("student", "validation", "spearman")} <= set(ear.scores())
    assert outcome.score is not None and -1 <= outcome.score <= 1
    assert all(np.isfinite(value) for _, value in ear.curve("train/loss"))


@pytest.mark.parametrize("whose", ["student", "fine-tuned teacher"])
def test_weights_that_cannot_be_written_are_a_sentence(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """The weights are written by safetensors, whose error about a disk is no OSError."""
    import safetensors.torch
    from transformers import PreTrainedModel

    def but_fail(save: Callable[..., None]) -> Callable[..., None]:
        def saving(model: object, folder: Path, **options: object) -> None:
            save(model, folder, **options)
            if ("student" in folder.name) is (whose == "student"):
                safetensors.torch.save_file({"a": torch.ones(9)}, folder / "gone" / "x")

        return saving

    for kind in (PreTrainedModel, BertClassifier):
        monkeypatch.setattr(kind, "save_pretrained", but_fail(kind.save_pretrained))
    with pytest.raises(EngineError, match=f"{whose} cannot be kept in"):
        train(parse_config(toml), home, tmp_path / "a")
    assert not (tmp_path / "a" / "student").exists()


def test_a_training_that_goes_astray_keeps_its_best_student_and_says_from_where_it_can_go_on(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.training.step import Stepper

    take, ear = Stepper.take, Ear()

    def astray(stepper: Stepper, *given: Any, **more: Any) -> Any:
        if ear.curve("validation/loss"):  # after the first evaluation
            with torch.no_grad():
                stepper._targets[:] = float("nan")
        return take(stepper, *given, **more)

    monkeypatch.setattr(Stepper, "take", astray)
    with pytest.raises(EngineError, match="labels” is nan at step 4") as caught:
        train(parse_config(toml, overrides=["loss.kind=none"]), home, tmp_path / "a", ear=ear)
    assert (
        "The best student until then, of step 3, is kept. Resumed, the run goes on from its checkpoint of step 3"
        in str(caught.value)
    )
    kept = BertForSequenceClassification.from_pretrained(tmp_path / "a" / "student")
    assert all(torch.isfinite(weight).all() for weight in kept.state_dict().values())


def test_a_full_disk_is_waited_for_where_the_student_is_kept(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.bert import BertClassifier

    save, refusals = BertClassifier.save_pretrained, iter([28, 28])
    monkeypatch.setattr("engine.training.whole_folder.RETRY_S", 0.0)

    def full_for_a_while(model: BertClassifier, folder: Path) -> None:
        if number := next(refusals, 0):
            raise OSError(number, "No space left on device")
        save(model, folder)

    monkeypatch.setattr(BertClassifier, "save_pretrained", full_for_a_while)
    outcome, ear = train(parse_config(toml, overrides=["loss.kind=none"]), home, tmp_path / "a")
    assert outcome.student is not None and "student cannot be kept in" in ear.log()
    assert "No space left on device. Tried again until it works." in ear.log() and "kept after all" in ear.log()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["checkpoints", "student"]
