"""Tries everything a run will load, without its weights, so that what cannot be loaded is said before anything is stored.

Of BERT and its tokenizer all that can be seen without torch; of another kind of model, and of feature terms that name a module
by its path, modules are built, which imports torch (3 s of CPU) and for another kind transformers (6 s more). Only what is on
this machine; nothing is written or downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from engine.config import DistillationConfig, layers_and_hidden
from engine.data.split import tokenizer_references
from engine.data.tokenising import Encoding, encode
from engine.models.folder import is_local, look_at_model
from engine.models.load import in_sentences, load_row_tokenizer
from engine.models.outline import must_hold
from engine.models.skeleton import Skeleton, skeleton_of_student, skeleton_of_teacher
from engine.models.weights import headers_of, must_be_of
from engine.training.lesson import must_align, must_fit, plain_bodies_fit
from engine.types import Task

Step = tuple[str, Callable[[], object]]


def rehearse(
    config: DistillationConfig, task: Task, texts: Sequence[Sequence[Sequence[str]]], first: int
) -> Iterator[Step]:
    """What to try, one after another, each with the key it is about; each raises EngineError in a sentence.

    ``texts`` are the columns of each split. The ``first`` rows of each are read through the tokenizers; all of them where a model
    knows fewer tokens, or places shorter rows, than they may come to. A step rests on those before it.
    """
    student_reference, teacher_reference = tokenizer_references(config)
    references = {"student": student_reference}
    teacher = config.teacher
    if teacher is not None and config.needs_teacher:
        references["teacher"] = teacher_reference or student_reference
    if not all(is_local(reference) for reference in references.values()):
        return
    some = [[text for split in texts for text in split[column][:first]] for column in range(len(texts[0]))]
    read: dict[str, tuple[Any, Encoding]] = {}
    models: dict[str, Skeleton] = {}

    def cut(who: str) -> None:
        if references[who] == references["student"] and "student" in read:
            read[who] = read["student"]
            return
        key = f"{who}.tokenizer"
        tokenizer = load_row_tokenizer(references[who], key)
        with in_sentences(references[who], key):
            read[who] = tokenizer, encode(tokenizer, some, config.task.max_length)

    def build(who: str, key: str) -> None:
        tokenizer, encoding = read[who]
        if who == "student":
            models[who] = skeleton_of_student(config, task, len(tokenizer))
        elif teacher is not None:
            models[who] = skeleton_of_teacher(teacher.model, task, len(tokenizer), teacher.weights_only)
        known = models[who].outline
        if len(tokenizer) > known.tokens or (known.places is not None and config.task.max_length > known.places):
            whole = [[text for split in texts for text in split[column]] for column in range(len(texts[0]))]
            with in_sentences(references[who], f"{who}.tokenizer"):
                encoding = encode(tokenizer, whole, config.task.max_length)
        tokens, longest = int(encoding.tokens.max()) + 1, int(encoding.lengths.max())
        must_hold(known, tokens, longest, key, encoding.texts)

    def weigh(reference: str, who: str, weights_only: bool, key: str) -> None:
        facts = look_at_model(reference, weights_only, key)
        if facts.weights and not facts.is_pickle:
            trained = who == "teacher" and teacher is not None and teacher.training == "as_is"
            must_be_of(models[who].outline, headers_of(facts.weights, key), reference, key, with_head=trained)

    def compare() -> None:
        must_align(config.features, read["student"][1].reads_alike(read["teacher"][1]))
        if not plain_bodies_fit(config.features, models["student"], models["teacher"]):
            must_fit(config.features, models["student"].model(), models["teacher"].model())

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
        yield "features", compare
