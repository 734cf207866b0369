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
_YES_OR_NO = ("use_cache", "tie_word_embeddings", "gradient_checkpointing")
_TOKENS = ("bos_token_id", "eos_token_id")
_NAMES = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "finetuning_task", "problem_type")
# Published configs of BERT name them, BERT has no use for them.
_UNUSED = (
    "directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head",
    "pooler_type",
)  # fmt: skip
_KNOWN = {
    *DEFAULTS, *_SETTLED, *_YES_OR_NO, *_TOKENS, *_NAMES, *_UNUSED, "id2label", "label2id", "num_labels",
}  # fmt: skip
_TYPES = (None, "float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class Read:
    """A model and what its files did not hold of it: names as transformers lists them."""

    model: PreTrainedModel
    missing: tuple[str, ...]
    mismatched: tuple[str, ...]


def is_plain_bert(facts: ModelFacts) -> bool:
    """Whether this folder holds nothing but what the plain classifier computes: a setting nobody knows might change that."""
    said = facts.config
    if said.get("model_type") != "bert" or not facts.weights or facts.is_pickle or not said.keys() <= _KNOWN:
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
        and all(isinstance(said.get(name, False), bool) for name in _YES_OR_NO)
        and all(said.get(name) is None or type(said[name]) is int for name in _TOKENS)
        and all(said.get(name) is None or isinstance(said[name], str) for name in _NAMES)
        and isinstance(said.get("architectures") or [], list)
        and all(isinstance(name, str) for name in said.get("architectures") or [])
        and said.get("dtype") in _TYPES and said.get("torch_dtype") in _TYPES
        and _has_sound_words(said)
    )  # fmt: skip


def read_bert(facts: ModelFacts, labels: dict[str, Any]) -> Read:
    """The classifier of a folder that ``is_plain_bert``; what its files lack is drawn from torch's generator.

    A head of another size than ``labels`` want is drawn anew and named among the mismatched, as is any other misfit.
    Raises safetensors' errors for a file that is not one, ValueError where weights are there twice.
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
            for stored in content.keys():  # noqa: SIM118 - not a dict
                if (name := _named(stored, wanted)) in wanted:
                    if name in found:
                        raise ValueError(f"it holds the weights of {name} twice, under two names")
                    found[name] = content.get_tensor(stored)
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
    words, back = said.get("id2label", {"0": "", "1": ""}), said.get("label2id", {})
    if not isinstance(words, dict) or not isinstance(back, dict):
        return False
    count = said.get("num_labels", len(words))
    return (
        type(count) is int and count > 0 and (count == len(words) or "id2label" not in said)
        and sorted(map(str, words)) == sorted(map(str, range(len(words)))) and len(words) > 0
        and all(isinstance(word, str) for word in words.values())
    )  # fmt: skip


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
