"""The whole examination on tiny models: quiet where all is well, and every planted fault is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine import catalog
from engine.config import parse_config, parse_leniently
from engine.data.batches import BatchSize
from engine.data.split import load_task_data
from engine.diagnosis.doctor import examine
from engine.diagnosis.finding import Diagnosis, Finding
from engine.training.inside import LiveInside
from tests.engine.conftest import WORDS, write_tokenizer
from tests.engine.diagnosis.conftest import Toml

SHARED = Path(__file__).resolve().parents[4] / "shared"


def doctor(text: str, home: Path, *overrides: str, rows: int = 256) -> Diagnosis:
    return examine(*parse_leniently(text, None, overrides), home, rows)


def by_check(found: Diagnosis, check: str) -> Finding:
    return next(finding for finding in found.findings if finding.check == check)


def copy_of(skilled: Path, tmp_path: Path) -> Path:
    shutil.copytree(skilled / "teacher", tmp_path / "teacher")
    return tmp_path / "teacher"


def test_a_healthy_configuration_raises_no_alarm(healthy: Toml, home: Path) -> None:
    found = doctor(healthy(), home)
    said = [finding for finding in found.findings if finding.level != "fine"]
    assert [finding.key for finding in said] == ["task.source"], said  # 240 rows are a subset of MRPC's
    assert [finding.check for finding in found.findings] == [
        "config", "teacher_score", "label_order", "tokenizers", "unknown_tokens", "truncation", "loss_terms",
        "teacher_influence", "memory", "time",
    ]  # fmt: skip
    assert not home.exists() or not any(home.iterdir()), "nothing may be written"
    time = by_check(found, "time").numbers
    assert time["steps"] == 30 and time["steps_per_second"] > 1
    json.dumps(found.to_dict(), allow_nan=False)


def test_steps_of_batches_filled_with_tokens_are_counted_as_training_takes_them(healthy: Toml, home: Path) -> None:
    """From 128 of the 240 rows."""
    found = doctor(healthy(), home, "training.batch_tokens=60", rows=128)
    config = parse_config(healthy(), overrides=["training.batch_tokens=60"])
    rows = load_task_data(config, catalog.tasks()["mrpc"]).train
    steps = 2 * rows.training_batches(BatchSize(16, 60), 0, "student", epochs=2).steps_per_epoch
    assert by_check(found, "time").numbers["steps"] == pytest.approx(steps, rel=0.05) and steps > 60


@pytest.mark.parametrize(
    "loss", ["kl", "taylor_sel", "reverse_kl", "js", "skew_kl", "tvd", "mse_logits", "dkd", "none"]
)
def test_no_loss_raises_a_false_alarm(healthy: Toml, home: Path, loss: str) -> None:
    found = doctor(healthy(loss=f'kind = "{loss}"'), home, rows=64)
    assert [finding.key for finding in found.findings if finding.level != "fine"] == ["task.source"]


def test_a_gradient_that_is_truly_large_is_told(healthy: Toml, home: Path) -> None:
    """A 2x16 student says nearly the same to all rows at first: a correlation's gradient goes with 1 / spread."""
    found = doctor(healthy(loss='kind = "dist"'), home, rows=64)
    terms = by_check(found, "loss_terms")
    assert terms.numbers["teacher"]["gradient"] > 100 * terms.numbers["labels"]["gradient"]
    assert terms.level == "look" and "“teacher”" in terms.text


def test_features_are_measured_beside_the_logits(healthy: Toml, home: Path) -> None:
    found = doctor(healthy() + '\n[[features]]\nkind = "hidden"\n[[features]]\nkind = "rkd"\nschedule = "rise"\n', home)
    terms = by_check(found, "loss_terms").numbers
    assert set(terms) == {"labels", "teacher", "hidden", "rkd"}
    assert all(term["gradient"] > 0 for term in terms.values()), "a term that rises is measured at its full weight"
    assert found.level != "stop"


