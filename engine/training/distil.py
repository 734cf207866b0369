"""One run from its configuration to a kept student. Knows no store and no window: it is handed ``emit`` and asked to stop."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine import __version__, catalog
from engine.config import DistillationConfig, TeacherConfig, TrainingConfig, formula_of, sources_of
from engine.data.array_cache import ArrayCache, StopAsked
from engine.data.batches import BatchSize, collate, order_of_epoch, padding_multiple, valid_tokens
from engine.data.split import Split, TaskData, load_task_data
from engine.device import choose_device, choose_precision, choose_threads
from engine.errors import DataError
from engine.events import Emit, Facts, Log, Phase, Score, Unscored
from engine.losses.objective import Objective
from engine.models.compiled import rung
from engine.models.recompute import recompute_layers
from engine.models.skeleton import student_skeleton, teacher_skeleton
from engine.models.student import build_student
from engine.models.tensors import body_of
from engine.seeding import determine, leave_determinism_open, seed_everything
from engine.training.best import Best
from engine.training.compiling import Rehearsal, choose_compiling
from engine.training.curves import Diverged
from engine.training.evaluate import evaluate
from engine.training.inside import Inside, KeptInside, LiveInside, Wanted, listed
from engine.training.keeper import EVERY_S, FLUSH_S, Keeper
from engine.training.lesson import FeatureLesson, must_align, must_fit, wanted_of
from engine.training.loop import STUDENT_STAGE, Course, Scores, fit
from engine.training.portions import Portions
from engine.training.step import Learner
from engine.training.teaching import Teacher, prepare_teacher
from engine.training.whole_folder import PATIENCE_S, reason_of, write_whole

STOPPED_PATIENCE_S = 30.0  # for a disk that refuses, of a run whose person waits for its end

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Outcome:
    """How a run ended: ``stopped`` if it was asked to; ``student`` is the folder of the kept student, None if there is none."""

    stopped: bool
    student: Path | None
    score: float | None
    goes_on_from: int | None = None
    """The step of the checkpoint from which a paused run goes on, where no newer one could be written; else None."""


def distil(
    config: DistillationConfig,
    home: Path,
    folder: Path,
    emit: Emit,
    stop_requested: Callable[[], bool],
    *,
    pausing: Callable[[], bool] = lambda: False,
    flush: Callable[[float], bool] = lambda seconds: True,
    checkpoint_every_s: float = EVERY_S,
    teacher_logged_to: int = 0,
) -> Outcome:
    """Train the student of ``config`` and keep it in ``folder``/student; goes on from ``folder``/checkpoints if it can.

    A stop that is a pause (``pausing``) ends after a checkpoint, without a student. ``flush(seconds)`` waits until all that
    was emitted is stored and tells whether it is. ``teacher_logged_to`` is the last step of the teacher's fine-tuning in the
    run's curves, as far as an earlier attempt came. Raises EngineError for what a person can mend.
    """
    import torch

    task = catalog.tasks()[config.task.name]
    loss = catalog.losses()[config.loss.kind]
    leave_determinism_open()
    device, reason = choose_device(config.training.device)
    if device.type == "cpu":
        threads, threads_reason = choose_threads(config.training.threads, home)
        torch.set_num_threads(threads)
        reason += f" · {threads} thread{'s' if threads != 1 else ''}, {threads_reason}"
    else:
        torch.set_float32_matmul_precision("high")  # TF32 for what stays in float32
    precision, precision_reason = choose_precision(config.training.precision, device)
    reason += f" · {precision_reason}"
    if repeats := determine(config.training.deterministic, device):
        reason += f" · {repeats}"
    emit(Facts({"device": str(device), "device_reason": reason, "key_metric": task.key_metric}))
    emit(Log(f"Device: {device} ({reason})."))

    emit(Phase("loading data"))
    cache = ArrayCache(home / "cache", lambda text: emit(Log(text)))
    try:
        data = load_task_data(config, task, cache, stop_requested)
    except StopAsked:
        return Outcome(True, None, None)
    for line in data.remarks:
        emit(Log(line))
    evaluation = {name: data.splits[name] for name in task.evaluation_splits}
    emit(Facts({"train_rows": len(data.train), "evaluation_rows": sum(map(len, evaluation.values()))}))

    identity = {"configuration": hashlib.sha256(config.to_toml().encode()).hexdigest(), "rows": data.fingerprint}
    keeper = Keeper(folder / "checkpoints", identity, emit, flush, checkpoint_every_s)
    must_align(config.features, data.same_tokens)
    wanted = must_have_tensors(config, data)
    if config.training.recompute:  # a kind that cannot is refused before a teacher is trained or asked
        recompute_layers(student_skeleton(config, data.task, data.student_vocabulary))
    teacher: Teacher | None = None
    teacher_logits = None
    train = data.train
    if config.needs_teacher:
        assert config.teacher is not None
        teacher = prepare_teacher(
            config.teacher,
            task,
            data,
            data.teacher_vocabulary,
            config.task.max_length,
            home,
            device,
            precision,
            emit,
            stop_requested,
            cache,
            keeper,
            teacher_logged_to,
        )
        if teacher is None:
            return Outcome(True, None, None)
        emit(Facts({"teacher_score": teacher.key_score}))
        emit(Log(f"Teacher: {task.key_metric} {teacher.key_score:.4f} on the evaluation rows."))
        if loss.needs_teacher:
            emit(Phase("asking the teacher"))
            answers = teacher.logits(data.train)
            if answers is None:
                return Outcome(True, None, None)
            teacher_logits = torch.from_numpy(answers)
        if wanted is not None:
            try:
                train = _with_inside(config.teacher, wanted, teacher, train, emit)
            except StopAsked:
                return Outcome(True, None, None)
        emit(Facts({"teacher_parameters": teacher.parameters}))
        if wanted is None or train.teacher_rows is not None:
            teacher.release()  # its memory is the student's now

    seed_everything(config.training.seed)
    student = build_student(config, task, data.student_vocabulary, data.student_tokenizer.pad_token_id)
    data.must_fit(student, "student", "student.architecture")
    if config.training.recompute:
        recompute_layers(student)
    emit(Facts({"parameters": sum(parameter.numel() for parameter in student.parameters())}))
    size = batch_size(config.training, device)
    batches = train.training_batches(size, config.training.seed, "student", config.training.epochs)
    if size.tokens:
        rows = len(data.train) / batches.steps_per_epoch
        emit(Facts({"batch_size": round(rows)}))
        steps = f"{batches.steps_per_epoch:,} an epoch"
        emit(Log(f"Batches: {steps}, each of up to {size.tokens:,} tokens, {rows:.1f} rows on average."))
    features = None
    if teacher is not None and wanted is not None:
        if train.teacher_rows is None:
            inside: Inside = LiveInside(teacher.model(), device, precision)
        else:
            inside = KeptInside(wanted.body, wanted.trunk, teacher.answers.output_order)
        features = begin_lesson(config, student, inside, train, device)
    choice = choose_compiling(
        config,
        cast("nn.Module", student).to(device),
        lambda: _rehearsal(config, data, size, batches.steps_per_epoch, precision, device),
        device,
        home,
        folder,
    )
    emit(Log(f"{choice.reason[0].upper()}{choice.reason[1:]}."))
    if device.type == "cuda":
        emit(Facts({"device_reason": f"{reason} · {choice.reason}"}))
    best = Best(config.training.patience, config.training.min_delta)
    portions = Portions(device, lambda text: emit(Log(text)))
    try:
        fitted = fit(
            Learner(
                student,
                Objective(loss, config.loss, task.kind),
                data.train.target_tensor(),
                teacher_logits,
                features,
                data.train.used("student"),
                choice.compiled,
            ),
            batches,
            lambda trained: evaluate(trained, task, evaluation, device, precision, "student", stop_requested, portions),
            course_of(config.training, precision),
            device,
            emit,
            stop_requested,
            stage=replace(STUDENT_STAGE, rests_on={"teacher": teacher.answers.content} if teacher is not None else {}),
            keeper=keeper,
            best=best,
        )
    except Diverged as error:
        raise Diverged(f"{error} {_kept_of(best, student, config, data, folder, emit, flush, keeper)}") from error
    finally:
        if features is not None:
            features.close()
        if choice.compiled is not None:
            choice.compiled.close()
    goes_on_from = (keeper.kept_step or 0) if keeper.kept_step != fitted.steps else None
    if fitted.stopped and pausing():
        return Outcome(True, None, None, goes_on_from)

    if config.training.keep == "best" and fitted.best_state is not None:
        student.load_state_dict(fitted.best_state)
    step = fitted.best_step if config.training.keep == "best" and fitted.best_step else fitted.steps
    tests = {name: data.splits[name] for name in task.test_splits if name in data.splits}
    stop_scoring = (lambda: False) if fitted.stopped else stop_requested
    try:
        seen = fitted.evaluated.get(step)  # of the same weights: nothing has to be computed twice
        if seen is None or tests:
            emit(Phase("scoring the student"))
        if seen is None:
            seen = evaluate(student, task, evaluation, device, precision, "student", stop_scoring, portions)
        scores = dict(seen.scores)
        if tests:
            scores |= evaluate(student, task, tests, device, precision, "student", stop_scoring, portions).scores
    except StopAsked:
        if pausing():
            return Outcome(True, None, None, goes_on_from)
        _void_earlier_scores(folder, emit, flush)
        kept = keep_student(student, data, config, folder, {}, emit, STOPPED_PATIENCE_S)
        emit(Log(f"Stopped before the student of step {step} was scored; it is kept in {kept}."))
        keeper.trim()
        return Outcome(True, kept, fitted.best_score)
    _void_earlier_scores(folder, emit, flush)
    patience_s = STOPPED_PATIENCE_S if fitted.stopped else PATIENCE_S
    kept = keep_student(student, data, config, folder, scores, emit, patience_s, given_up=stop_scoring)
    for split, found in scores.items():
        for metric, value in found.items():
            emit(Score("student", split, metric, value))
    emit(Facts({"best_score": seen.key, "best_step": step}))
    emit(Log(f"Student: {task.key_metric} {seen.key:.4f} (step {step}), kept in {kept}."))
    keeper.trim()
    return Outcome(fitted.stopped, kept, seen.key)


def _kept_of(
    best: Best,
    student: PreTrainedModel,
    config: DistillationConfig,
    data: TaskData,
    folder: Path,
    emit: Emit,
    flush: Callable[[float], bool],
    keeper: Keeper,
) -> str:
    """Keep the best student of a training that has gone astray; says what there is of it, in sentences."""
    said = []
    if best.weights is not None and best.score is not None and math.isfinite(best.score):
        student.load_state_dict(best.weights)
        try:
            _void_earlier_scores(folder, emit, flush)
            keep_student(student, data, config, folder, {}, emit, STOPPED_PATIENCE_S)
            said.append(f"The best student until then, of step {best.step}, is kept.")
        except DataError as error:
            said.append(str(error))
    if keeper.kept_step is not None:
        said.append(f"Resumed, the run goes on from its checkpoint of step {keeper.kept_step}, with the same settings.")
    return " ".join(said) or "Nothing had been evaluated or kept before that step."


def _void_earlier_scores(folder: Path, emit: Emit, flush: Callable[[float], bool]) -> None:
    """The student that a stop kept takes its scores along: whatever happens now, no other one is ever said to have them."""
    if (folder / "student").is_dir():
        emit(Unscored("student"))
        flush(FLUSH_S)


def batch_size(training: TrainingConfig, device: torch.device) -> BatchSize:
    """How much the student's batches may hold."""
    return BatchSize(training.batch_size, training.batch_tokens, padding_multiple(device))


