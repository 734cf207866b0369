"""What can be said of a run before it starts: everything that would stop it, and its sizes. Quick: torch is only
imported where a model's modules must be built.

Nothing is written and nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine import catalog
from engine.config import DistillationConfig, layers_and_hidden, notice_of
from engine.data.cache_room import room_limit
from engine.data.rows import Rows, load_rows, rows_are_local
from engine.data.split import tokenizer_references
from engine.errors import EngineError, Fault
from engine.models.folder import ModelFacts, has_tokenizer, is_local, look_at_model, same_tokenizer, vocabulary_size
from engine.models.shape import (
    EncoderShape,
    body_of_shape,
    default_feed_forward,
    default_heads,
    layers_shape,
    most_tokens,
    random_shape,
)
from engine.training.inside_notice import inside_bytes, inside_notice
from engine.training.likely_device import likely_device
from engine.types import Body, Task
from engine.visible import LONGEST_LINE, cut, visible

FIRST_ROWS = 64  # of each split, to see what the tokenizers make of them

Texts = tuple[list[str], ...]  # the columns of a split
Result = TypeVar("Result")


@dataclass
class Size:
    """Layers, hidden size, parameters and bytes of weights (float32) of a model; None where not known yet."""

    layers: int | None = None
    hidden: int | None = None
    parameters: int | None = None
    bytes: int | None = None


@dataclass
class Preview:
    """The findings. ``notices`` have a level (fine, look, stop), a sentence, the ``key`` it is about; ``rows`` counts by split."""

    ready: bool = False
    faults: list[dict[str, str]] = field(default_factory=list)
    teacher: Size | None = None
    student: Size | None = None
    rows: dict[str, int] = field(default_factory=dict)
    steps: int | None = None
    notices: list[dict[str, str]] = field(default_factory=list)
    device: str = ""
    device_reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def preview(
    config: DistillationConfig | None,
    faults: list[Fault],
    home: Path | None = None,
    thorough: bool = False,
    remember: bool = False,
) -> Preview:
    """Look at data, models and device of a configuration that may have ``faults`` already.

    ``home`` is where the run would keep what it asks of its teacher; None: the place that is looked from.
    ``thorough``: where nothing else stops it, also try all that the run will load (``rehearsal.py``). ``remember``: not again what
    went well before, by a note in the ``home``.
    """
    found = _Findings(Preview(), list(faults))
    result = found.preview
    likely = found.attempt("training.device", lambda: likely_device(config.training.device if config else "auto"))
    result.device, result.device_reason = likely or ("", "")
    found.attempt("environment", lambda: room_limit((home or Path()) / "cache"))
    if config is not None:
        task = catalog.tasks()[config.task.name]
        _look_at_rows(config, task, found)
        teacher = _look_at_teacher(config, task, found)
        student = _look_at_student(config, task, teacher, found)
        if teacher is not None and student is not None:
            _look_at_features(config, student, teacher, home or Path(), found)
        if thorough and found.texts and not found.faults:
            _rehearse(config, task, found, home if remember else None)
        notice = notice_of(config.loss, config.features)
        if notice:
            found.note("look", "loss.kind", notice)
    result.faults = [{"key": fault.key, "message": fault.message} for fault in dict.fromkeys(found.faults)]
    result.ready = not result.faults
    return result


def _rehearse(config: DistillationConfig, task: Task, found: _Findings, home: Path | None) -> None:
    from engine.training import rehearsed
    from engine.training.rehearsal import rehearse

    known = rehearsed.key_of(config, task, found.texts) if home is not None else ""
    if home is not None and rehearsed.was_rehearsed(home, known):
        return
    for key, attempt in rehearse(config, task, found.texts, FIRST_ROWS):
        if found.attempt(key, attempt) is None and found.faults:
            return  # what comes after rests on it
    if home is not None:
        rehearsed.keep(home, known)


@dataclass
class _Findings:
    preview: Preview
    faults: list[Fault]
    texts: tuple[Texts, ...] = ()  # of each split that a run reads, the training rows first

    def note(self, level: str, key: str, text: str) -> None:
        self.preview.notices.append({"level": level, "text": text, "key": key})

    def attempt(self, key: str, look: Callable[[], Result]) -> Result | None:
        """The result of ``look``, or None with its sentence among the faults. One fault a key is enough."""
        try:
            return look()
        except EngineError as error:
            for line in str(error).split("\n"):  # other breaks of a line are part of a name
                line = cut(visible(line), LONGEST_LINE)
                where, colon, rest = line.partition(": ")
                named = bool(colon) and "." in where and " " not in where
                fault = Fault(where, rest) if named else Fault(key, line)
                if not any(known.key == fault.key for known in self.faults if named):
                    self.faults.append(fault)
            return None


def _look_at_rows(config: DistillationConfig, task: Task, found: _Findings) -> None:
    if any(fault.key == "task.source" for fault in found.faults):
        return
    if not rows_are_local(task, config.task.source):
        found.note(
            "look",
            "task.source",
            f"The rows of {task.title} will be downloaded from the hub ({task.hub[0] if task.hub else ''}).",
        )
        return
    rows: dict[str, Rows] | None = found.attempt("task.source", lambda: load_rows(task, config.task.source))
    if rows is None:
        return
    read = {task.train_split: rows[task.train_split], **rows}
    found.texts = tuple(split.texts for split in read.values() if not split.hidden)
    found.preview.rows = {name: len(split) for name, split in rows.items()}
    train = found.preview.rows.get(task.train_split, 0)
    found.preview.steps = _steps(config, train)
    if found.preview.steps is None:
        text = "The number of steps follows from the rows' lengths, as batches are filled with tokens; the doctor estimates it."
        found.note("fine", "training.batch_tokens", text)
    if task.train_rows and train != task.train_rows:
        found.note(
            "look",
            "task.source",
            f"{train:,} of {task.train_rows:,} training rows are here: a subset, not comparable with published figures.",
        )
    else:
        found.note("fine", "task.source", f"{train:,} training rows, all splits in order.")


def _steps(config: DistillationConfig, rows: int) -> int | None:
    """Of the whole training; None where it hangs on the rows' lengths, which are not known before they are tokenised."""
    training = config.training
    longest = -(-config.task.max_length // 8) * 8  # as a GPU pads them
    if 0 < training.batch_tokens < training.batch_size * longest:
        return None
    return -(-rows // training.batch_size) * training.epochs


def _look_at_teacher(config: DistillationConfig, task: Task, found: _Findings) -> EncoderShape | None:
    """Check the teacher; its shape where it is known."""
    teacher = config.teacher
    if teacher is None or any(fault.key == "teacher.model" for fault in found.faults):
        return None
    size = layers_and_hidden(teacher.model)
    if size is not None:
        tokens = found.attempt(
            "teacher.tokenizer", lambda: vocabulary_size(teacher.tokenizer or "", "teacher.tokenizer")
        )
        if tokens is None:
            found.preview.teacher = Size(*size)
            return None
        shape = EncoderShape(*size, default_heads(size[1]), default_feed_forward(size[1]), tokens)
        found.preview.teacher = _size(shape, task)
        return shape
    facts = found.attempt("teacher.model", lambda: look_at_model(teacher.model, teacher.weights_only, "teacher.model"))
    if facts is None:
        return None
    if facts.folder is None:
        found.note("look", "teacher.model", f"The teacher {teacher.model} will be downloaded from the hub.")
        return None
    if config.needs_teacher:
        _look_at_fit(facts, config.task.max_length, teacher.tokenizer, "teacher", found)
    if teacher.training == "as_is" and config.needs_teacher:
        _look_at_head(facts, task, found)
    if teacher.tokenizer is None and not has_tokenizer(teacher.model):
        found.faults.append(
            Fault("teacher.tokenizer", f"{facts.folder} has no tokenizer; give the folder of its tokenizer")
        )
    found.preview.teacher = Size(
        facts.shape.layers if facts.shape else None,
        facts.shape.hidden if facts.shape else None,
        facts.parameters or (facts.shape.parameters(task.outputs) if facts.shape else None),
        facts.bytes,
    )
    return facts.shape


def _look_at_head(facts: ModelFacts, task: Task, found: _Findings) -> None:
    architectures = facts.config.get("architectures")
    if not isinstance(architectures, list) or not any(
        "ForSequenceClassification" in str(name) for name in architectures
    ):
        found.faults.append(
            Fault(
                "teacher.training",
                f"{facts.reference} was never trained on a task (no classification head); "
                "choose “fine_tune”, or a model trained on this task",
            )
        )
        return
    labels = facts.config.get("id2label")
    outputs = facts.config.get("num_labels") or len(labels if labels and isinstance(labels, dict) else {0: "", 1: ""})
    if outputs != task.outputs:
        found.faults.append(
            Fault(
                "teacher.model", f"{facts.reference} has {outputs} outputs, the task {task.title} needs {task.outputs}"
            )
        )


def _look_at_fit(facts: ModelFacts, max_length: int, tokenizer: str | None, section: str, found: _Findings) -> None:
    """Whether a model can place so many tokens, and knows all those of a tokenizer that is not its own."""
    places = most_tokens(facts.config)
    if places is not None and places < max_length:
        text = f"{facts.reference} reads at most {places} tokens, not {max_length}; choose {places} or less"
        found.faults.append(Fault("task.max_length", text))
    if tokenizer is None or tokenizer == facts.reference or facts.shape is None or not is_local(tokenizer):
        return
    key = f"{section}.tokenizer"
    tokens = found.attempt(key, lambda: vocabulary_size(tokenizer, key))
    if tokens is not None and tokens > facts.shape.vocabulary:
        text = f"it has {tokens:,} tokens, but {facts.reference} knows {facts.shape.vocabulary:,}; leave the key out"
        found.faults.append(Fault(key, text))


def _look_at_features(
    config: DistillationConfig, student: EncoderShape, teacher: EncoderShape, home: Path, found: _Findings
) -> None:
    """Whether each feature term fits the two bodies, whether tokens that are compared are the same ones, and what the terms
    read inside the teacher."""
    bodies = _body(config.student.architecture, student), _body(config.teacher.model if config.teacher else "", teacher)
    sizes = _vocabularies(config) if config.features else (0, 0)
    names: list[str] = []
    for number, term in enumerate(config.features, 1):
        loss = catalog.features()[term.kind]
        try:
            names += loss.plan(term, *bodies).teacher
        except ValueError as error:
            found.faults.append(Fault(f"features.{number}", str(error)))
        if loss.aligned and sizes[0] != sizes[1]:
            fit = ", ".join(name for name, other in catalog.features().items() if not other.aligned)
            text = (
                f"“{term.kind}” compares token by token, but the student's tokenizer has {sizes[0]:,} tokens and the teacher's "
                f"{sizes[1]:,}; give the student the teacher's tokenizer, or choose one of {fit}"
            )
            found.faults.append(Fault(f"features.{number}.kind", text))
    _look_inside(config, list(dict.fromkeys(names)), teacher.hidden, home, found)


def _look_inside(config: DistillationConfig, names: list[str], hidden: int, home: Path, found: _Findings) -> None:
    """What is kept of the tensors that the feature terms read, or asked of the live teacher; their rows as long as they may be."""
    rows = found.preview.rows.get(catalog.tasks()[config.task.name].train_split, 0)
    if config.teacher is None or found.faults or not rows or not (config.features or config.teacher.keep == "tensors"):
        return
    limit = found.attempt("teacher.keep", lambda: room_limit(home / "cache"))
    if limit is not None:
        size = inside_bytes(names, rows * config.task.max_length, hidden)
        level, text = inside_notice(config.teacher, names, size, "at most", limit)
        found.note(level, "teacher.keep", text)


def _vocabularies(config: DistillationConfig) -> tuple[int, int]:
    """Sizes of the student's and the teacher's tokenizer; equal where it is one, or where one of them is not here to be read.

    Of the tokenizers, not the models: a model often holds more embeddings than there are tokens.
    """
    student, teacher = tokenizer_references(config)
    if teacher is None or student == teacher or not (is_local(student) and is_local(teacher)):
        return 0, 0
    try:
        return vocabulary_size(student, "student.tokenizer"), vocabulary_size(teacher, "teacher.tokenizer")
    except EngineError:
        return 0, 0  # of another kind: what they make of the rows is compared when the run begins


def _body(reference: str, shape: EncoderShape) -> Body:
    """The body of a model that is not built: an architecture is a BERT, a folder says its kind itself."""
    facts = look_at_model(reference) if layers_and_hidden(reference) is None and is_local(reference) else None
    return body_of_shape(shape, facts.config if facts else {})


def _look_at_student(
    config: DistillationConfig, task: Task, teacher: EncoderShape | None, found: _Findings
) -> EncoderShape | None:
    """Check the student; its shape where it is known."""
    student = config.student
    if any(fault.key.startswith("student.") for fault in found.faults):
        return None
    if student.init == "pretrained":
        facts = found.attempt(
            "student.architecture", lambda: look_at_model(student.architecture, False, "student.architecture")
        )
        if facts is None:
            return None
        if facts.folder is None:
            found.note(
                "look", "student.architecture", f"The student {student.architecture} will be downloaded from the hub."
            )
            return None
        if student.tokenizer is None and not has_tokenizer(student.architecture):
            found.faults.append(
                Fault("student.tokenizer", f"{facts.folder} has no tokenizer; give the folder of its own")
            )
        _look_at_fit(facts, config.task.max_length, student.tokenizer, "student", found)
        shape = facts.shape
    elif student.init == "layers":
        if teacher is None:
            return None
        shape = found.attempt("student.architecture", lambda: layers_shape(student, teacher))
        if config.teacher is not None and is_local(config.teacher.model):  # its embeddings become the student's
            whole = look_at_model(config.teacher.model, config.teacher.weights_only, "teacher.model")
            tokenizer = student.tokenizer or config.teacher.tokenizer
            _look_at_fit(whole, config.task.max_length, tokenizer, "student", found)
    else:
        tokenizer = student.tokenizer or (config.teacher.tokenizer or config.teacher.model if config.teacher else "")
        if not is_local(tokenizer):
            return None
        tokens = found.attempt("student.tokenizer", lambda: vocabulary_size(tokenizer, "student.tokenizer"))
        if tokens is None:
            return None
        shape = found.attempt("student.architecture", lambda: random_shape(student, tokens))
    if shape is not None:
        found.preview.student = _size(shape, task)
    if student.tokenizer and config.teacher and student.tokenizer != (config.teacher.tokenizer or config.teacher.model):
        same = same_tokenizer(student.tokenizer, config.teacher.tokenizer or config.teacher.model)
        if same is None:
            text = "Teacher and student take their tokenizers from different places; whether they are the same cannot be seen yet."
            found.note("look", "student.tokenizer", text)
        elif not same:
            text = "Teacher and student have different tokenizers; each reads the text through its own."
            found.note("look", "student.tokenizer", text)
    return shape


def _size(shape: EncoderShape, task: Task) -> Size:
    parameters = shape.parameters(task.outputs)
    return Size(shape.layers, shape.hidden, parameters, parameters * 4)
