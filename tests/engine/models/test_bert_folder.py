"""A folder with a BERT is read into the plain classifier as transformers reads it: weights, what is missing, what is drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, BertModel, RobertaConfig, RobertaForSequenceClassification

from engine import catalog
from engine.errors import ModelError
from engine.models.bert import BertClassifier
from engine.models.bert_folder import is_plain_bert
from engine.models.folder import look_at_model
from engine.models.load import load_classifier, task_settings
from engine.models.shape import EncoderShape
from tests.engine.conftest import encoder_config

SHAPE = EncoderShape(2, 24, 3, 40, 50, 16)
MRPC, MNLI = catalog.tasks()["mrpc"], catalog.tasks()["mnli"]
INPUTS = {
    "input_ids": torch.tensor([[2, 7, 9, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 0]]),
    "token_type_ids": torch.tensor([[0, 0, 1, 0]]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A BERT with a head trained on MRPC, as transformers writes it."""
    torch.manual_seed(1)
    AutoModelForSequenceClassification.from_config(encoder_config(SHAPE, MRPC)).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def change(folder: Path, **said: Any) -> None:
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**content, **said}))


def rewrite(folder: Path, renamed: Any) -> None:
    """Write the weights anew under other names; None leaves one out."""
    held = load_file(folder / "model.safetensors")
    kept = {renamed(name): value for name, value in held.items() if renamed(name) is not None}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})


def both(folder: Path, task: Any = MRPC, trained_head: bool = False) -> tuple[Any, Any]:
    """The folder read by us and by transformers, each with the same seed."""
    torch.manual_seed(3)
    ours = load_classifier(str(folder), task, "teacher.model", weights_only=False, trained_head=trained_head)
    torch.manual_seed(3)
    settings = {} if trained_head else task_settings(task)
    theirs = AutoModelForSequenceClassification.from_pretrained(
        folder, **settings, dtype=torch.float32, ignore_mismatched_sizes=not trained_head
    )
    for parameter in theirs.parameters():  # lies in the file as it was mapped, where products may round otherwise
        parameter.data = parameter.data.clone()
    return ours, theirs


def must_be_equal(ours: Any, theirs: Any) -> None:
    assert isinstance(ours, BertClassifier)
    known = theirs.state_dict()
    assert list(ours.state_dict()) == list(known)
    different = [name for name, value in ours.state_dict().items() if not torch.equal(value, known[name])]
    assert not different
    ours.eval()
    ours.reading_inside(True)
    assert torch.equal(ours(**INPUTS).logits, theirs.eval()(**INPUTS).logits)


def test_a_trained_classifier(folder: Path) -> None:
    ours, theirs = both(folder, trained_head=True)
    must_be_equal(ours, theirs)
    assert ours.config.id2label == theirs.config.id2label


@pytest.mark.parametrize("task", [MRPC, MNLI])
def test_a_head_of_another_task_is_drawn_as_transformers_draws_it(folder: Path, task: Any) -> None:
    ours, theirs = both(folder, task)
    must_be_equal(ours, theirs)


def test_a_bare_body_in_half_precision(folder: Path, tmp_path: Path) -> None:
    body = BertModel.from_pretrained(folder, add_pooling_layer=False).half()
    body.save_pretrained(tmp_path / "body")
    ours, theirs = both(tmp_path / "body")
    must_be_equal(ours, theirs)


def test_names_as_tensorflow_gave_them_and_weights_of_no_use(folder: Path) -> None:
    known = {name: value.clone() for name, value in load_file(folder / "model.safetensors").items()}
    rewrite(
        folder,
        lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
    )
    held = load_file(folder / "model.safetensors")
    save_file({**held, "cls.seq": torch.zeros(3)}, folder / "model.safetensors", metadata={"format": "pt"})
    ours, _ = both(folder, trained_head=True)
    assert all(torch.equal(value, known[name]) for name, value in ours.state_dict().items())


def test_what_its_config_says_counts(folder: Path) -> None:
    change(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, classifier_dropout=0.25, layer_norm_eps=1e-3
    )
    ours, theirs = both(folder, trained_head=True)
    must_be_equal(ours, theirs)
    found = []
    for model in (ours, theirs):
        torch.manual_seed(5)
        found.append(model.train()(**INPUTS).logits)
    assert torch.equal(*found)
    assert ours.dropout.p == 0.25


