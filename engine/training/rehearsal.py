"""Builds everything a run will load, without its weights, so that what cannot be loaded is said before anything is stored.

Imports torch and transformers, which a run needs anyway. Only what is on this machine; nothing is written or downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from engine.config import DistillationConfig, layers_and_hidden
from engine.data.split import tokenizer_references
from engine.data.tokenising import encode
from engine.models.folder import is_local, look_at_model
from engine.models.load import in_sentences, load_tokenizer, must_hold, quiet_transformers
from engine.models.skeleton import student_skeleton, teacher_skeleton
from engine.models.weights import headers_of, must_be_of
from engine.training.lesson import must_fit
from engine.types import Task

Step = tuple[str, Callable[[], object]]


def rehearse(config: DistillationConfig, task: Task, texts: Sequence[Sequence[str]]) -> Iterator[Step]:
    """What to try, one after another, each with the key it is about; each raises EngineError in a sentence.

    ``texts`` are the columns of the first rows.
    """
    quiet_transformers()
    student_reference, teacher_reference = tokenizer_references(config)
    teaches = config.teacher is not None and config.needs_teacher and teacher_reference is not None
    references = {"student": student_reference}
    if teaches or config.student.init == "layers":
        references["teacher"] = teacher_reference or student_reference
    if not all(is_local(reference) for reference in references.values()):
        return
    tokenizers: dict[str, Any] = {}
    models: dict[str, Any] = {}

    def read(who: str) -> None:
        same = references[who] == references["student"] and "student" in tokenizers
        key = f"{who}.tokenizer"
        tokenizers[who] = tokenizers["student"] if same else load_tokenizer(references[who], key)
        with in_sentences(references[who], key):
            encode(tokenizers[who], texts, config.task.max_length)

    def build(who: str, key: str) -> None:
        vocabulary = len(tokenizers[who])
        if who == "student":
            models[who] = student_skeleton(config, task, vocabulary)
        else:
            assert config.teacher is not None
            models[who] = teacher_skeleton(config.teacher.model, task, vocabulary)
        encoding = encode(tokenizers[who], texts, config.task.max_length)
        must_hold(models[who], int(encoding.tokens.max()) + 1, int(encoding.lengths.max()), key)

    def weigh(reference: str, who: str, weights_only: bool, key: str) -> None:
        facts = look_at_model(reference, weights_only, key)
        if facts.weights and not facts.is_pickle:
            must_be_of(models[who], headers_of(facts.weights, key), reference, key)

    for who in references:
        yield f"{who}.tokenizer", partial(read, who)
    if "teacher" in references:
        yield "teacher.model", lambda: build("teacher", "teacher.model")
    yield "student.architecture", lambda: build("student", "student.architecture")
    teacher = config.teacher
    if "teacher" in references and teacher is not None and layers_and_hidden(teacher.model) is None:
        yield "teacher.model", lambda: weigh(teacher.model, "teacher", teacher.weights_only, "teacher.model")
    if config.student.init == "pretrained":
        architecture = config.student.architecture
        yield "student.architecture", lambda: weigh(architecture, "student", False, "student.architecture")
    if config.features and teaches:
        yield "features", lambda: must_fit(config.features, models["student"], models["teacher"])