@pytest.mark.parametrize(("keep", "limit"), [("logits", "1"), ("tensors", "1"), ("tensors", "0")])
def test_the_teachers_inside_is_measured_as_the_run_will_have_it(
    healthy: Toml, home: Path, monkeypatch: pytest.MonkeyPatch, keep: str, limit: str
) -> None:
    monkeypatch.setenv("DISTILL_CACHE_GB", limit)
    asked: list[str] = []
    tensors = LiveInside.tensors

    def ask(self: LiveInside, inputs: Any) -> Any:
        asked.append("live")
        return tensors(self, inputs)

    monkeypatch.setattr(LiveInside, "tensors", ask)
    terms = '\n[[features]]\nkind = "hidden"\n[[features]]\nkind = "attention"\nheads = "average"\n'
    found = doctor(healthy(more=f'keep = "{keep}"', loss='kind = "kl"') + terms, home, rows=64)
    inside = by_check(found, "teacher_tensors")
    kept = keep == "tensors" and limit == "1"
    assert inside.level == ("look" if limit == "0" else "fine") and ("each step asks" in inside.text.lower()) != kept
    assert bool(inside.remedy) == (limit == "0") and not any(
        other.check == "config" and other.key == "teacher.keep" for other in found.findings
    )
    assert {"hidden", "attention"} <= set(by_check(found, "loss_terms").numbers)
    assert (len(asked) <= 2) == kept, "with kept tensors the live teacher reads the sampled rows once"


def test_a_dynamic_term_that_rises_is_measured_by_the_reference_it_will_have(healthy: Toml, home: Path) -> None:
    """At step 0 a running mean is the value itself: α · value is the teacher's term, not the labels'."""
    dynamic = '\n[[features]]\nkind = "hidden"\ndynamic = true\n'
    terms = by_check(doctor(healthy() + dynamic + dynamic + 'schedule = "rise"\n', home, rows=64), "loss_terms").numbers
    for name in ("hidden", "hidden-2"):
        assert terms[name]["weighted"] == pytest.approx(terms["teacher"]["weighted"], rel=1e-4)