def test_what_it_writes_again_is_what_transformers_writes(folder: Path, tmp_path: Path) -> None:
    change(folder, gradient_checkpointing=False, position_embedding_type="absolute", torch_dtype="float16")
    ours, theirs = both(folder, trained_head=True)
    ours.save_pretrained(tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs")
    written, known = (json.loads((tmp_path / name / "config.json").read_text()) for name in ("ours", "theirs"))
    known.pop("position_embedding_type", None)
    assert written == known


@pytest.mark.parametrize(
    ("trained_head", "lost", "said"),
    [
        (True, "classifier.bias", "lacks the weights of classifier.bias"),
        (False, "bert.encoder.layer.1.output.dense.weight", "lacks the weights of bert.encoder.layer.1.output.dense"),
    ],
)
def test_a_lost_weight_is_named(folder: Path, trained_head: bool, lost: str, said: str) -> None:
    rewrite(folder, lambda name: None if name == lost else name)
    with pytest.raises(ModelError, match=said):
        load_classifier(str(folder), MRPC, "teacher.model", weights_only=False, trained_head=trained_head)


@pytest.mark.parametrize("trained_head", [True, False])
def test_weights_of_another_size_are_refused(folder: Path, trained_head: bool) -> None:
    change(folder, intermediate_size=32)
    with pytest.raises(ModelError, match=r"teacher\.model: "):
        load_classifier(str(folder), MRPC, "teacher.model", weights_only=False, trained_head=trained_head)


@pytest.mark.parametrize(
    "said",
    [
        {"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}, {"is_decoder": True}, {"model_type": "roberta"},
        {"pruned_heads": {"0": [1]}}, {"hidden_dropout_prob": "much"}, {"vocab_size": True}, {"pad_token_id": None},
        {"id2label": {"1": "a", "2": "b"}}, {"layer_norm_eps": 0}, {"architectures": "Bert"},
        {"dtype": "float3"}, {"torch_dtype": 5}, {"to_dict": 5},
        {"use_cache": None}, {"bos_token_id": "x"}, {"use_return_dict": False}, {"quantization_config": {}},
        {"id2label": {"0": "a", "1": "b"}, "num_labels": 3}, {"id2label": {"0": 5, "1": "b"}}, {"architectures": [1]},
    ],
)  # fmt: skip
def test_what_is_no_plain_bert_is_left_to_transformers(folder: Path, said: dict[str, Any]) -> None:
    sound = look_at_model(str(folder))
    assert is_plain_bert(sound)
    assert not is_plain_bert(replace(sound, config={**sound.config, **said}))


def test_only_the_files_that_transformers_reads_are_read(folder: Path) -> None:
    held = load_file(folder / "model.safetensors")
    for other in ("model_ema", "model-00009-of-00009", "modelling"):
        save_file({name: value + 1 for name, value in held.items()}, folder / f"{other}.safetensors", {"format": "pt"})
    must_be_equal(*both(folder, trained_head=True))
    names = sorted(held)
    parts = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for part, inside in parts.items():
        save_file({name: held[name] for name in inside}, folder / part, {"format": "pt"})
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no weights; it needs a model\.safetensors, or parts of it that a"):
        load_classifier(str(folder), MRPC, "teacher.model", weights_only=False, trained_head=True)
    index = {"metadata": {}, "weight_map": {name: part for part, inside in parts.items() for name in inside}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    must_be_equal(*both(folder, trained_head=True))


def test_weights_that_are_there_twice_are_refused(folder: Path) -> None:
    held = load_file(folder / "model.safetensors")
    twice = "bert.embeddings.LayerNorm.weight"
    held[twice.replace("weight", "gamma")] = held[twice] + 1
    save_file(held, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=f"cannot be loaded: it holds the weights of {twice} twice"):
        load_classifier(str(folder), MRPC, "teacher.model", weights_only=False, trained_head=True)


def test_another_kind_goes_by_transformers(tmp_path: Path) -> None:
    shape = {
        "vocab_size": 50,
        "hidden_size": 24,
        "num_hidden_layers": 1,
        "num_attention_heads": 3,
        "intermediate_size": 40,
    }
    RobertaForSequenceClassification(RobertaConfig(**shape)).save_pretrained(tmp_path / "roberta")
    model = load_classifier(str(tmp_path / "roberta"), MRPC, "teacher.model", weights_only=False, trained_head=True)
    assert type(model) is RobertaForSequenceClassification
