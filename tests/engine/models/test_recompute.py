"""Recomputed layers change no number, feature terms read the first pass alone, and a kind that cannot says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import BertForSequenceClassification

from engine.errors import ModelError
from engine.losses.term import total
from engine.models.recompute import keeping_all, recompute_layers, recomputing_layers
from tests.engine.training.test_lesson import INPUTS, LOGIT_TERMS, lesson, model, settings


def step(student: BertForSequenceClassification, *kinds: str) -> tuple[dict[str, Tensor], list[nn.Module], Any]:
    """Gradients of logits and feature terms together, with dropout; which query projections ran; the lesson."""
    ran: list[nn.Module] = []
    for layer in student.bert.encoder.layer:
        query = layer.get_submodule("attention.self.query")
        query.register_forward_hook(lambda module, inputs, output: ran.append(module))
    one = lesson(student, model(4, 24, 1), *map(settings, kinds))
    ran.clear()
    torch.manual_seed(7)
    student.train()
    with one.student_tap.listening():
        logits = student(**INPUTS).logits
    terms = one.terms(INPUTS, INPUTS, 0.0, LOGIT_TERMS)
    (logits.square().mean() + total(terms)).backward()
    return {name: value.grad for name, value in student.named_parameters() if value.grad is not None}, ran, one


@pytest.mark.parametrize("kinds", [("hidden",), ("hidden", "minilm", "rkd"), ("attention", "cka")])
def test_gradients_are_the_same_to_the_last_bit_and_the_second_pass_is_not_read(kinds: tuple[str, ...]) -> None:
    kept, ran, _ = step(model(2, 16), *kinds)
    student = model(2, 16)
    recompute_layers(student)
    again, ran_again, one = step(student, *kinds)
    assert kept.keys() == again.keys() and all(torch.equal(kept[name], again[name]) for name in kept)
    assert (len(ran), len(ran_again)) == (2, 4), "each layer ran once more, and its inner hooks with it"
    assert one.student_tap.take() == {}


def test_nothing_is_recomputed_where_all_is_to_be_kept_or_nobody_asked() -> None:
    student = model(3, 16)
    assert recomputing_layers(student) == []
    recompute_layers(student)
    assert recomputing_layers(student) == list(student.bert.encoder.layer)
    with keeping_all(student):
        assert recomputing_layers(student) == []
    assert len(recomputing_layers(student)) == 3


def test_the_kept_model_knows_nothing_of_it(tmp_path: Path) -> None:
    student = model(2, 16)
    recompute_layers(student)
    student.save_pretrained(tmp_path)
    assert "checkpointing" not in (tmp_path / "config.json").read_text()
    assert recomputing_layers(BertForSequenceClassification.from_pretrained(tmp_path)) == []


def test_a_kind_that_cannot_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BertForSequenceClassification, "supports_gradient_checkpointing", False)
    with pytest.raises(ModelError, match=r"^training.recompute: BertForSequenceClassification cannot recompute its"):
        recompute_layers(model(2, 16))
