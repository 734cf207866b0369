"""Builds everything a run will load, without its weights, so that what cannot be loaded is said before anything is stored.

Imports torch, which a run needs anyway, and transformers only where the run itself will. Only what is on this machine; nothing
is written or downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.config import DistillationConfig, layers_and_hidden
from engine.data.split import tokenizer_references
from engine.data.tokenising import Encoding, encode
from engine.models.folder import is_local, look_at_model
from engine.models.load import in_sentences, load_row_tokenizer, must_hold
from engine.models.skeleton import student_skeleton, teacher_skeleton
from engine.models.weights import headers_of, must_be_of
from engine.training.lesson import must_fit
from engine.types import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Step = tuple[str, Callable[[], object]]


def rehearse(config: DistillationConfig, task: Task, texts: Sequence[Sequence[str]]) -> Iterator[Step]:
    """What to try, one after another, each with the key it is about; each raises EngineError in a sentence.

    ``texts`` are the columns of the first rows. A step rests on those before it.
    """
    student_reference, teacher_reference = tokenizer_references(config)
    references = {"student": student_reference}
    teacher = config.teacher
    if teacher is not None and config.needs_teacher:
        references["teacher"] = teacher_reference or student_reference
    if not all(is_local(reference) for reference in references.values()):
        return
    read: dict[str, tuple[Any, Encoding]] = {}
    models: dict[str, PreTrainedModel] = {}

    def cut(who: str) -> None:
        if references[who] == references["student"] and "student" in read:
            read[who] = read["student"]
            return
        key = f"{who}.tokenizer"
        tokenizer = load_row_tokenizer(references[who], key)
        with in_sentences(references[who], key):
            read[who] = tokenizer, encode(tokenizer, texts, config.task.max_length)

    def build(who: str, key: str) -> None:
        tokenizer, encoding = read[who]
        if who == "student":
            models[who] = student_skeleton(config, task, len(tokenizer))
        elif teacher is not None:
            models[who] = teacher_skeleton(teacher.model, task, len(tokenizer), teacher.weights_only)
        must_hold(models[who], int(encoding.tokens.max()) + 1, int(encoding.lengths.max()), key)

    def weigh(reference: str, who: str, weights_only: bool, key: str) -> None:
        facts = look_at_model(reference, weights_only, key)
        if facts.weights and not facts.is_pickle:
            must_be_of(models[who], headers_of(facts.weights, key), reference, key)

    for who in references:
        yield f"{who}.tokenizer", partial(cut, who)
    if "teacher" in references:
        yield "teacher.model", partial(build, "teacher", "teacher.model")
    yield "student.architecture", partial(build, "student", "student.architecture")
    if teacher is not None and "teacher" in references and layers_and_hidden(teacher.model) is None:
        yield "teacher.model", partial(weigh, teacher.model, "teacher", teacher.weights_only, "teacher.model")
    elif teacher is not None and config.student.init == "layers" and is_local(teacher.model):
        # the body is the same up to its number of layers: names the student lacks are not asked for
        yield "teacher.model", partial(weigh, teacher.model, "student", teacher.weights_only, "teacher.model")
    if config.student.init == "pretrained":
        key = "student.architecture"
        yield key, partial(weigh, config.student.architecture, "student", False, key)
    if config.features and "teacher" in references:
        yield "features", lambda: must_fit(config.features, models["student"], models["teacher"])
