"""Layers that compute their inside again in the backward pass instead of keeping it. Knows models, no training.

Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost", §3: memory of one layer and of the layers' inputs, for one
more forward pass a step. Dropout draws the same numbers again, so that no result changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import ModelError

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


def recompute_layers(model: PreTrainedModel) -> None:
    """Let the model's layers recompute while it trains. Raises ModelError where its kind cannot."""
    # transformers renamed the method within version 5; the old name warns where the new one is there.
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    try:
        enable({"use_reentrant": False})
    except ValueError as error:
        raise ModelError(
            f"training.recompute: {type(model).__name__} cannot recompute its layers; set it to false, or take the rows in "
            "parts with training.accumulate."
        ) from error


def recomputing_layers(model: nn.Module) -> list[nn.Module]:
    """The layers that recompute, none where nothing was asked for."""
    from engine.models.bert import BertClassifier, Layer

    kind: type[nn.Module] = Layer
    if not isinstance(model, BertClassifier):
        from transformers.modeling_layers import GradientCheckpointingLayer

        kind = GradientCheckpointingLayer
    return [module for module in model.modules() if isinstance(module, kind) and module.gradient_checkpointing]


@contextmanager
def keeping_all(model: nn.Module) -> Iterator[None]:
    """Inside this nothing is recomputed."""
    layers = recomputing_layers(model)
    for layer in layers:
        layer.gradient_checkpointing = False  # type: ignore[assignment]
    try:
        yield
    finally:
        for layer in layers:
            layer.gradient_checkpointing = True  # type: ignore[assignment]
