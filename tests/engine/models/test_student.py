"""Students as the paper names them: shapes, parameter counts, layers of the teacher."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import catalog
from engine.config import StudentConfig
from engine.errors import ModelError
from engine.models.load import load_classifier
from engine.models.shape import EncoderShape, chosen_layers, layers_shape, random_shape
from engine.models.student import random_classifier, student_from_layers

MRPC = catalog.tasks()["mrpc"]


@pytest.mark.parametrize(
    ("architecture", "heads", "feed_forward", "millions"),
    [("2x128", 2, 512, 4.39), ("4x312", 12, 1200, 14.35), ("6x768", 12, 3072, 66.96), ("3x384", 6, 1536, 17.39)],
)
def test_papers_students_have_the_papers_sizes(
    architecture: str, heads: int, feed_forward: int, millions: float
) -> None:
    shape = random_shape(StudentConfig(architecture=architecture), 30522)
    assert (shape.heads, shape.feed_forward) == (heads, feed_forward)
    assert shape.parameters(2) / 1e6 == pytest.approx(millions, abs=0.01)


@pytest.mark.parametrize("architecture", ["2x128", "1x96", "3x72"])
@pytest.mark.parametrize("task", ["mrpc", "stsb", "mnli"])
def test_counted_parameters_are_the_built_models(architecture: str, task: str) -> None:
    shape = random_shape(StudentConfig(architecture=architecture), 100)
    built = random_classifier(shape, catalog.tasks()[task])
    assert sum(p.numel() for p in built.parameters()) == shape.parameters(catalog.tasks()[task].outputs)


def test_the_padding_token_is_the_tokenizers_not_always_0() -> None:
    built = random_classifier(random_shape(StudentConfig(architecture="1x16"), 20), MRPC, padding=1)
    words = built.bert.embeddings.word_embeddings
    assert built.config.pad_token_id == words.padding_idx == 1
    assert words.weight[1].abs().sum() == 0 and words.weight[0].abs().sum() > 0


def test_heads_and_feed_forward_can_be_chosen() -> None:
    shape = random_shape(StudentConfig(architecture="2x128", heads=8, feed_forward=100), 50)
    built = random_classifier(shape, MRPC)
    assert built.config.num_attention_heads == 8 and built.config.intermediate_size == 100
    with pytest.raises(ModelError, match="do not divide"):
        random_shape(StudentConfig(architecture="2x128", heads=3), 50)


@pytest.mark.parametrize(
    ("student", "teacher", "kept"), [(3, 6, [1, 3, 5]), (6, 12, [1, 3, 5, 7, 9, 11]), (4, 6, [0, 2, 3, 5]), (1, 6, [5])]
)
def test_layers_are_evenly_spaced_and_end_with_the_last(student: int, teacher: int, kept: list[int]) -> None:
    assert chosen_layers(student, teacher) == kept


def test_student_of_layers_has_the_teachers_weights(tiny: Path) -> None:
    reference = str(tiny / "teacher")
    source = load_classifier(reference, MRPC, "teacher.model", weights_only=False, trained_head=False)
    built = student_from_layers(StudentConfig(architecture="2x32", init="layers"), reference, False, MRPC)
    assert len(built.bert.encoder.layer) == 2 and built.config.num_hidden_layers == 2
    for mine, its in ((0, 1), (1, 3)):
        ours, theirs = built.bert.encoder.layer[mine].state_dict(), source.bert.encoder.layer[its].state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    words = "embeddings.word_embeddings.weight"
    assert torch.equal(built.bert.state_dict()[words], source.bert.state_dict()[words])
    assert built.config.num_attention_heads == 4


def test_narrower_feed_forward_keeps_whole_units_of_the_largest_norm(tiny: Path) -> None:
    reference = str(tiny / "teacher")
    source = load_classifier(reference, MRPC, "teacher.model", weights_only=False, trained_head=False)
    built = student_from_layers(
        StudentConfig(architecture="4x32", init="layers", feed_forward=10), reference, False, MRPC
    )
    theirs, ours = source.bert.encoder.layer[2], built.bert.encoder.layer[2]
    size = theirs.intermediate.dense.weight.norm(dim=1) * theirs.output.dense.weight.norm(dim=0)
    keep = size.argsort(descending=True)[:10].sort().values
    assert torch.equal(ours.intermediate.dense.weight, theirs.intermediate.dense.weight[keep])
    assert torch.equal(ours.intermediate.dense.bias, theirs.intermediate.dense.bias[keep])
    assert torch.equal(ours.output.dense.weight, theirs.output.dense.weight[:, keep])
    with torch.inference_mode():
        assert torch.isfinite(built(torch.tensor([[2, 5, 3]])).logits).all()


def test_narrower_layers_of_a_distilbert(tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    shape = DistilBertConfig(vocab_size=25, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=64)
    DistilBertModel(shape).save_pretrained(tmp_path)
    narrow = StudentConfig(architecture="1x32", init="layers", feed_forward=10)
    built = student_from_layers(narrow, str(tmp_path), False, MRPC)
    assert built.config.hidden_dim == 10 and built.distilbert.transformer.layer[0].ffn.lin1.out_features == 10


def test_layers_that_cannot_be_are_refused() -> None:
    teacher = EncoderShape(4, 32, 4, 48, 25)
    for wrong, words in (
        (StudentConfig(architecture="2x64", init="layers"), "keeps the teacher's hidden size 32"),
        (StudentConfig(architecture="5x32", init="layers"), "has 4 layers"),
        (StudentConfig(architecture="2x32", init="layers", feed_forward=64), "at most the teacher's 48"),
        (StudentConfig(architecture="2x32", init="layers", heads=5), "do not divide"),
    ):
        with pytest.raises(ModelError, match=words):
            layers_shape(wrong, teacher)
