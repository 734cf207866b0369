"""The teacher of a run: as it is, or fine-tuned once and kept; its score and its logits by example.

A fine-tuned teacher is addressed by everything that makes it what it is, so equal inputs find it again. No model is loaded
here unless something must be asked of it that the cache does not know.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.config import TeacherConfig, layers_and_hidden
from engine.data.array_cache import ArrayCache, StopAsked
from engine.data.batches import BatchSize, TrainingBatches, padding_multiple
from engine.data.cache_room import lock_file
from engine.data.only_one import only_one
from engine.data.split import Split, TaskData
from engine.data.teacher_rows import TeacherRows
from engine.errors import ModelError
from engine.events import Emit, Log, Phase, Score
from engine.models.folder import content_hash, look_at_model, tokenizer_files
from engine.models.load import load_classifier
from engine.models.shape import EncoderShape, default_feed_forward, default_heads
from engine.models.student import random_classifier
from engine.seeding import seed_everything
from engine.training.answers import Answers, room_for_another
from engine.training.evaluate import evaluate, evaluate_logits, predict
from engine.training.keeper import TEACHER_STAGE, Keeper
from engine.training.loop import Course, Scores, fit
from engine.training.portions import Portions
from engine.training.step import Learner
from engine.training.whole_folder import reason_of, write_whole
from engine.types import LossSettings, Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

FORMAT = 2  # grows when the way a teacher is trained changes: older kept ones are then not found


@dataclass(frozen=True)
class Teacher:
    """A teacher ready to teach: ``scores`` are {split: {metric: value}} on the evaluation splits.

    ``folder`` is where a fine-tuned one is kept, None for one that is used as it is.
    """

    scores: Scores
    key_score: float
    folder: Path | None
    answers: Answers

    @property
    def parameters(self) -> int:
        """The number of its parameters; known without its model once logits were asked for."""
        return self.answers.parameters

    def logits(self, split: Split) -> NDArray[np.float32] | None:
        """Logits of every row of a split, float32 (rows, outputs), kept by example; None if a stop was asked for meanwhile."""
        try:
            return self.answers.logits(split)
        except StopAsked:
            return None

    def inside(self, split: Split, names: Sequence[str]) -> dict[str, TeacherRows] | None:
        """The named tensors of its inside for every row of a split, from the cache; None where they cannot be kept there.

        Raises StopAsked.
        """
        return self.answers.inside(split, names)

    def model(self) -> PreTrainedModel:
        """The live model, loaded if it is not; torch's random numbers are left as they were."""
        return self.answers.model()

    def release(self) -> None:
        """Let go of the model and its memory."""
        self.answers.release()


def prepare_teacher(
    config: TeacherConfig,
    task: Task,
    data: TaskData,
    vocabulary: int,
    max_length: int,
    home: Path,
    device: torch.device,
    precision: torch.dtype | None,
    emit: Emit,
    stop_requested: Callable[[], bool],
    cache: ArrayCache | None = None,
    keeper: Keeper | None = None,
    logged_to: int = 0,
) -> Teacher | None:
    """The teacher with its measured score; None if a stop was asked for meanwhile. Raises ModelError.

    Of processes that need the same fine-tuned teacher at once one trains it, and the others wait for it.
    With a ``keeper`` its fine-tuning goes on from the last checkpoint, if there is one. ``logged_to`` is the last step of it in
    the run's curves, 0 if none is.
    """
    maker = _Maker(config, task, data, device, precision, emit, stop_requested, cache, keeper, logged_to)
    try:
        if config.training == "as_is":
            return maker.as_it_is()
        if layers_and_hidden(config.model) is None and not _is_here(config):
            emit(Phase("downloading the teacher"))
            # Into the hub's cache, so that the key below rests on the weights themselves.
            load_classifier(config.model, task, "teacher.model", weights_only=config.weights_only, trained_head=False)
        kept = home / "teachers" / teacher_key(config, task, data, max_length)
        if _is_whole(kept):
            return maker.kept(kept)
        lock = lock_file(home / "cache", kept.name)
        with only_one(lock, maker.tell_waiting, stop_requested):
            if _is_whole(kept):  # by another process, meanwhile
                return maker.kept(kept)
            maker.remove_damaged(kept)
            teacher = maker.fine_tuned(kept, vocabulary)
            with suppress(OSError):  # it is kept now: nobody needs the lock any more, and who waits for it looks first
                lock.unlink(missing_ok=True)
            return teacher
    except StopAsked:
        return None


