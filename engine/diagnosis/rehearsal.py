"""Builds the student and rehearses its training: loss terms at step 0, memory, a few timed steps. All of it is thrown away."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine import catalog
from engine.data.batches import BatchSize
from engine.diagnosis.bench import Bench, Examination
from engine.diagnosis.loss_terms import measure, terms_findings
from engine.diagnosis.memory import Phase, activation_bytes, free_bytes, memory_finding, training_bytes
from engine.diagnosis.models import TeacherAtHand
from engine.diagnosis.sample import by_length, part_of
from engine.diagnosis.teacher_inside import judge_inside
from engine.diagnosis.timing import Forecast, Speed, pass_speed, step_speed, time_finding, tokens_per_row
from engine.losses.objective import Objective
from engine.models.recompute import recompute_layers
from engine.models.student import build_student
from engine.seeding import seed_everything
from engine.training.distil import batch_size, begin_lesson, course_of
from engine.training.evaluate import predict
from engine.training.inside import LiveInside
from engine.training.lesson import FeatureLesson, named_terms
from engine.training.loop import Course
from engine.training.step import Learner
from engine.types import LossSettings

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel


def judge_training(
    bench: Bench,
    teacher: TeacherAtHand | None,
    speed: Speed | None,
    base: int,
    steps: int | None,
    home: Path,
    examination: Examination,
) -> None:
    config = bench.config
    student = examination.attempt("student", "Student", "student.architecture", lambda: _student(bench))
    if student is None:
        return
    lesson, live = None, False
    if config.features and teacher is not None:
        look = examination.attempt(
            "features", "Features", "features", lambda: judge_inside(bench, student, teacher, home, examination)
        )
        if look is None:
            return
        bench, inside = look
        live = isinstance(inside, LiveInside)
        lesson = examination.attempt(
            "features", "Features", "features",
            lambda: begin_lesson(config, student, inside, bench.train, bench.device),
        )  # fmt: skip
        if lesson is None:
            return
    with lesson.student_tap.listening() if lesson else nullcontext():  # then it keeps more
        phases = [_student_phase(bench, student, teacher if live or bench.device.type == "cpu" else None)]
    _judge_terms(bench, student, teacher, lesson, examination)
    answered = speed or (
        pass_speed(teacher.model, bench.train, "teacher", bench.device, bench.precision) if teacher else None
    )
    evaluated = pass_speed(student, bench.train, "student", bench.device, bench.precision)
    parts: list[str] = []
    size = batch_size(config.training, bench.device)
    trained = step_speed(
        Learner(student, bench.objective, bench.train.target_tensor(), _made_up(bench), lesson),
        course_of(config.training, bench.precision), bench.train, "student", size, bench.device,
        parts.append,
    )  # fmt: skip
    if lesson is not None:
        lesson.close()
    teaching = 0.0
    if teacher is not None and teacher.state == "untrained" and answered is not None:
        phases.append(_teacher_phase(bench, teacher))
        teaching = _teacher_training(bench, teacher, answered)
    examination.tell(memory_finding(phases, base, free_bytes(bench.device), str(bench.device), parts))
    passes = bench.objective.loss.needs_teacher + (bench.train.teacher_rows is not None)
    rows = len(bench.sample.labels[bench.task.train_split])
    times = config.training.epochs * config.training.evaluations_per_epoch + 1
    forecast = Forecast(
        steps or _steps(bench, size, rows),
        trained.seconds,
        teaching,
        passes * answered.for_rows(rows, tokens_per_row(bench.train, "teacher")) if answered else 0.0,
        _evaluation(bench, evaluated, "student") * times,
    )
    examination.tell(time_finding(forecast, str(bench.device), bench.threads))


def _steps(bench: Bench, size: BatchSize, rows: int) -> int:
    """Of the whole training, counted up from those that the sampled rows would need."""
    sampled = bench.train.training_batches(size, bench.config.training.seed, "student").steps_per_epoch
    return max(1, round(sampled / len(bench.train) * rows)) * bench.config.training.epochs


def _student(bench: Bench) -> PreTrainedModel:
    """The student as a run would begin with it, on the device. Raises ModelError."""
    data = bench.sample.data
    seed_everything(bench.config.training.seed)
    student = build_student(bench.config, bench.task, data.student_vocabulary, data.student_tokenizer.pad_token_id)
    data.must_fit(student, "student", "student.architecture")
    if bench.config.training.recompute:
        recompute_layers(student)
    return cast("PreTrainedModel", cast("nn.Module", student).to(bench.device))


def _made_up(bench: Bench) -> Tensor | None:
    """Logits in place of a teacher's for all sampled rows: they cost the same."""
    import torch

    if not bench.objective.loss.needs_teacher:
        return None
    return torch.randn((len(bench.train), bench.task.outputs), generator=torch.Generator().manual_seed(0))


