"""What is wrong between keys that are each right by themselves; looks at no file and no model."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine import catalog
from engine.config.references import layers_and_hidden
from engine.config.sections import DistillationConfig
from engine.errors import Fault

Finding = tuple[tuple[str, ...], Fault]  # the keys the finding rests on, and the finding


def cross_faults(config: DistillationConfig, faulty: Collection[str] = ()) -> list[Fault]:
    """The faults between keys. A finding that rests on one of the ``faulty`` keys is left out: it may be no fault."""
    findings = [*_loss(config), *_teacher_wanted(config), *_student(config), *_teacher(config)]
    return [fault for keys, fault in findings if not any(_covers(bad, key) for bad in faulty for key in keys)]


def _covers(bad: str, key: str) -> bool:
    return key == bad or key.startswith(f"{bad}.")


def _loss(config: DistillationConfig) -> Iterator[Finding]:
    loss, task = catalog.losses()[config.loss.kind], catalog.tasks().get(config.task.name)
    if task is None:  # stood in for: the task itself is a fault already
        return
    if task.kind not in loss.kinds:
        fit = ", ".join(name for name, other in catalog.losses().items() if task.kind in other.kinds)
        defined, kind = " and ".join(loss.kinds).replace("_", "-"), task.kind.replace("_", "-")
        text = f"“{loss.name}” is defined for {defined}, and {task.title} is {kind}; choose one of {fit}"
        yield ("loss.kind", "task.name"), Fault("loss.kind", text)
    if task.outputs <= 2 and getattr(config.loss, "standardise", False):
        lost = "one output, and one number has no spread"
        if task.outputs == 2:
            lost = (
                "two classes, and two numbers standardised are always ±0.71: the teacher's loss would have no gradient"
            )
        text = f"{task.title} has {lost}; leave it off"
        yield ("loss.standardise", "task.name"), Fault("loss.standardise", text)


def _teacher_wanted(config: DistillationConfig) -> Iterator[Finding]:
    if config.teacher is not None:
        return
    loss, student = catalog.losses()[config.loss.kind], config.student
    for number, term in enumerate(config.features, 1):
        text = (
            f"the feature loss “{term.kind}” compares with a teacher; add [teacher] with a model, or take the term out"
        )
        yield ("teacher.model", f"features.{number}"), Fault(f"features.{number}.kind", text)
    if loss.needs_teacher:
        text = f'the loss “{loss.name}” needs a teacher; add [teacher] with a model, or choose loss.kind = "none"'
        yield ("teacher.model", "loss.kind"), Fault("teacher", text)
    if student.init == "layers":
        text = "“layers” takes layers of the teacher's model; add [teacher] or choose “random”"
        yield ("teacher.model", "student.init"), Fault("student.init", text)
    if layers_and_hidden(student.architecture) and student.tokenizer is None:
        text = "without a teacher the student needs a tokenizer: a folder or hub id"
        keys = ("teacher.model", "student.architecture", "student.tokenizer")
        yield keys, Fault("student.tokenizer", text)


def _student(config: DistillationConfig) -> Iterator[Finding]:
    student = config.student
    shape = layers_and_hidden(student.architecture)
    keys = ("student.architecture", "student.init")
    if shape is None:
        yield from _student_with_weights(config)
        return
    for text in _shape_faults(shape):
        yield ("student.architecture",), Fault("student.architecture", text)
    if student.init == "pretrained":
        text = (
            f"{student.architecture} has no pre-trained weights of its own; name a hub id or folder as "
            "student.architecture, or choose “random” or “layers”"
        )
        yield keys, Fault("student.init", text)
    if student.init != "layers" and student.heads and shape[1] % student.heads:
        text = f"{student.heads} heads do not divide the hidden size {shape[1]}; choose a divisor of it"
        yield (*keys, "student.heads"), Fault("student.heads", text)


def _student_with_weights(config: DistillationConfig) -> Iterator[Finding]:
    student = config.student
    if student.init != "pretrained":
        text = (
            f'{student.architecture} is a model with weights; choose init = "pretrained", '
            "or an architecture such as 2x128"
        )
        yield ("student.architecture", "student.init"), Fault("student.init", text)
    for name in ("heads", "feed_forward"):
        if getattr(student, name) is not None:
            text = f"{student.architecture} is a model with weights and brings its own; take the key out"
            yield ("student.architecture", f"student.{name}"), Fault(f"student.{name}", text)


def _teacher(config: DistillationConfig) -> Iterator[Finding]:
    teacher, student = config.teacher, config.student
    shape = layers_and_hidden(teacher.model) if teacher is not None else None
    if teacher is None or shape is None:
        return
    for text in _shape_faults(shape):
        yield ("teacher.model",), Fault("teacher.model", text)
    if teacher.training != "fine_tune" and config.needs_teacher:
        text = f'{teacher.model} has no weights yet; choose "fine_tune"'
        yield ("teacher.model", "teacher.training", "loss.kind"), Fault("teacher.training", text)
    if teacher.tokenizer is None:
        text = f"{teacher.model} has no tokenizer of its own; give a folder or hub id"
        yield ("teacher.model", "teacher.tokenizer"), Fault("teacher.tokenizer", text)
    if student.init == "layers":
        text = f"“layers” needs a teacher with weights; {teacher.model} has none before its training; choose “random”"
        yield ("teacher.model", "student.init"), Fault("student.init", text)


def _shape_faults(shape: tuple[int, int]) -> Iterator[str]:
    layers, hidden = shape
    if not 1 <= layers <= 96:
        yield f"must have 1 to 96 layers; it has {layers}"
    if not 8 <= hidden <= 8192:
        yield f"must have a hidden size from 8 to 8192; it has {hidden}"
