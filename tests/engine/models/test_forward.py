"""The forward pass that asks the device for nothing gives what the model gives, for every kind of model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from engine.models.forward import Forward, takes_final_masks

SMALL = {"vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
KINDS = {
    "bert": SMALL, "roberta": SMALL, "electra": {**SMALL, "embedding_size": 16}, "mpnet": SMALL,
    "distilbert": {"vocab_size": 30, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24},
    "albert": {**SMALL, "embedding_size": 16}, "deberta-v2": SMALL, "modernbert": SMALL,
}  # fmt: skip
TAKES_NONE = {"mpnet", "deberta-v2"}  # attention of their own


def model_of(kind: str, **settings: Any) -> Any:
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3,
                                  **KINDS[kind])  # fmt: skip
    return AutoModelForSequenceClassification.from_config(config, **settings).eval()


def inputs(padded: bool) -> dict[str, Tensor]:
    tokens = torch.tensor([[2, 7, 8, 9, 3], [2, 11, 3, 0, 0]] if padded else [[2, 7, 8, 9, 3], [2, 5, 6, 11, 3]])
    return {"input_ids": tokens, "attention_mask": (tokens > 0).long()}


class Asked(TorchDispatchMode):
    """Counts what would make the processor wait for a GPU."""

    names = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "is_nonzero")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if any(name in str(function) for name in self.names):
            self.found.append(str(function))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_output_is_the_models_own_to_the_last_bit(kind: str, padded: bool) -> None:
    model = model_of(kind)
    forward, given = Forward(model), inputs(padded)
    with torch.no_grad():
        assert torch.equal(forward(given, padded).logits, model(**given).logits)
    assert not model.training and takes_final_masks(model) is (kind not in TAKES_NONE)


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "electra"])
def test_no_value_is_asked_of_the_device_where_the_model_itself_does(kind: str, padded: bool) -> None:
    model = model_of(kind).train()
    forward = Forward(model)
    with Asked() as asked:
        forward(inputs(padded), padded)
    assert asked.found == []
    with Asked() as asked:
        model(**inputs(padded))
    assert asked.found, "the model's own call no longer asks: Forward has nothing left to do"


def test_whether_a_model_takes_final_masks_is_seen_without_drawing_a_random_number() -> None:
    model = model_of("bert").train()
    before = torch.get_rng_state()
    assert takes_final_masks(model) and model.training
    assert torch.equal(torch.get_rng_state(), before)


def test_attention_of_another_kind_and_models_without_text_are_called_as_they_are() -> None:
    eager = model_of("bert", attn_implementation="eager")
    assert not takes_final_masks(eager) and not takes_final_masks(nn.Linear(2, 2))
    assert Forward(eager).prepared(inputs(True)).keys() == inputs(True).keys()
    assert Forward(eager).prepared(inputs(True))["attention_mask"].shape == (2, 5)
    assert Forward(nn.Linear(2, 2)).prepared({"numbers": torch.zeros(2)}).keys() == {"numbers"}
