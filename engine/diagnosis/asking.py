"""Asks the teacher sampled evaluation rows and tells what it is worth and whether its outputs are in order."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.split import Split
from engine.diagnosis.bench import Bench, Examination
from engine.diagnosis.finding import Finding
from engine.diagnosis.label_order import order_findings
from engine.diagnosis.models import TeacherAtHand
from engine.diagnosis.sample import part_of
from engine.diagnosis.teacher_score import kept_finding, score_finding
from engine.diagnosis.timing import Speed
from engine.training.evaluate import predict

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ENOUGH_S = 4.0  # after so long the teacher is asked no more rows
FEWEST_ROWS = 64  # it is asked whatever it takes


def judge_teacher(
    bench: Bench, teacher: TeacherAtHand, strange: list[Finding], examination: Examination
) -> Speed | None:
    """Tell what the teacher is worth; how fast it answered, where it was asked."""
    if teacher.state == "untrained":
        assert bench.config.teacher is not None
        epochs = bench.config.teacher.epochs
        text = (
            f"The teacher will be fine-tuned on the task first ({epochs} epoch{'s' if epochs != 1 else ''}); "
            "its score is not known yet."
        )
        examination.tell(Finding("fine", "teacher_score", "Teacher", text, "", "teacher.training"))
        return None
    if teacher.scores is not None:
        examination.tell(kept_finding(bench.task, teacher.scores, bench.sample.labels))
        return None
    logits, labels, speed = _ask(bench, teacher.model)
    mistaken = any(found.level == "stop" and found.key.startswith("teacher.") for found in strange)
    suspect = "Mend its tokenizer first (below)." if mistaken else ""
    order: list[Finding] = []
    if bench.task.kind == "classification" and bench.task.outputs > 1 and np.isfinite(logits).all():
        names = {int(number): str(name) for number, name in (teacher.model.config.id2label or {}).items()}
        order, tried = order_findings(bench.task, logits, labels, names, getattr(teacher.model, "output_order", None))
        if tried.wrong and not suspect:
            suspect = f"Mend the order of its outputs (below): its accuracy is {tried.accuracy_reordered:.2f} then."
    told = [score_finding(bench.task, logits, labels, suspect)] if bench.task.kind != "multi_label" else []
    if not mistaken:  # of a teacher that reads other words, the order says nothing
        hopeless = any(found.level == "stop" for found in told)  # then an order that is only not confirmed is no news
        told += [found for found in order if found.level != "look" or not hopeless]
    if not bench.objective.loss.needs_teacher:  # only its inside teaches: what it answers is no reason to stop
        told = [replace(found, level="look") if found.level == "stop" else found for found in told]
    examination.tell(*told)
    return speed


def _ask(bench: Bench, model: PreTrainedModel) -> tuple[Any, Any, Speed]:
    """Logits and labels of sampled evaluation rows, in groups alike in length and of all lengths, until the time is up."""
    splits = [bench.sample.data.splits[name] for name in bench.task.evaluation_splits]
    size = 16 if bench.device.type == "cpu" else 128
    parts = [part_of(split, group) for split in splits for group in _groups(split, size)]
    parts = [parts[place] for place in np.random.default_rng(0).permutation(len(parts))]
    begun, tokens, asked = time.perf_counter(), 0.0, 0
    logits = []
    for part in parts:
        if asked >= FEWEST_ROWS and time.perf_counter() - begun > ENOUGH_S:
            break
        logits.append(predict(model, part, bench.device, bench.precision, "teacher"))
        asked += len(part)
        tokens += len(part) * float(part.encodings["teacher"].lengths.max())
    labels = [part.labels for part in parts[: len(logits)]]
    return np.concatenate(logits), np.concatenate(labels), Speed(time.perf_counter() - begun, tokens)


def _groups(split: Split, size: int) -> list[Any]:
    order = np.argsort(split.encodings["teacher"].lengths, kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]
