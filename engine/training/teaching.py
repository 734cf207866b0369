"""The teacher of a run: as it is, or fine-tuned once and kept; its score and its logits by example.

A fine-tuned teacher is addressed by everything that makes it what it is, so equal inputs find it again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from engine.config import TeacherConfig, layers_and_hidden
from engine.data.split import TaskData
from engine.errors import ModelError
from engine.events import Emit, Log, Phase, Score
from engine.models.folder import content_hash, look_at_model, tokenizer_files
from engine.models.load import load_classifier
from engine.models.shape import EncoderShape, default_feed_forward, default_heads
from engine.models.student import random_classifier
from engine.seeding import seed_everything
from engine.training.evaluate import evaluate
from engine.training.loop import fit
from engine.types import LossSettings, Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

FORMAT = 1  # grows when the way a teacher is trained changes: older kept ones are then not found


@dataclass(frozen=True)
class Teacher:
    """A teacher ready to teach: ``scores`` are {split: {metric: value}} on the evaluation splits."""

    model: PreTrainedModel
    parameters: int
    scores: dict[str, dict[str, float]]
    key_score: float
    folder: Path | None


def prepare_teacher(
    config: TeacherConfig,
    task: Task,
    data: TaskData,
    vocabulary: int,
    max_length: int,
    home: Path,
    device: torch.device,
    emit: Emit,
    stop_requested: Callable[[], bool],
) -> Teacher | None:
    """The teacher with its measured score; None if a stop was asked for while it was being fine-tuned. Raises ModelError."""
    evaluation = {name: data.splits[name] for name in task.evaluation_splits}
    if config.training == "as_is":
        emit(Phase("loading the teacher"))
        model = load_classifier(
            config.model, task, "teacher.model", weights_only=config.weights_only, trained_head=True
        )
        if getattr(model, "output_order", None):
            emit(Log(f"The teacher's classes stand in another order; read as {', '.join(task.labels)}."))
        data.must_fit(model, "teacher", "teacher.model")
        return _measured(model, task, evaluation, device, emit, None)

    if layers_and_hidden(config.model) is None and not _is_here(config):
        emit(Phase("downloading the teacher"))
        # Into the hub's cache, so that the key below rests on the weights themselves.
        load_classifier(config.model, task, "teacher.model", weights_only=config.weights_only, trained_head=False)
    kept = home / "teachers" / teacher_key(config, task, data, max_length)
    if (kept / "scores.json").is_file():
        emit(Phase("loading the fine-tuned teacher"))
        emit(Log(f"Teacher: fine-tuned before with the same inputs, kept in {kept}."))
        model = load_classifier(str(kept), task, "teacher.model", weights_only=False, trained_head=True)
        scores = kept_scores(kept, task)
        if scores is not None:  # measured when it was trained, on the same rows: the key says so
            return _with_scores(model, scores, task, emit, kept)
        return _measured(model, task, evaluation, device, emit, kept)

    model = untrained_teacher(config, task, vocabulary, data.teacher_tokenizer.pad_token_id)
    data.must_fit(model, "teacher", "teacher.model")
    from engine import catalog
    from engine.losses.objective import Objective

    none = catalog.losses()["none"]
    emit(Log(f"Teacher: fine-tuning {config.model} for {config.epochs} epochs."))
    fitted = fit(
        model,
        data.train.training_batches(
            config.batch_size, config.seed, "teacher", pad_to=8 if device.type == "cuda" else 1
        ),
        data.train.target_tensor(),
        None,
        Objective(none, LossSettings(kind="none"), task.kind),
        lambda trained: evaluate(trained, task, evaluation, device, "teacher")[0],
        config,
        device,
        emit,
        stop_requested,
        phase="fine-tuning the teacher",
        prefix="teacher/",
    )
    if fitted.stopped:
        return None
    if fitted.best_state is not None:
        model.load_state_dict(fitted.best_state)
    teacher = _measured(model, task, evaluation, device, emit, kept)
    _keep(model, teacher, config, kept)
    return teacher


def teacher_key(config: TeacherConfig, task: Task, data: TaskData, max_length: int) -> str:
    """Hash of all that a fine-tuned teacher depends on: weights, tokenizer, rows, settings, this program's way of training."""
    files: list[Path] = []
    names = {"model": "", "tokenizer": ""}  # of what is not here to be read
    if layers_and_hidden(config.model) is None:
        facts = look_at_model(config.model, config.weights_only, "teacher.model")
        if facts.folder is not None:
            files += [*facts.weights, facts.folder / "config.json"]
            if config.tokenizer is None:
                files += tokenizer_files(facts.folder)
        else:
            names["model"] = config.model
    if config.tokenizer is not None and Path(config.tokenizer).is_dir():
        files += tokenizer_files(Path(config.tokenizer))
    elif config.tokenizer is not None:
        names["tokenizer"] = config.tokenizer
    parts = {
        "format": FORMAT,
        "torch": version("torch"),
        **names,
        "architecture": config.model if layers_and_hidden(config.model) else "",
        "files": content_hash(files) if files else "",
        "task": task.name,
        "rows": data.fingerprint,
        "max_length": max_length,
        "settings": config.model_dump(include={"epochs", "batch_size", "learning_rate", "seed"}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _is_here(config: TeacherConfig) -> bool:
    return look_at_model(config.model, config.weights_only, "teacher.model").folder is not None


def untrained_teacher(config: TeacherConfig, task: Task, vocabulary: int, padding: int) -> PreTrainedModel:
    """The teacher as its fine-tuning begins, its new weights drawn from its own seed; ``vocabulary`` is its tokenizer's size."""
    seed_everything(config.seed)
    size = layers_and_hidden(config.model)
    if size is None:
        return load_classifier(
            config.model, task, "teacher.model", weights_only=config.weights_only, trained_head=False
        )
    layers, hidden = size
    return random_classifier(
        EncoderShape(layers, hidden, default_heads(hidden), default_feed_forward(hidden), vocabulary), task, padding
    )


def _measured(
    model: PreTrainedModel, task: Task, evaluation: dict, device: torch.device, emit: Emit, folder: Path | None
) -> Teacher:
    emit(Phase("scoring the teacher"))
    return _with_scores(model, evaluate(model, task, evaluation, device, "teacher")[1], task, emit, folder)


def _with_scores(
    model: PreTrainedModel, scores: dict[str, dict[str, float]], task: Task, emit: Emit, folder: Path | None
) -> Teacher:
    for split, found in scores.items():
        for metric, value in found.items():
            emit(Score("teacher", split, metric, value))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return Teacher(model, parameters, scores, fmean(found[task.key_metric] for found in scores.values()), folder)


def kept_scores(folder: Path, task: Task) -> dict[str, dict[str, float]] | None:
    """The scores a kept teacher was measured with; None where the note of them is damaged, so that it is measured again."""
    try:
        scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["scores"]
        return {
            name: {metric: float(scores[name][metric]) for metric in task.metrics} for name in task.evaluation_splits
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(model: PreTrainedModel, teacher: Teacher, config: TeacherConfig, folder: Path) -> None:
    """Write to a folder beside it, then rename: a teacher is either whole or not there."""
    from safetensors import SafetensorError

    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        model.save_pretrained(part)
        (part / "scores.json").write_text(
            json.dumps({"scores": teacher.scores, "model": config.model}, indent=1), encoding="utf-8"
        )
        part.rename(folder)
    except (OSError, SafetensorError) as error:
        if not (folder / "scores.json").is_file():  # another process may have kept the same one first
            raise ModelError(
                f"The fine-tuned teacher cannot be kept in {folder}: {getattr(error, 'strerror', None) or error}."
            ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