def course_of(training: TrainingConfig, precision: torch.dtype | None) -> Course:
    """What the loop must know of a configuration."""
    names = {field.name for field in fields(Course)} - {"precision"}
    return Course(**training.model_dump(include=names), precision=precision)


def _rehearsal(
    config: DistillationConfig,
    data: TaskData,
    size: BatchSize,
    steps_per_epoch: int,
    precision: torch.dtype | None,
    device: torch.device,
) -> Rehearsal:
    """What the student's batches are like: a full one of middling length, and all lengths that they are padded to."""
    encoding = data.train.encodings["student"]
    order = order_of_epoch(encoding.lengths, size, config.training.seed, 0)
    full = [rows for rows in order if len(rows) == len(max(order, key=len))]
    full.sort(key=lambda rows: int(encoding.lengths[rows].max()))
    batch = collate(encoding, full[len(full) // 2], size.pad_to)
    return Rehearsal(
        {name: values.to(device) for name, values in batch.inputs.items()},
        batch.padded > 0,
        steps_per_epoch * config.training.epochs,
        frozenset(rung(int(encoding.lengths[rows].max())) for rows in full),
        precision,
    )


def begin_lesson(
    config: DistillationConfig, student: PreTrainedModel, inside: Inside, train: Split, device: torch.device
) -> FeatureLesson:
    """The feature terms of a run, with projectors for the widths seen on a few rows. Raises ModelError where they do not fit."""
    lesson = FeatureLesson(config.features, student, inside, device, config.training.seed, valid_tokens)
    look = train.look(2)
    lesson.make_projectors(
        student, *({k: v.to(device) for k, v in part.items()} for part in (look.inputs, look.teacher_inputs))
    )
    return lesson


def _with_inside(config: TeacherConfig, wanted: Wanted, teacher: Teacher, train: Split, emit: Emit) -> Split:
    """The rows with the teacher's tensors that feature terms read, where these can be kept; else as they are, and the log says
    what is asked of the live teacher. Raises StopAsked."""
    names, why = listed(wanted.names), "teacher.keep is “logits”"
    if config.keep == "tensors":
        emit(Phase("reading the teacher's tensors"))
        kept = teacher.inside(train, wanted.names)
        if kept is not None:
            return replace(train, teacher_rows=kept)
        why = "they could not be kept"
    emit(Log(f"Each step asks the live teacher for {names}, as {why}."))
    return train


def must_have_tensors(config: DistillationConfig, data: TaskData) -> Wanted | None:
    """What the feature terms read of the teacher, None without any. Raises ModelError where a term names a tensor that a model
    lacks: said before a teacher is trained or asked."""
    if not config.features or config.teacher is None:
        return None
    own = config.teacher
    teacher = teacher_skeleton(own.model, data.task, data.teacher_vocabulary, own.weights_only)
    plans = must_fit(config.features, student_skeleton(config, data.task, data.student_vocabulary), teacher)
    return Wanted(wanted_of(plans), body_of(teacher, "teacher.model"), teacher.base_model_prefix)


def keep_student(
    student: PreTrainedModel,
    data: TaskData,
    config: DistillationConfig,
    folder: Path,
    scores: Scores,
    emit: Emit,
    patience_s: float = PATIENCE_S,
    given_up: Callable[[], bool] = lambda: False,
) -> Path:
    """Write ``folder``/student as a Hugging Face folder, whole and on the disk when this returns.

    A disk that refuses is waited for, at most ``patience_s`` and until it is ``given_up``; then raises DataError.
    """
    from safetensors import SafetensorError

    kept = folder / "student"

    def write(part: Path) -> None:
        student.cpu().save_pretrained(part)
        data.save_student_tokenizer(part)
        record = {
            "program": __version__, "config": config.to_dict(), "formula": formula_of(config.loss, config.features),
            "sources": sources_of(config.loss, config.features), "scores": scores,
        }  # fmt: skip
        (part / "distillation.json").write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")

    try:
        write_whole(kept, write, "The student", emit, patience_s=patience_s, given_up=given_up)
    except (OSError, SafetensorError) as error:
        raise DataError(
            f"The student cannot be kept in {kept}: {reason_of(error)}. Make room, or mend the disk, and resume the run: it "
            "goes on from its last checkpoint."
        ) from error
    return kept
