"""Tensors read by name are the very ones transformers itself returns, and reading leaves no trace."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from transformers import (
    AlbertConfig,
    AutoModelForSequenceClassification,
    BertConfig,
    DistilBertConfig,
    ElectraConfig,
    RobertaConfig,
)

from engine.errors import ModelError
from engine.models.tensors import Tap, body_of

SIZES = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24}
KINDS = {
    "bert": BertConfig(**SIZES),
    "roberta": RobertaConfig(**SIZES),
    "electra": ElectraConfig(**SIZES, embedding_size=16),
    "distilbert": DistilBertConfig(vocab_size=50, dim=16, n_layers=3, n_heads=2, hidden_dim=24),
}
INPUTS = {
    "input_ids": torch.tensor([[2, 7, 9, 3], [2, 5, 3, 0]]),
    "attention_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]]),
}


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> torch.nn.Module:
    torch.manual_seed(0)
    return AutoModelForSequenceClassification.from_config(KINDS[request.param]).eval()


def read(model: torch.nn.Module, *names: str) -> dict[str, torch.Tensor]:
    tap = Tap(model, names, "test")
    with torch.no_grad(), tap.listening():
        model(**INPUTS)
    tap.close()
    return tap.take()


def test_hidden_states_are_transformers_own(model: torch.nn.Module) -> None:
    found = read(model, "hidden/0", "hidden/1", "hidden/3")
    with torch.no_grad():
        whole = model(**INPUTS, output_hidden_states=True).hidden_states
    for name, values in found.items():
        assert torch.equal(values, whole[int(name[-1])])


def test_projections_give_transformers_own_attention(model: torch.nn.Module) -> None:
    found = read(model, "query/2", "key/2", "value/2")
    heads = [found[name].unflatten(-1, (2, 8)).transpose(1, 2) for name in ("query/2", "key/2", "value/2")]
    scores = heads[0] @ heads[1].transpose(-1, -2) / 8**0.5
    maps = scores.masked_fill(~INPUTS["attention_mask"].bool()[:, None, None], -1e9).softmax(-1)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        whole = model(**INPUTS, output_attentions=True).attentions[1]
    assert torch.allclose(maps, whole, atol=1e-6)


def test_any_module_can_be_named(model: torch.nn.Module) -> None:
    path = next(name for name, module in model.named_modules() if isinstance(module, torch.nn.LayerNorm))
    found = read(model, f"module/{path}")[f"module/{path}"]
    assert found.shape == (2, 4, 16)


def test_what_is_missing_is_said_with_what_was_meant(model: torch.nn.Module) -> None:
    with pytest.raises(ModelError, match="has no module “classifer”; did you mean .*“classifier"):
        Tap(model, ["module/classifer"], "features.1")


def test_shared_layers_cannot_be_read_one_by_one() -> None:
    albert = AutoModelForSequenceClassification.from_config(AlbertConfig(**SIZES, embedding_size=16))
    with pytest.raises(ModelError, match="shares or hides its layers"):
        Tap(albert, ["hidden/1"], "test")
    assert not body_of(albert, "test").scores


def test_nothing_is_kept_or_computed_unless_it_listens(model: torch.nn.Module) -> None:
    tap = Tap(model, ["hidden/1"], "test")
    model(**INPUTS)
    assert tap.take() == {}
    with tap.listening():
        model(**INPUTS)
    assert set(tap.take()) == {"hidden/1"} and tap.take() == {}
    tap.close()
    assert not any(module._forward_hooks for module in model.modules())


def test_a_pass_that_failed_is_forgotten_when_the_next_begins(model: torch.nn.Module) -> None:
    """Its tensors hold its whole graph: a smaller batch would not fit beside it."""
    tap = Tap(model, ["hidden/1"], "test")
    with tap.listening():
        held = weakref.ref(model(**INPUTS, output_hidden_states=True).hidden_states[1])
    assert held() is not None
    with tap.listening():
        gc.collect()
        assert held() is None and tap.take() == {}


def test_a_pass_of_which_nothing_else_is_wanted_ends_there(model: torch.nn.Module) -> None:
    """Nothing above the highest named layer runs, and what was read is the same to the bit."""
    whole = read(model, "hidden/1", "query/2")
    ran: list[str] = []
    for name, module in model.named_modules():
        if name.endswith(("layer.0", "layer.1", "layer.2")) or name == "classifier":
            module.register_forward_hook(lambda *_, name=name: ran.append(name.rpartition(".")[2]))
    tap = Tap(model, ["query/2", "hidden/1", "query/2"], "test", nothing_else=True)
    for _ in range(2):
        with torch.no_grad(), tap.listening():
            model(**INPUTS)
        found = tap.take()
        assert set(found) == set(whole) and all(torch.equal(found[name], whole[name]) for name in whole)
    assert ran == ["0", "0"]  # the second layer was left after its query, twice
    model(**INPUTS)
    assert ran[2:] == ["0", "1", "2", "classifier"]  # a pass that is not read is whole


def test_a_pass_with_a_module_by_its_path_is_whole(model: torch.nn.Module) -> None:
    ran: list[bool] = []
    model.classifier.register_forward_hook(lambda *_: ran.append(True))
    path = next(name for name, module in model.named_modules() if isinstance(module, torch.nn.LayerNorm))
    tap = Tap(model, ["hidden/1", f"module/{path}"], "test", nothing_else=True)
    with torch.no_grad(), tap.listening():
        model(**INPUTS)
    assert ran and len(tap.take()) == 2


def test_the_body_says_what_can_be_read(model: torch.nn.Module) -> None:
    body = body_of(model, "test")
    assert (body.layers, body.hidden, body.heads, body.scores) == (3, 16, 2, True)
    model.config.position_embedding_type = "relative_key"
    assert not body_of(model, "test").scores