def test_shuffled_labels_stop_with_the_remedy_that_mends_them(
    healthy: Toml, skilled: Path, home: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    teacher = copy_of(skilled, tmp_path)
    weights = load_file(teacher / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name].flip(0).contiguous()
    save_file(weights, teacher / "model.safetensors", {"format": "pt"})
    found = doctor(healthy(teacher), home)
    assert found.level == "stop"
    assert by_check(found, "teacher_score").level == "stop" and "order" in by_check(found, "teacher_score").remedy
    order = by_check(found, "label_order")
    assert order.level == "stop" and "output 0 means equivalent" in order.text
    config = json.loads((teacher / "config.json").read_text())
    config["id2label"] = json.loads("{" + order.remedy.partition("{")[2].rpartition("}")[0] + "}")
    config["label2id"] = {name: int(number) for number, name in config["id2label"].items()}
    (teacher / "config.json").write_text(json.dumps(config))
    mended = doctor(healthy(teacher), home)
    assert mended.level == "look" and by_check(mended, "label_order").level == "fine"


def test_another_tokenizer_stops(healthy: Toml, home: Path, tmp_path: Path) -> None:
    other = write_tokenizer(tmp_path / "other", WORDS[::-1])
    found = doctor(healthy(more=f'tokenizer = "{other}"'), home)
    own = by_check(found, "own_tokenizer")
    assert own.level == "stop" and own.key == "teacher.tokenizer"
    assert not any(finding.check == "label_order" for finding in found.findings), (
        "of words that are not read, nothing is said"
    )
    fine_tuned = doctor(healthy(more=f'tokenizer = "{other}"\ntraining = "fine_tune"'), home)
    assert by_check(fine_tuned, "own_tokenizer").level == "stop"


def test_an_untrained_teacher_stops(healthy: Toml, skilled: Path, home: Path, tmp_path: Path) -> None:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    teacher = copy_of(skilled, tmp_path)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        BertForSequenceClassification(BertConfig.from_pretrained(teacher)).save_pretrained(teacher)
    found = doctor(healthy(teacher), home)
    score = by_check(found, "teacher_score")
    assert score.level == "stop" and "fine_tune" in score.remedy
    assert by_check(found, "label_order").level == "fine", "an order is not blamed on noise"
    inside = doctor(healthy(teacher, loss='kind = "none"') + '\n[[features]]\nkind = "hidden"\n', home)
    assert by_check(inside, "teacher_score").level == "look", "where only its inside teaches, it is no reason to stop"


def test_a_teacher_to_be_fine_tuned_and_then_a_kept_one(healthy: Toml, home: Path) -> None:
    from engine.config import parse_config
    from engine.training.distil import distil

    text = healthy(more='training = "fine_tune"\nepochs = 1')
    before = doctor(text, home)
    assert before.level == "look" and "not known yet" in by_check(before, "teacher_score").text
    assert by_check(before, "time").numbers["teacher_training"] > 0
    assert set(by_check(before, "memory").numbers["phases"]) == {"student", "teacher"}
    run = home / "run"
    run.mkdir(parents=True)
    distil(parse_config(text), home, run, lambda event: None, lambda: False)
    after = doctor(text, home)
    score = by_check(after, "teacher_score")
    assert "fine-tuned before" in score.text and score.numbers["validation"]["accuracy"] > 0.5
    assert by_check(after, "time").numbers["teacher_training"] == 0


def test_token_by_token_terms_need_one_tokenizer(healthy: Toml, skilled: Path, home: Path, tmp_path: Path) -> None:
    other = write_tokenizer(tmp_path / "other", WORDS[::-1])
    text = healthy().replace('architecture = "2x16"', f'architecture = "2x16"\ntokenizer = "{other}"')
    assert by_check(doctor(text, home), "tokenizers").level == "look"
    found = doctor(text + '\n[[features]]\nkind = "hidden"\n', home)
    assert any(finding.level == "stop" and finding.key == "features.1" for finding in found.findings)


def test_the_taylor_notice_is_told_once_and_measured(healthy: Toml, home: Path) -> None:
    found = doctor(healthy(loss='kind = "taylor"'), home)
    told = [finding for finding in found.findings if "does not change the gradient" in finding.text]
    assert len(told) == 1 and told[0].level == "look" and told[0].numbers["influence"] < 1e-5


def test_faults_of_the_check_come_first_and_alone(healthy: Toml, home: Path) -> None:
    found = doctor(healthy(), home, "loss.gamma=1", "training.epochs=0")
    assert found.level == "stop"
    assert {finding.key for finding in found.findings if finding.level == "stop"} == {"loss.gamma", "training.epochs"}
    assert all(finding.check == "config" for finding in found.findings)


def test_what_is_not_here_is_told_and_nothing_is_fetched(
    healthy: Toml, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(self: object, reference: str, **_: object) -> object:
        raise ConnectionError("no route")

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", no_network)
    found = doctor(healthy(Path("somebody/no-such-model-here")), home)
    assert [finding.check for finding in found.findings] == ["config", "download", "measured"]
    assert found.level == "look" and "no network" in by_check(found, "download").text


def test_too_little_memory_is_a_finding_and_a_bug_is_not(
    healthy: Toml, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(said: str) -> None:
        def fail(*_: object) -> None:
            raise RuntimeError(said)

        monkeypatch.setattr("engine.diagnosis.doctor.judge_training", fail)

    planted("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
    assert by_check(doctor(healthy(), home), "memory").level == "stop"
    planted("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        doctor(healthy(), home)


def test_regression(home: Path, tmp_path: Path, skilled: Path) -> None:
    import csv
    import random

    chance = random.Random(0)
    rows = tmp_path / "rows"
    rows.mkdir()
    for split, count in (("train", 64), ("validation", 80)):
        with (rows / f"{split}.csv").open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(["sentence1", "sentence2", "label"])
            for _ in range(count):
                out.writerow(
                    [" ".join(chance.choices(WORDS, k=5)), " ".join(chance.choices(WORDS, k=3)), chance.uniform(0, 5)]
                )
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    teacher = copy_of(skilled, tmp_path)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        BertForSequenceClassification(BertConfig.from_pretrained(teacher, num_labels=1)).save_pretrained(teacher)
    text = f"""
[task]
name = "stsb"
source = "{rows}"
max_length = 32
[teacher]
model = "{teacher}"
[loss]
kind = "kl"
[training]
device = "cpu"
"""
    found = doctor(text, home)
    assert by_check(found, "teacher_score").level == "stop" and "correlation" in by_check(found, "teacher_score").text
    assert not any(finding.check == "label_order" for finding in found.findings)


@pytest.mark.skipif(not (SHARED / "models").is_dir(), reason="needs the real models and rows in ../shared")
def test_real_rows_and_a_real_teacher(home: Path) -> None:
    text = f"""
[task]
name = "mrpc"
source = "{SHARED / "data" / "glue" / "mrpc"}"
[teacher]
model = "{SHARED / "models" / "all-MiniLM-L6-v2"}"
training = "fine_tune"
[student]
architecture = "2x128"
[loss]
kind = "kl"
[training]
device = "cpu"
batch_size = 8
"""
    found = doctor(text, home, rows=32)
    assert [finding for finding in found.findings if finding.level != "fine"] == []
    assert by_check(found, "unknown_tokens").numbers["student"] < 0.01
    assert by_check(found, "time").numbers["steps"] == 3 * 459
    assert 1e8 < by_check(found, "memory").numbers["need"] < 8e9