def _judge_terms(
    bench: Bench,
    student: PreTrainedModel,
    teacher: TeacherAtHand | None,
    lesson: FeatureLesson | None,
    examination: Examination,
) -> None:
    """Tell the sizes of the loss terms on one batch of middling length."""
    import torch

    groups = by_length(bench.train, "student", batch_size(bench.config.training, bench.device))
    rows = groups[len(groups) // 2]
    if bench.device.type == "cpu":
        rows = rows[:32]  # enough to see sizes by
    part = part_of(bench.train, rows)
    batch = part.look(len(part))
    theirs = None
    if teacher is not None and bench.objective.loss.needs_teacher:
        theirs = torch.from_numpy(predict(teacher.model, part, bench.device, bench.precision, "teacher")).to(
            bench.device
        )
    inputs, teacher_inputs = (
        {name: values.to(bench.device) for name, values in found.items()}
        for found in (batch.inputs, batch.teacher_inputs)
    )
    targets = part.target_tensor().to(bench.device)
    found = measure(student, inputs, teacher_inputs, targets, theirs, bench.objective, lesson, bench.precision)
    features = [(name, settings) for name, _, settings in named_terms(bench.config.features)]
    findings = terms_findings(found, teacher is None or teacher.state != "untrained", features)
    notice = next(
        (said for said in examination.diagnosis.findings if said.check == "config" and said.key == "loss.kind"), None
    )
    if notice is not None:  # the reason is known already: it is told once, with what was measured
        told = [one for one in findings if one.check == "teacher_influence" and one.level == "look"]
        findings = [one for one in findings if one not in told]
        if told:
            examination.drop("config", "loss.kind")
            findings.append(replace(told[0], text=notice.text, remedy=notice.remedy))
    examination.tell(*findings)


def _student_phase(bench: Bench, student: PreTrainedModel, beside: TeacherAtHand | None) -> Phase:
    """``beside`` is the teacher where it is in memory meanwhile, or may still be."""
    encoding = bench.train.encodings["student"]
    whole = batch_size(bench.config.training, bench.device).rows_of(int(encoding.lengths.max()))
    rows = -(-whole // bench.config.training.accumulate)
    return Phase(
        "student",
        training_bytes(sum(parameter.numel() for parameter in student.parameters()), bench.device),
        activation_bytes(student, encoding, rows, bench.device, bench.precision),
        beside.parameters * 4 if beside else 0,
    )


def _teacher_phase(bench: Bench, teacher: TeacherAtHand) -> Phase:
    assert bench.config.teacher is not None
    encoding = bench.train.encodings["teacher"]
    kept = activation_bytes(teacher.model, encoding, bench.config.teacher.batch_size, bench.device, None)
    return Phase("teacher", training_bytes(teacher.parameters, bench.device), kept, 0)


def _teacher_training(bench: Bench, teacher: TeacherAtHand, answered: Speed) -> float:
    """Seconds of its fine-tuning, evaluations counted."""
    settings = bench.config.teacher
    assert settings is not None
    none = Objective(catalog.losses()["none"], LossSettings(kind="none"), bench.task.kind)
    step = step_speed(
        Learner(teacher.model, none, bench.train.target_tensor()),
        Course(settings.epochs, settings.learning_rate), bench.train, "teacher", BatchSize(settings.batch_size), bench.device,
    )  # fmt: skip
    rows = len(bench.sample.labels[bench.task.train_split])
    steps = -(-rows // settings.batch_size) * settings.epochs
    return steps * step.seconds + _evaluation(bench, answered, "teacher") * (settings.epochs + 1)


def _evaluation(bench: Bench, speed: Speed, reader: str) -> float:
    """Seconds of one scoring of all evaluation rows."""
    return sum(
        speed.for_rows(len(bench.sample.labels[name]), tokens_per_row(bench.sample.data.splits[name], reader))
        for name in bench.task.evaluation_splits
    )
