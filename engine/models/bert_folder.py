"""Reads a folder with a BERT into the plain classifier, to the bit as transformers would; knows which folders it can read.

Whatever is not plain BERT in float numbers as safetensors is left to transformers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from engine.models.bert_settings import DEFAULTS, BertSettings
from engine.models.folder import ModelFacts
from engine.models.weights import FORMER

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

_SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size",
)  # fmt: skip
_CHANCES = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout")
_SETTLED = {
    "hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False,
    "chunk_size_feed_forward": 0,
}  # fmt: skip
_UNKNOWN = ("quantization_config", "pruned_heads", "auto_map")
_TYPES = (None, "float16", "bfloat16", "float32", "float64")
_TAKEN = frozenset(dir(BertSettings)) - {"num_labels"}  # a key of that name would hide what the settings do


@dataclass(frozen=True)
class Read:
    """A model and what its files did not hold of it: names as transformers lists them."""

    model: PreTrainedModel
    missing: tuple[str, ...]
    mismatched: tuple[str, ...]


def is_plain_bert(facts: ModelFacts) -> bool:
    """Whether this folder holds nothing but what the plain classifier computes."""
    said = facts.config
    if said.get("model_type") != "bert" or not facts.weights or facts.is_pickle:
        return False
    sizes = [said.get(name, DEFAULTS[name]) for name in _SIZES]
    if not all(type(size) is int and size > 0 for size in sizes) or sizes[1] % sizes[3]:
        return False
    chances = [said.get(name, DEFAULTS[name]) for name in _CHANCES]
    numbers = [said.get(name, DEFAULTS[name]) for name in ("initializer_range", "layer_norm_eps")]
    padding = said.get("pad_token_id", 0)
    return (
        all(said.get(name, value) == value for name, value in _SETTLED.items())
        and all(chance is None or (_is_number(chance) and 0 <= chance < 1) for chance in chances)
        and chances[0] is not None and chances[1] is not None
        and all(_is_number(number) and 0 < number < 1 for number in numbers)
        and type(padding) is int and 0 <= padding < sizes[0]
        and not any(said.get(name) for name in _UNKNOWN) and not _TAKEN & said.keys()
        and isinstance(said.get("architectures") or [], list)
        and said.get("dtype") in _TYPES and said.get("torch_dtype") in _TYPES
        and _has_sound_words(said)
    )  # fmt: skip


def read_bert(facts: ModelFacts, labels: dict[str, Any]) -> Read:
    """The classifier of a folder that ``is_plain_bert``; what its files lack is drawn from torch's generator.

    A head of another size than ``labels`` want is drawn anew and named among the mismatched, as is any other misfit.
    Raises safetensors' errors for a file that is not one.
    """
    import torch
    from safetensors import safe_open

    from engine.models.bert import BertClassifier, draw
    from engine.models.undrawn import undrawn

    with undrawn():
        model = BertClassifier(BertSettings(facts.config, labels), drawn=False)
    model.to_empty(device="cpu")
    wanted = dict(model.named_parameters())
    found: dict[str, Tensor] = {}
    for file in facts.weights:
        with safe_open(file, framework="pt") as content:
            stored = {_named(name, wanted): name for name in content.keys()}  # noqa: SIM118 - not a dict
            found |= {name: content.get_tensor(stored[name]) for name in stored if name in wanted}
    mismatched = tuple(name for name in wanted if name in found and found[name].shape != wanted[name].shape)
    missing = tuple(name for name in wanted if name not in found)
    lacking = {name.rpartition(".")[0] for name in (*missing, *mismatched)}
    for path, module in model.named_modules():
        if path in lacking:
            draw(module, model.config.initializer_range)
    with torch.no_grad():
        for name, parameter in wanted.items():
            if name in found and name not in mismatched:
                parameter.copy_(found[name])
    return Read(cast("PreTrainedModel", model), missing, mismatched)


def _named(stored: str, wanted: dict[str, Any]) -> str:
    """The name a stored weight has in a classifier: a bare body is stored without the model's prefix."""
    for former, now in FORMER.items():
        stored = stored.replace(former, now)
    return stored if stored in wanted else f"bert.{stored}"


def _has_sound_words(said: dict[str, Any]) -> bool:
    """Whether the outputs' words are a word for each number from 0, as far as they are given."""
    words, back, count = said.get("id2label", {0: ""}), said.get("label2id", {}), said.get("num_labels", 2)
    return (
        isinstance(words, dict) and isinstance(back, dict) and type(count) is int and count > 0
        and sorted(map(str, words)) == sorted(map(str, range(len(words)))) and len(words) > 0
    )  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
