"""Models without weights, to see in a moment which modules a run's models will have. Nothing is trained, drawn or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.config import DistillationConfig, layers_and_hidden
from engine.models.load import config_of, in_sentences
from engine.models.shape import EncoderShape, default_feed_forward, default_heads, random_shape
from engine.models.student import random_classifier
from engine.types import Task

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def student_skeleton(config: DistillationConfig, task: Task, vocabulary: int) -> PreTrainedModel:
    """The student's modules on the meta device; ``vocabulary`` is its tokenizer's size. Raises ModelError."""
    student = config.student
    if student.init == "random":
        return _random_skeleton(random_shape(student, vocabulary), task)
    if student.init == "layers" and config.teacher is not None:
        found = config_of(config.teacher.model, "teacher.model")
        size = layers_and_hidden(student.architecture)
        if size is not None:
            found.num_hidden_layers = size[0]
        if student.heads:
            found.num_attention_heads = student.heads
        return _skeleton(found, config.teacher.model, "teacher.model")
    found = config_of(student.architecture, "student.architecture")
    return _skeleton(found, student.architecture, "student.architecture")


def teacher_skeleton(reference: str, task: Task, vocabulary: int) -> PreTrainedModel:
    """The teacher's modules on the meta device. Raises ModelError."""
    size = layers_and_hidden(reference)
    if size is None:
        return _skeleton(config_of(reference, "teacher.model"), reference, "teacher.model")
    layers, hidden = size
    shape = EncoderShape(layers, hidden, default_heads(hidden), default_feed_forward(hidden), vocabulary)
    return _random_skeleton(shape, task)


def _random_skeleton(shape: EncoderShape, task: Task) -> PreTrainedModel:
    import torch

    with torch.device("meta"):
        return random_classifier(shape, task)


def _skeleton(config: PretrainedConfig, reference: str, key: str) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForSequenceClassification

    with in_sentences(reference, key), torch.device("meta"):
        return AutoModelForSequenceClassification.from_config(config)