@dataclass(frozen=True)
class _Maker:
    """The three ways to a teacher, and what all of them need."""

    config: TeacherConfig
    task: Task
    data: TaskData
    device: torch.device
    precision: torch.dtype | None  # of its answers; it is fine-tuned, and scored for that, in float32
    emit: Emit
    stop_requested: Callable[[], bool]
    cache: ArrayCache | None
    keeper: Keeper | None = None
    logged_to: int = 0

    def tell_waiting(self) -> None:
        self.emit(Phase("waiting for the teacher"))
        self.emit(Log("Another process is fine-tuning the same teacher; waiting for it."))

    def remove_damaged(self, kept: Path) -> None:
        """Make room for the same teacher anew; raises ModelError where the disk refuses."""
        if not kept.exists():
            return
        self.emit(Log(f"The teacher kept in {kept} is damaged and is fine-tuned again."))
        try:
            shutil.rmtree(kept)
        except OSError as error:
            raise ModelError(f"The damaged teacher in {kept} cannot be removed: {error.strerror or error}.") from error

    def as_it_is(self) -> Teacher:
        model = None
        if not _is_here(self.config):  # into the hub's cache, so that the answers' key rests on the weights themselves
            model = self._load(self.config.model, "loading the teacher")
        answers = self._answers(self.config.model, "loading the teacher", model)
        scores = self._measured(answers.logits)
        if answers.output_order:
            self.emit(Log(f"The teacher's classes stand in another order; read as {', '.join(self.task.labels)}."))
        return self._teacher(scores, None, answers)

    def kept(self, kept: Path) -> Teacher:
        self.emit(Log(f"Teacher: fine-tuned before with the same inputs, kept in {kept}."))
        steps = self._batches().steps_per_epoch * self.config.epochs
        if 0 < self.logged_to < steps:
            came = f"This run itself had come to step {self.logged_to} of {steps} of the same fine-tuning"
            self.emit(Log(f"{came}: its curves of it end there, while the score is of the whole."))
        answers = self._answers(str(kept), "loading the fine-tuned teacher")
        with suppress(OSError):
            os.utime(kept / "scores.json")  # when it was used last, for who clears what was not used for long
        # Measured when it was trained, on the same rows: the key says so.
        return self._teacher(kept_scores(kept, self.task) or self._measured(answers.logits), kept, answers)

    def fine_tuned(self, kept: Path, vocabulary: int) -> Teacher:
        from engine import catalog
        from engine.losses.objective import Objective

        config, task, data, device = self.config, self.task, self.data, self.device
        model = untrained_teacher(config, task, vocabulary, data.teacher_tokenizer.pad_token_id)
        data.must_fit(model, "teacher", "teacher.model")
        evaluation = {name: data.splits[name] for name in task.evaluation_splits}
        none = catalog.losses()["none"]
        portions = Portions(device, lambda text: self.emit(Log(text)))
        epochs = f"{config.epochs} epoch{'s' if config.epochs != 1 else ''}"
        self.emit(Log(f"Teacher: fine-tuning {config.model} for {epochs}."))
        fitted = fit(
            Learner(
                model,
                Objective(none, LossSettings(kind="none"), task.kind),
                data.train.target_tensor(),
                used=data.train.used("teacher"),
            ),
            self._batches(),
            lambda trained: evaluate(trained, task, evaluation, device, None, "teacher", self.stop_requested, portions),
            Course(config.epochs, config.learning_rate),
            device,
            self.emit,
            self.stop_requested,
            stage=TEACHER_STAGE,
            keeper=self.keeper,
        )
        if fitted.stopped:
            raise StopAsked
        if fitted.best_state is not None:
            model.load_state_dict(fitted.best_state)
        if (seen := fitted.evaluated.get(fitted.best_step or 0)) is not None:
            scores = seen.scores
        else:
            stop = self._stop_between_batches
            scores = self._measured(lambda split: predict(model, split, device, None, "teacher", stop, portions))
        if self.keeper is not None and not self.keeper.settle(self.stop_requested):
            raise StopAsked  # a run that finds its teacher kept logs nothing of its fine-tuning again
        live = model if _keep(model, scores, config, kept, self.emit, self.stop_requested) else None
        return self._teacher(scores, kept, self._answers(str(kept), "loading the fine-tuned teacher", live))

    def _batches(self) -> TrainingBatches:
        size = BatchSize(self.config.batch_size, pad_to=padding_multiple(self.device))
        return self.data.train.training_batches(size, self.config.seed, "teacher")

    def _stop_between_batches(self, rows_done: int) -> None:
        if self.stop_requested():
            raise StopAsked

    def _answers(self, reference: str, phase: str, model: PreTrainedModel | None = None) -> Answers:
        content = _content(reference, self.config.weights_only) if self.cache is not None else None

        def load() -> PreTrainedModel:
            loaded = self._load(reference, phase)
            if content is not None and _content(reference, self.config.weights_only) != content:
                raise ModelError(f"teacher.model: {reference} has changed while it was read; start the run again.")
            return loaded

        return Answers(
            load, content, self.config.model, self.task, self.device, self.precision, self.cache, self.emit,
            self.stop_requested, model,
            lambda: room_for_another(look_at_model(reference, self.config.weights_only).weights, self.device),
        )  # fmt: skip

    def _load(self, reference: str, phase: str) -> PreTrainedModel:
        self.emit(Phase(phase))
        model = load_classifier(
            reference, self.task, "teacher.model", weights_only=self.config.weights_only, trained_head=True
        )
        self.data.must_fit(model, "teacher", "teacher.model")
        return model

    def _measured(self, logits_of: Callable[[Split], NDArray[np.float32]]) -> Scores:
        self.emit(Phase("scoring the teacher"))
        evaluation = {name: self.data.splits[name] for name in self.task.evaluation_splits}
        return evaluate_logits(self.task, evaluation, logits_of).scores

    def _teacher(self, scores: Scores, folder: Path | None, answers: Answers) -> Teacher:
        for split, found in scores.items():
            for metric, value in found.items():
                self.emit(Score("teacher", split, metric, value))
        return Teacher(scores, fmean(found[self.task.key_metric] for found in scores.values()), folder, answers)


