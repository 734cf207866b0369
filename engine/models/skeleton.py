"""Models without weights, to see in a moment which modules a run's models will have. Nothing is trained, drawn or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.config import DistillationConfig, layers_and_hidden
from engine.models.bert_folder import is_plain_bert
from engine.models.bert_settings import BertSettings
from engine.models.folder import is_local, look_at_model
from engine.models.load import config_of, in_sentences, quiet_transformers, task_settings
from engine.models.outline import Outline, outline_of, outline_of_bert
from engine.models.shape import (
    EncoderShape,
    body_of_shape,
    default_feed_forward,
    default_heads,
    random_shape,
    shape_from_json,
)
from engine.types import Body, Task

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


class Skeleton:
    """A model as it will be, of a ``key`` of the configuration: its ``outline`` at once, for a BERT without torch; ``model()``
    on the meta device when it is asked for. Raises ModelError."""

    def __init__(self, said: BertSettings | PretrainedConfig, reference: str, key: str) -> None:
        self._said, self._reference, self._key = said, reference, key
        self._model: PreTrainedModel | None = None
        self.is_plain = isinstance(said, BertSettings)
        self.outline: Outline = outline_of_bert(said) if isinstance(said, BertSettings) else outline_of(self.model())

    def body(self) -> Body | None:
        """What feature losses may know of a BERT; None of another kind, whose modules must be looked at."""
        told = self._said.to_dict()
        shape = shape_from_json(told) if self.is_plain else None
        return None if shape is None else body_of_shape(shape, told)

    def model(self) -> PreTrainedModel:
        """The modules."""
        if self._model is None:
            said = self._said
            if isinstance(said, BertSettings):
                self._model = _plain(said)
            else:
                self._model = _by_transformers(said, self._reference, self._key)
        return self._model


def skeleton_of_student(config: DistillationConfig, task: Task, vocabulary: int) -> Skeleton:
    """The student's; ``vocabulary`` is its tokenizer's size. Raises ModelError."""
    student = config.student
    key = "student.architecture"
    if student.init == "random":
        said = BertSettings.of_shape(random_shape(student, vocabulary), task_settings(task))
        return Skeleton(said, student.architecture, key)
    if student.init == "layers" and config.teacher is not None:
        size, changes = layers_and_hidden(student.architecture), {}
        if size is not None:
            changes["num_hidden_layers"] = size[0]
        if student.heads:
            changes["num_attention_heads"] = student.heads
        return _of_folder(config.teacher.model, config.teacher.weights_only, task, "teacher.model", changes)
    return _of_folder(student.architecture, False, task, key, {})


def skeleton_of_teacher(reference: str, task: Task, vocabulary: int, weights_only: bool = False) -> Skeleton:
    """The teacher's. Raises ModelError."""
    size = layers_and_hidden(reference)
    if size is None:
        return _of_folder(reference, weights_only, task, "teacher.model", {})
    layers, hidden = size
    shape = EncoderShape(layers, hidden, default_heads(hidden), default_feed_forward(hidden), vocabulary)
    return Skeleton(BertSettings.of_shape(shape, task_settings(task)), reference, "teacher.model")


def student_skeleton(config: DistillationConfig, task: Task, vocabulary: int) -> PreTrainedModel:
    """The student's modules on the meta device. Raises ModelError."""
    return skeleton_of_student(config, task, vocabulary).model()


def teacher_skeleton(reference: str, task: Task, vocabulary: int, weights_only: bool = False) -> PreTrainedModel:
    """The teacher's modules on the meta device. Raises ModelError."""
    return skeleton_of_teacher(reference, task, vocabulary, weights_only).model()


def _of_folder(reference: str, weights_only: bool, task: Task, key: str, changes: dict[str, int]) -> Skeleton:
    """That of a folder's or hub id's model with some of its sizes changed; as ``load_classifier`` chooses its class."""
    if is_local(reference):
        facts = look_at_model(reference, weights_only, key)
        if is_plain_bert(facts):
            return Skeleton(BertSettings({**facts.config, **changes}, task_settings(task)), reference, key)
    quiet_transformers()
    found = config_of(reference, key)
    for name, value in changes.items():
        setattr(found, name, value)
    return Skeleton(found, reference, key)


def _plain(settings: BertSettings) -> PreTrainedModel:
    from engine.models.bert import BertClassifier
    from engine.models.undrawn import undrawn

    with undrawn():
        return cast("PreTrainedModel", BertClassifier(settings, drawn=False))


def _by_transformers(config: PretrainedConfig, reference: str, key: str) -> PreTrainedModel:
    import torch
    from transformers import AutoModelForSequenceClassification

    with in_sentences(reference, key), torch.device("meta"):
        return AutoModelForSequenceClassification.from_config(config)
