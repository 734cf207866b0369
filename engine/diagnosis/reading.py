"""Tells how the run's tokenizers read its rows: which ones are compared with which. The comparing itself is in tokens.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.config import layers_and_hidden
from engine.diagnosis.bench import Bench, Examination
from engine.diagnosis.finding import Finding
from engine.diagnosis.tokens import agreement_finding, own_finding, truncation_finding, unknown_finding
from engine.models.folder import has_tokenizer
from engine.models.load import load_tokenizer


def strange_tokenizers(bench: Bench) -> list[Finding]:
    """A tokenizer that was given in place of the model's own, held against that."""
    config, found = bench.config, []
    texts = bench.sample.texts[bench.task.evaluation_splits[0]]
    teacher, student = config.teacher, config.student
    pairs: list[tuple[str, str | None, str, Any]] = []
    if teacher is not None and config.needs_teacher:
        pairs.append(("teacher", teacher.tokenizer, teacher.model, bench.sample.data.teacher_tokenizer))
    if student.init == "pretrained":
        pairs.append(("student", student.tokenizer, student.architecture, bench.sample.data.student_tokenizer))
    elif student.init == "layers" and teacher is not None:
        given = student.tokenizer or teacher.tokenizer
        pairs.append(("student", given, teacher.model, bench.sample.data.student_tokenizer))
    for whose, given, model, tokenizer in pairs:
        own = layers_and_hidden(model) is None and has_tokenizer(model)
        if given is None or not own or Path(given) == Path(model):
            continue
        key = f"{whose}.tokenizer" if whose == "teacher" or student.tokenizer else "teacher.tokenizer"
        found.append(own_finding(tokenizer, load_tokenizer(model, key), texts, whose, key))
    return found


def judge_tokens(bench: Bench, examination: Examination) -> None:
    data = bench.sample.data
    readers = {"student": data.student_tokenizer}
    if "teacher" in data.train.encodings:
        examination.drop("config", "student.tokenizer")
        examination.tell(agreement_finding(bench.sample))
        if data.train.encodings["teacher"] is not data.train.encodings["student"]:
            readers["teacher"] = data.teacher_tokenizer
    examination.tell(unknown_finding(bench.sample, readers))
    examination.tell(truncation_finding(bench.sample, readers, bench.config.task.max_length))
