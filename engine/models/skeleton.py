"""Models without weights, to see in a moment which modules a run's models will have. Nothing is trained, drawn or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.config import DistillationConfig, layers_and_hidden
from engine.models.bert_folder import is_plain_bert
from engine.models.bert_settings import BertSettings
from engine.models.folder import is_local, look_at_model
from engine.models.load import config_of, in_sentences, quiet_transformers, task_settings
from engine.models.shape import EncoderShape, default_feed_forward, default_heads, random_shape
from engine.types import Task

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def student_skeleton(config: DistillationConfig, task: Task, vocabulary: int) -> PreTrainedModel:
    """The student's modules on the meta device; ``vocabulary`` is its tokenizer's size. Raises ModelError."""
    student = config.student
    if student.init == "random":
        return _plain(BertSettings.of_shape(random_shape(student, vocabulary), task_settings(task)))
    if student.init == "layers" and config.teacher is not None:
        size, changes = layers_and_hidden(student.architecture), {}
        if size is not None:
            changes["num_hidden_layers"] = size[0]
        if student.heads:
            changes["num_attention_heads"] = student.heads
        return _of_folder(config.teacher.model, config.teacher.weights_only, task, "teacher.model", changes)
    return _of_folder(student.architecture, False, task, "student.architecture", {})


def teacher_skeleton(reference: str, task: Task, vocabulary: int, weights_only: bool = False) -> PreTrainedModel:
    """The teacher's modules on the meta device. Raises ModelError."""
    size = layers_and_hidden(reference)
    if size is None:
        return _of_folder(reference, weights_only, task, "teacher.model", {})
    layers, hidden = size
    shape = EncoderShape(layers, hidden, default_heads(hidden), default_feed_forward(hidden), vocabulary)
    return _plain(BertSettings.of_shape(shape, task_settings(task)))


def _of_folder(reference: str, weights_only: bool, task: Task, key: str, changes: dict[str, int]) -> PreTrainedModel:
    """The modules of a folder's or hub id's model with some of its sizes changed; as ``load_classifier`` chooses its class."""
    if is_local(reference):
        facts = look_at_model(reference, weights_only, key)
        if is_plain_bert(facts):
            return _plain(BertSettings({**facts.config, **changes}, task_settings(task)))
    quiet_transformers()
    found = config_of(reference, key)
    for name, value in changes.items():
        setattr(found, name, value)
    return _skeleton(found, reference, key)


def _plain(settings: BertSettings) -> PreTrainedModel:
    from engine.models.bert import BertClassifier
    from engine.models.undrawn import undrawn

    with undrawn():
        return cast("PreTrainedModel", BertClassifier(settings, drawn=False))


def _skeleton(config: PretrainedConfig, reference: str, key: str) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForSequenceClassification

    with in_sentences(reference, key), torch.device("meta"):
        return AutoModelForSequenceClassification.from_config(config)
