"""Builds the student: random weights, pre-trained weights, or layers of the teacher's model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from engine.config import DistillationConfig, StudentConfig
from engine.errors import ModelError
from engine.models.bert_settings import BertSettings
from engine.models.load import load_classifier, task_settings
from engine.models.shape import EncoderShape, chosen_layers, layers_shape, random_shape, shape_from_json
from engine.types import Task

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

_LAYER = re.compile(r"^(?P<before>.*\blayers?\.)(?P<number>\d+)(?P<after>\..*)$")


def build_student(config: DistillationConfig, task: Task, vocabulary: int, padding: int = 0) -> PreTrainedModel:
    """A new student; random weights come from torch's generator. ``vocabulary`` is its tokenizer's size,
    ``padding`` its padding token.

    Raises ModelError where the choices do not fit together.
    """
    student = config.student
    if student.init == "pretrained":
        return load_classifier(
            student.architecture, task, "student.architecture", weights_only=False, trained_head=False
        )
    if student.init == "layers":
        if config.teacher is None:
            raise ModelError("student.init: “layers” takes layers of the teacher's model; add [teacher].")
        return student_from_layers(student, config.teacher.model, config.teacher.weights_only, task)
    return random_classifier(random_shape(student, vocabulary), task, padding)


def random_classifier(shape: EncoderShape, task: Task, padding: int = 0) -> PreTrainedModel:
    """A BERT classifier of this shape with random weights: it has all that is used of transformers' class."""
    from engine.models.bert import BertClassifier

    return cast("PreTrainedModel", BertClassifier(BertSettings.of_shape(shape, task_settings(task), padding)))


def student_from_layers(student: StudentConfig, teacher: str, weights_only: bool, task: Task) -> PreTrainedModel:
    """Embeddings and evenly spaced layers of the teacher's model as it is given (DistilBERT, Sanh et al. 2019, §3;
    PKD, Sun et al. 2019, §4.1), with a new head. A narrower feed-forward keeps the units of the largest norm.
    """
    import torch

    source = load_classifier(teacher, task, "teacher.model", weights_only=weights_only, trained_head=False)
    whole = shape_from_json(source.config.to_dict())
    if whole is None:
        raise ModelError(f"student.init: “layers” needs a BERT-type teacher; {teacher} is of another kind.")
    shape = layers_shape(student, whole)
    built = _reshaped(source, shape, task)
    base = source.base_model.state_dict()
    kept = chosen_layers(shape.layers, whole.layers)
    if shape.feed_forward < whole.feed_forward:
        base = _narrowed(base, whole.feed_forward, shape.feed_forward)
    taken = {name: base[_source_name(name, kept)] for name in built.base_model.state_dict()}
    with torch.no_grad():
        built.base_model.load_state_dict(taken)
    return built


def _reshaped(source: PreTrainedModel, shape: EncoderShape, task: Task) -> PreTrainedModel:
    """A classifier of the source's kind and of this shape with random weights."""
    from engine.models.bert import BertClassifier

    if isinstance(source, BertClassifier):
        return cast("PreTrainedModel", BertClassifier(source.config.reshaped(shape, task_settings(task))))
    from transformers import AutoModelForSequenceClassification

    settings = {**source.config.to_dict(), **task_settings(task)}
    narrow = {
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.feed_forward,
    }
    aliases = (
        {"intermediate_size": "hidden_dim"} if "hidden_dim" in settings else {}
    )  # DistilBERT does not map this one
    aliases |= getattr(type(source.config), "attribute_map", {})
    settings |= {aliases.get(name, name): value for name, value in narrow.items()}
    return AutoModelForSequenceClassification.from_config(type(source.config).from_dict(settings))


def _source_name(name: str, kept: list[int]) -> str:
    match = _LAYER.match(name)
    return f"{match['before']}{kept[int(match['number'])]}{match['after']}" if match else name


def _narrowed(weights: dict[str, Tensor], old: int, new: int) -> dict[str, Tensor]:
    """Per layer the ``new`` feed-forward units with the largest product of incoming and outgoing weight norms."""
    narrowed = dict(weights)
    units: dict[str, Tensor] = {}
    for name, weight in weights.items():
        match = _LAYER.match(name)
        if match is None or weight.dim() != 2:
            continue
        layer = match["number"]
        if weight.shape[0] == old:
            units[layer] = units.get(layer, 1) * weight.norm(dim=1)
        elif weight.shape[1] == old:
            units[layer] = units.get(layer, 1) * weight.norm(dim=0)
    for name, weight in weights.items():
        match = _LAYER.match(name)
        if match is None or match["number"] not in units:
            continue
        keep = units[match["number"]].topk(new).indices.sort().values
        if weight.shape[0] == old:
            weight = weight[keep]
        if weight.dim() == 2 and weight.shape[1] == old:
            weight = weight[:, keep]
        narrowed[name] = weight
    return narrowed
