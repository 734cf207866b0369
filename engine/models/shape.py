"""Sizes of BERT-type encoders and their parameter counts, computed without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from engine.config import StudentConfig, layers_and_hidden
from engine.errors import ModelError
from engine.types import Body
from engine.visible import cut, on_one_line


@dataclass(frozen=True)
class EncoderShape:
    """Layers, hidden size, attention heads, feed-forward size, vocabulary and positions of a BERT-type encoder."""

    layers: int
    hidden: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int = 512
    token_types: int = 2

    def parameters(self, outputs: int) -> int:
        """Parameters of a BERT classifier with pooler and a linear head of ``outputs`` logits."""
        h, f = self.hidden, self.feed_forward
        embeddings = (self.vocabulary + self.positions + self.token_types) * h + 2 * h
        layer = 4 * (h * h + h) + 2 * h + (h * f + f) + (f * h + h) + 2 * h
        pooler, head = h * h + h, h * outputs + outputs
        return embeddings + self.layers * layer + pooler + head


def default_heads(hidden: int) -> int:
    """hidden / 64 as in BERT's family, 12 for 312 (TinyBERT); the nearest smaller divisor where 64 does not divide."""
    if hidden == 312:
        return 12
    heads = max(1, hidden // 64)
    while hidden % heads:
        heads -= 1
    return heads


def default_feed_forward(hidden: int) -> int:
    """4 × hidden as in BERT, 1200 for 312 (TinyBERT)."""
    return 1200 if hidden == 312 else 4 * hidden


def random_shape(student: StudentConfig, vocabulary: int) -> EncoderShape:
    """Shape of an ``LxH`` student with random weights. Raises ModelError where heads do not divide the hidden size."""
    size = layers_and_hidden(student.architecture)
    if size is None:
        raise ModelError(f"“{student.architecture}” is not an architecture such as 2x128.")
    layers, hidden = size
    heads = student.heads or default_heads(hidden)
    if hidden % heads:
        raise ModelError(f"student.heads: {heads} heads do not divide the hidden size {hidden}.")
    return EncoderShape(layers, hidden, heads, student.feed_forward or default_feed_forward(hidden), vocabulary)


def shape_from_json(config: dict[str, Any]) -> EncoderShape | None:
    """Shape out of a model's config.json; None where it is not of the BERT kind."""
    names = {
        "layers": ("num_hidden_layers", "n_layers"),
        "hidden": ("hidden_size", "dim"),
        "heads": ("num_attention_heads", "n_heads"),
        "feed_forward": ("intermediate_size", "hidden_dim"),
        "vocabulary": ("vocab_size",),
    }
    found = {}
    for name, keys in names.items():
        value = next((config[key] for key in keys if _is_size(config.get(key), 1)), None)
        if value is None:
            return None
        found[name] = value
    positions, token_types = config.get("max_position_embeddings"), config.get("type_vocab_size")
    return EncoderShape(
        **found,
        positions=positions if _is_size(positions, 1) else 512,
        token_types=token_types if _is_size(token_types, 0) else 2,
    )


# The largest that any published model has is well below; a building of more would not end, or not fit.
_MOST = {
    "num_hidden_layers": 1000, "n_layers": 1000, "num_layers": 1000, "n_layer": 1000, "hidden_size": 200_000, "dim": 200_000,
    "d_model": 200_000, "num_attention_heads": 10_000, "n_heads": 10_000, "vocab_size": 10_000_000,
    "intermediate_size": 2_000_000, "hidden_dim": 2_000_000, "max_position_embeddings": 20_000_000,
}  # fmt: skip


def must_be_plausible(config: dict[str, Any], reference: str, key: str) -> None:
    """Raises ModelError where a size in a config.json is none or larger than that of any model, or a share is none."""
    for name, most in _MOST.items():
        value = config.get(name, 1)
        if isinstance(value, list) and name not in ("hidden_size", "vocab_size"):
            continue  # some kinds have one for each layer
        if not _is_size(value, 1):
            shown = cut(on_one_line(str(value)), 40)
            raise ModelError(
                f"{key}: config.json of {reference} says {name} = {shown}, which is no size; get it again."
            )
        if value > most:
            shown = f"{value:,}" if value < 10**15 else "a number without end"
            raise ModelError(
                f"{key}: config.json of {reference} says {name} = {shown}, more than any model has ({most:,}); get it again."
            )
    for name, value in config.items():
        if "dropout" in name and isinstance(value, float) and not 0 <= value <= 1:
            raise ModelError(
                f"{key}: config.json of {reference} says {on_one_line(name)} = {value}, which is no share; get it again."
            )
    architectures = config.get("architectures")
    if architectures is not None and not isinstance(architectures, list):
        raise ModelError(f"{key}: config.json of {reference} has architectures that are no list; get it again.")


# Kinds whose attention is softmax(query · key / √size) and nothing more, by model_type.
PLAIN_ATTENTION = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert", "electra")


def body_of_shape(shape: EncoderShape, config: dict[str, Any]) -> Body:
    """What feature losses may know of a model of this shape; ``config`` is its config.json, empty for a BERT made here."""
    kind = config.get("model_type", "bert")
    absolute = config.get("position_embedding_type", "absolute") == "absolute"
    return Body(shape.layers, shape.hidden, shape.heads, kind in PLAIN_ATTENTION and absolute)


ABSOLUTE = ("bert", "distilbert", "electra", "albert", "roberta", "xlm-roberta", "camembert", "mpnet")  # by model_type


def most_tokens(config: dict[str, Any]) -> int | None:
    """How many tokens of a row a model can place, out of its config.json; None where that is not bounded or not known."""
    positions = config.get("max_position_embeddings")
    return positions if config.get("model_type") in ABSOLUTE and _is_size(positions, 1) else None


def _is_size(value: Any, least: int) -> TypeGuard[int]:
    """Whether a value of a config.json is a size: such a file may hold anything."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def layers_shape(student: StudentConfig, teacher: EncoderShape) -> EncoderShape:
    """Shape of a student made of the teacher's layers. Raises ModelError where it cannot be."""
    size = layers_and_hidden(student.architecture)
    if size is None:
        raise ModelError(f"“{student.architecture}” is not an architecture such as 3x384.")
    layers, hidden = size
    if hidden != teacher.hidden:
        raise ModelError(
            f"student.architecture: “layers” keeps the teacher's hidden size {teacher.hidden}; "
            f'choose {layers}x{teacher.hidden}, or student.init = "random".'
        )
    if layers > teacher.layers:
        raise ModelError(
            f"student.architecture: the teacher has {teacher.layers} layers; choose at most that many, not {layers}."
        )
    heads = student.heads or teacher.heads
    if hidden % heads:
        raise ModelError(f"student.heads: {heads} heads do not divide the hidden size {hidden}.")
    feed_forward = student.feed_forward or teacher.feed_forward
    if feed_forward > teacher.feed_forward:
        raise ModelError(
            f"student.feed_forward: “layers” can keep at most the teacher's {teacher.feed_forward} units, "
            f"not {feed_forward}."
        )
    if feed_forward < teacher.feed_forward == hidden:
        raise ModelError(
            f"student.feed_forward: units can only be chosen where the feed-forward size differs from the hidden size; "
            f"the teacher has {hidden} of both. Leave it out."
        )
    return EncoderShape(layers, hidden, heads, feed_forward, teacher.vocabulary, teacher.positions, teacher.token_types)


def chosen_layers(student_layers: int, teacher_layers: int) -> list[int]:
    """Which of the teacher's layers (from 0) the student keeps: (i + 1)·N/M − 1, so the last layer is always among them."""
    return [(i + 1) * teacher_layers // student_layers - 1 for i in range(student_layers)]
