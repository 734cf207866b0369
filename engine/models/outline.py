"""What a model has room for and which weights it has, by name and size: enough to tell whether files and rows fit it.

Of a BERT this follows from its settings, without torch. Knows no file and no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from engine.errors import ModelError
from engine.models.bert_settings import BertSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

BERT = "bert"


@dataclass(frozen=True)
class Outline:
    """A model of a ``kind`` (transformers' model_type) that knows ``tokens`` and places rows of up to ``places`` of them (None:
    of any length). ``weights`` are the sizes of all its parameters by name, those of its body under ``prefix`` and a dot."""

    kind: str
    prefix: str
    tokens: int
    places: int | None
    weights: Mapping[str, tuple[int, ...]]


def outline_of(model: PreTrainedModel) -> Outline:
    """Of a model that is built, with or without its weights."""
    from torch import nn

    tables = {name: table for name, table in model.named_modules() if isinstance(table, nn.Embedding)}
    places = [
        table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)  # RoBERTa's kind
        for name, table in tables.items()
        if name.endswith("position_embeddings")
    ]
    return Outline(
        str(getattr(model.config, "model_type", "")),
        model.base_model_prefix,
        int(cast("nn.Embedding", model.get_input_embeddings()).num_embeddings),
        min(places, default=None),
        {name: tuple(parameter.shape) for name, parameter in model.named_parameters()},
    )


def outline_of_bert(said: BertSettings) -> Outline:
    """Of the plain classifier that these settings describe (``bert.py``)."""
    hidden, wide = said.hidden_size, said.intermediate_size
    linear = {"weight": (hidden, hidden), "bias": (hidden,)}
    norm = {"weight": (hidden,), "bias": (hidden,)}
    parts: dict[str, Mapping[str, tuple[int, ...]]] = {
        "embeddings.word_embeddings": {"weight": (said.vocab_size, hidden)},
        "embeddings.position_embeddings": {"weight": (said.max_position_embeddings, hidden)},
        "embeddings.token_type_embeddings": {"weight": (said.type_vocab_size, hidden)},
        "embeddings.LayerNorm": norm,
    }
    for number in range(said.num_hidden_layers):
        parts |= {f"encoder.layer.{number}.attention.self.{name}": linear for name in ("query", "key", "value")}
        parts |= {
            f"encoder.layer.{number}.attention.output.dense": linear,
            f"encoder.layer.{number}.attention.output.LayerNorm": norm,
            f"encoder.layer.{number}.intermediate.dense": {"weight": (wide, hidden), "bias": (wide,)},
            f"encoder.layer.{number}.output.dense": {"weight": (hidden, wide), "bias": (hidden,)},
            f"encoder.layer.{number}.output.LayerNorm": norm,
        }
    parts["pooler.dense"] = linear
    weights = {f"{BERT}.{part}.{name}": size for part, sizes in parts.items() for name, size in sizes.items()}
    weights |= {"classifier.weight": (said.num_labels, hidden), "classifier.bias": (said.num_labels,)}
    return Outline(BERT, BERT, said.vocab_size, said.max_position_embeddings, weights)


def must_hold(model: Outline, tokens: int, positions: int, key: str, texts: int = 1) -> None:
    """Raises ModelError where a model has fewer than ``tokens`` token embeddings, places for fewer than ``positions``, or tells
    fewer than the ``texts`` of a row apart that its tokenizer numbers (token types)."""
    if tokens > model.tokens:
        raise ModelError(
            f"{key}: its tokenizer gives token numbers up to {tokens - 1}, but the model knows {model.tokens} tokens; "
            "give the tokenizer the model was made with."
        )
    if model.places is not None and positions > model.places:
        raise ModelError(
            f"{key}: the rows have up to {positions} tokens, but the model reads at most {model.places}; "
            f"set task.max_length to {model.places} or less."
        )
    told_apart = [size[0] for name, size in model.weights.items() if name.endswith("token_type_embeddings.weight")]
    if told_apart and texts > min(told_apart):
        raise ModelError(
            f"{key}: its tokenizer gives the {texts} texts of a row token types up to {texts - 1}, but the model knows "
            f"{min(told_apart)} (type_vocab_size); give the tokenizer the model was made with, or choose another model."
        )
