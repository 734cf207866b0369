"""Whole runs on tiny models: same numbers for the same seed, teachers kept and reused, stops that keep the student."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertForSequenceClassification

from engine import catalog
from engine.config import DistillationConfig, parse_config
from engine.data import tokenising
from engine.data.split import load_task_data
from engine.errors import EngineError, ModelError
from engine.events import Event, Facts, Log, Metrics, Phase, Score
from engine.models.bert import BertClassifier
from engine.models.load import load_classifier
from engine.training import evaluate
from engine.training.distil import Outcome, distil
from engine.training.evaluate import predict

from ..conftest import WORDS, write_tokenizer


class Ear:
    """Hears a run's events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def curve(self, name: str) -> list[tuple[int, float]]:
        return [(e.step, e.values[name]) for e in self.events if isinstance(e, Metrics) and name in e.values]

    def names(self) -> set[str]:
        return {name for event in self.events if isinstance(event, Metrics) for name in event.values}

    def facts(self) -> dict[str, object]:
        return {k: v for event in self.events if isinstance(event, Facts) for k, v in event.values.items()}

    def scores(self) -> dict[tuple[str, str, str], float]:
        return {(e.model, e.split, e.metric): e.value for e in self.events if isinstance(e, Score)}

    def log(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Log))


def train(
    config: DistillationConfig,
    home: Path,
    folder: Path,
    stop: Callable[[], bool] = lambda: False,
    ear: Ear | None = None,
) -> tuple[Outcome, Ear]:
    ear = ear or Ear()
    home.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    return distil(config, home, folder, ear, stop), ear


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "student" / "model.safetensors")


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


def test_kept_student_gives_the_same_logits_in_plain_transformers(toml: str, home: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    config = parse_config(toml)
    outcome, ear = train(config, home, tmp_path / "a")
    assert outcome.student is not None
    model = AutoModelForSequenceClassification.from_pretrained(outcome.student).eval()
    tokenizer = AutoTokenizer.from_pretrained(outcome.student)
    task = catalog.tasks()["mrpc"]
    split = load_task_data(config, task).splits["validation"]
    ours = predict(model, split, torch.device("cpu"))
    import csv

    with (Path(config.task.source or "") / "validation.csv").open() as file:
        rows = list(csv.DictReader(file))
    theirs = []
    with torch.inference_mode():
        for row in rows:
            theirs.append(model(**tokenizer(row["sentence1"], row["sentence2"], return_tensors="pt")).logits[0].numpy())
    np.testing.assert_allclose(ours, np.stack(theirs), atol=1e-5)
    found = np.mean(ours.argmax(1) == split.labels)
    assert ear.scores()["student", "validation", "accuracy"] == pytest.approx(float(found))


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


@pytest.mark.parametrize("pausing", [False, True])
def test_a_stop_while_the_student_is_scored_leaves_the_rest_of_the_scoring(
    toml: str, home: Path, tiny: Path, tmp_path: Path, pausing: bool
) -> None:
    rows = shutil.copytree(tiny / "pairs", tmp_path / "pairs")
    shutil.copy(rows / "validation.csv", rows / "test.csv")
    config = parse_config(toml, overrides=["loss.kind=none", f"task.source={rows.as_posix()}"])
    folder, ear = tmp_path / "a", Ear()
    folder.mkdir()
    home.mkdir(exist_ok=True)
    outcome = distil(
        config, home, folder, ear, lambda: Phase("scoring the student") in ear.events, pausing=lambda: pausing
    )
    assert outcome.stopped and not ear.scores() and (folder / "checkpoints" / "student-000000006").is_dir()
    assert (outcome.student is None) is pausing and (folder / "student").exists() is not pausing
    again, more = train(config, home, folder)
    assert not again.stopped and more.scores() and not more.curve("train/loss") and again.student is not None


@pytest.mark.parametrize("keep", ["best", "last"])
def test_what_was_evaluated_is_not_scored_again(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    """Nor the teacher that was fine-tuned; what is told of the kept student is what the kept student does."""
    asked: list[str] = []

    def counted(*given: Any) -> Any:
        asked.append(given[3])
        return predict(*given)

    monkeypatch.setattr(evaluate, "predict", counted)
    settings = [f"training.keep={keep}", "training.epochs=3", "teacher.epochs=2"]
    config = parse_config(toml, overrides=settings)
    outcome, ear = train(config, home, tmp_path / "a")
    assert asked == ["teacher"] * 2 + ["student"] * 3 and Phase("scoring the student") not in ear.events
    data, task = load_task_data(config, catalog.tasks()["mrpc"]), catalog.tasks()["mrpc"]
    rows = {"validation": data.splits["validation"]}
    for who, folder in (("student", outcome.student), ("teacher", next((home / "teachers").iterdir()))):
        model = load_classifier(str(folder), task, "x", weights_only=False, trained_head=True)
        again = evaluate.evaluate(model, task, rows, torch.device("cpu"), who).scores["validation"]
        assert {metric: ear.scores()[who, "validation", metric] for metric in again} == again


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
    import json

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
    from tests.engine.conftest import WORDS, write_tokenizer

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
