"""The classifier in plain torch is transformers' own: first weights, numbers, gradients, dropout, files.

To the last bit where every layer is computed for every token, as transformers does; where the last one is computed for the
first token alone, to rounding.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, BertForSequenceClassification

from engine import catalog
from engine.models.bert import BertClassifier
from engine.models.bert_settings import BertSettings
from engine.models.forward import Forward, final_mask
from engine.models.load import task_settings
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.models.tensors import Tap
from tests.engine.conftest import encoder_config

SHAPE = EncoderShape(2, 24, 3, 40, 50, 16)


def pair(task: str = "mnli") -> tuple[Any, BertForSequenceClassification]:
    """Ours and transformers', each made with the same seed."""
    found = catalog.tasks()[task]
    torch.manual_seed(3)
    ours = random_classifier(SHAPE, found, padding=1)
    torch.manual_seed(3)
    return ours, AutoModelForSequenceClassification.from_config(encoder_config(SHAPE, found, 1))


def inputs(full: bool = False) -> dict[str, torch.Tensor]:
    chance = torch.Generator().manual_seed(0)
    tokens = torch.randint(2, 50, (4, 9), generator=chance)
    mask = torch.ones_like(tokens)
    if not full:
        mask[1, 5:] = mask[3, 2:] = 0
        tokens[mask == 0] = 1
    return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": torch.randint(2, (4, 9), generator=chance)}


def test_the_first_weights_are_those_of_transformers() -> None:
    ours, theirs = pair()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(torch.equal(value, theirs.state_dict()[name]) for name, value in ours.state_dict().items())
    assert isinstance(ours, BertClassifier)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_logits_and_gradients_are_those_of_transformers_also_under_dropout(full: bool, training: bool) -> None:
    found = []
    for model in pair():
        model.train(training)
        getattr(model, "reading_inside", bool)(True)
        torch.manual_seed(5)
        logits = model(**inputs(full)).logits
        logits.square().sum().backward()
        found.append((logits, {name: value.grad for name, value in model.named_parameters()}))
    (logits, gradients), (theirs, known) = found
    assert torch.equal(logits, theirs)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, known[name], msg=name)


@pytest.mark.parametrize("full", [False, True])
def test_the_last_layer_is_computed_for_the_first_token_alone(full: bool) -> None:
    found = []
    for whole in (False, True):
        model, _ = pair()
        model.eval()
        if whole:
            model.reading_inside(True)
        seen: list[tuple[int, ...]] = []
        for layer in model.bert.encoder.layer:
            layer.intermediate.dense.register_forward_hook(
                lambda module, given, output, seen=seen: seen.append(output.shape)
            )
        logits = model(**inputs(full)).logits
        logits.square().sum().backward()
        found.append((logits, [value.grad for value in model.parameters()], seen))
    (logits, gradients, seen), (known, known_gradients, whole_seen) = found
    assert [shape[1] for shape in seen] == [9, 1]
    assert [shape[1] for shape in whole_seen] == [9, 9]
    torch.testing.assert_close(logits, known)
    for ours, theirs in zip(gradients, known_gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_whoever_reads_inside_sees_every_token() -> None:
    model, _ = pair()
    tap = Tap(model, ["hidden/2", "query/2"], "student")
    other = Tap(model, ["hidden/1"], "student")
    with tap.listening():
        model(**inputs())
    assert {name: values.shape[1] for name, values in tap.take().items()} == {"hidden/2": 9, "query/2": 9}
    states: list[torch.Tensor] = []
    model.bert.encoder.layer[1].register_forward_hook(lambda module, given, output: states.append(output))
    model(**inputs())  # an evaluation's, say
    with other.listening(), tap.listening():
        model(**inputs())
    with pytest.raises(ArithmeticError), tap.listening():
        raise ArithmeticError
    tap.close()
    other.close()
    model(**inputs())
    assert [found.shape[1] for found in states] == [1, 9, 1]


def test_without_types_or_with_a_mask_in_its_final_shape() -> None:
    ours, theirs = pair()
    ours.eval()
    theirs.eval()
    given = {name: values for name, values in inputs().items() if name != "token_type_ids"}
    torch.testing.assert_close(ours(**given).logits, theirs(**given).logits)
    final = {**given, "attention_mask": final_mask(given["attention_mask"])}
    assert torch.equal(ours(**final).logits, ours(**given).logits)
    assert Forward(ours).prepared(given)["attention_mask"].dim() == 4


@pytest.mark.parametrize("task", ["mrpc", "stsb"])
def test_what_it_writes_transformers_reads_and_would_have_written(task: str, tmp_path: Path) -> None:
    ours, theirs = pair(task)
    ours.save_pretrained(tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs")
    written, known = (json.loads((tmp_path / name / "config.json").read_text()) for name in ("ours", "theirs"))
    assert written == known
    read = AutoModelForSequenceClassification.from_pretrained(tmp_path / "ours").eval()
    assert type(read) is BertForSequenceClassification
    torch.testing.assert_close(read(**inputs()).logits, ours.eval()(**inputs()).logits)


def test_recomputed_layers_change_nothing() -> None:
    found = []
    for again in (False, True):
        torch.manual_seed(3)
        model = BertClassifier(BertSettings.of_shape(SHAPE, task_settings(catalog.tasks()["mrpc"]))).train()
        if again:
            model.gradient_checkpointing_enable({})
        torch.manual_seed(5)
        model(**inputs()).logits.square().sum().backward()
        found.append([value.grad for value in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_it_leaves_transformers_and_the_compiler_out() -> None:
    code = (
        "import sys, torch; from engine import catalog; from engine.models.student import random_classifier\n"
        "from engine.models.shape import EncoderShape\n"
        "model = random_classifier(EncoderShape(1, 8, 2, 8, 9), catalog.tasks()['mrpc'])\n"
        "model(input_ids=torch.ones(2, 3, dtype=torch.int64)).logits.sum().backward()\n"
        "sys.exit(' '.join({'transformers', 'torch._dynamo', 'sklearn', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