def _content(reference: str, weights_only: bool) -> str | None:
    """The hash of a model's files, None where there are none on this machine."""
    facts = look_at_model(reference, weights_only, "teacher.model")
    return None if facts.folder is None else content_hash([*facts.weights, facts.folder / "config.json"])


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


def _is_whole(kept: Path) -> bool:
    """Whether a teacher is kept there, and is what was written; one of an earlier version, without a checksum, is believed."""
    try:
        note = json.loads((kept / "scores.json").read_text(encoding="utf-8"))
        return "checksum" not in note or note["checksum"] == _checksum(kept, note)
    except (OSError, ValueError, TypeError):
        return False


def _checksum(folder: Path, note: Mapping[str, Any]) -> str:
    """The SHA-256 over a kept teacher's weights, configuration and note. Raises OSError."""
    files = content_hash([*folder.glob("*.safetensors"), folder / "config.json"])
    told = {name: value for name, value in note.items() if name != "checksum"}
    return hashlib.sha256(json.dumps([files, told], sort_keys=True).encode()).hexdigest()


def kept_scores(folder: Path, task: Task) -> Scores | None:
    """The scores a kept teacher was measured with; None where the note of them is damaged, so that it is measured again."""
    try:
        scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))["scores"]
        return {
            name: {metric: float(scores[name][metric]) for metric in task.metrics} for name in task.evaluation_splits
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(
    model: PreTrainedModel,
    scores: Scores,
    config: TeacherConfig,
    folder: Path,
    emit: Emit,
    stop_requested: Callable[[], bool],
) -> bool:
    """Keep a teacher in ``folder``: whole, or not there. False if another process was faster. A disk that refuses is waited for.

    Raises StopAsked if a stop was asked for meanwhile.
    """
    from safetensors import SafetensorError

    def write(part: Path) -> None:
        model.save_pretrained(part)
        note: dict[str, Any] = {"scores": scores, "model": config.model}
        note["checksum"] = _checksum(part, note)
        (part / "scores.json").write_text(json.dumps(note, indent=1), encoding="utf-8")

    try:
        write_whole(
            folder, write, "The fine-tuned teacher", emit, replaces=False, makes_parent=True, given_up=stop_requested
        )
        return True
    except (OSError, SafetensorError) as error:
        if not (folder / "scores.json").is_file():  # another process may have kept the same one first
            if stop_requested():
                raise StopAsked from None
            raise ModelError(
                f"The fine-tuned teacher cannot be kept in {folder}: {reason_of(error)}. Make room, or mend the disk, and "
                "resume the run: it goes on from its last checkpoint."
            ) from error
        return False
