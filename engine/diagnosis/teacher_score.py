"""What the teacher's outputs on labelled rows are worth against chance. Knows logits and labels; no model, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.metrics import pearson, predictions, score
from engine.diagnosis.chance import dependence, fisher, log_probabilities, wilson
from engine.diagnosis.finding import Finding
from engine.types import Task

ENOUGH_ROWS = 50  # below, a teacher that is some good may look like chance
ONE_SIDED_99 = 2.326
_TITLE = "Teacher"
_REMEDY = 'Choose a model that was trained on this task, or teacher.training = "fine_tune".'


def score_finding(task: Task, logits: NDArray[Any], labels: NDArray[Any], suspect: str = "") -> Finding:
    """The teacher as it is, scored on these rows. ``suspect`` is what else is wrong with how it is read, and comes first
    in the remedy."""
    rows = len(labels)
    if not np.isfinite(logits).all():
        text = f"The teacher's outputs are not finite numbers on {rows} validation rows."
        return Finding(
            "stop", "teacher_score", _TITLE, text, "Its weights are damaged: get them again.", "teacher.model"
        )
    values = score(task, logits, labels)
    if task.kind == "regression":
        found = pearson(labels, predictions(task, logits))
        low, high = fisher(found, rows)
        surely = fisher(found, rows, ONE_SIDED_99)[0] > 0
        numbers = {"rows": rows, "correlation": found, "low": low, "high": high, **values}
        said = (
            f"The teacher's correlation is {found:.2f} ({low:.2f} to {high:.2f}) on {rows} validation rows; chance is 0"
        )
        return _judged(said, surely, surely, rows, suspect, numbers)
    right = int((np.asarray(logits).argmax(axis=1) == labels).sum())
    low, high = wilson(right, rows)
    counts = np.bincount(labels, minlength=task.outputs)
    chance, most = float(counts.max() / rows), task.labels[int(counts.argmax())]
    knows = dependence(log_probabilities(logits), labels)
    numbers = {
        "rows": rows, "accuracy": right / rows, "low": low, "high": high, "chance": chance, "dependence": knows, **values,
    }  # fmt: skip
    said = (
        f"The teacher's accuracy is {right / rows:.2f} ({low:.2f} to {high:.2f}) on {rows} validation rows; "
        f"always saying {most} gives {chance:.2f}"
    )
    return _judged(said, knows > ONE_SIDED_99, low > chance, rows, suspect, numbers)


def kept_finding(task: Task, scores: Mapping[str, Mapping[str, float]], labels: Mapping[str, NDArray[Any]]) -> Finding:
    """A teacher that was fine-tuned before with the same inputs, by its scores of then; ``labels`` are all of each split."""
    named = task.key_metric
    told = ", ".join(
        f"{named} {found[named]:.3f} on {split} ({len(labels[split]):,} rows)" for split, found in scores.items()
    )
    numbers: dict[str, Any] = {split: dict(found) for split, found in scores.items()}
    text = f"The teacher was fine-tuned before with the same inputs and is used again: {told}"
    for split, found in scores.items():
        rows = len(labels[split])
        if task.kind == "multi_label":
            continue  # several labels a row: no commonest answer to hold it against
        if "accuracy" in found and task.kind == "classification":
            chance = float(np.bincount(labels[split], minlength=task.outputs).max() / rows)
            surely = wilson(round(found["accuracy"] * rows), rows)[0] > chance
            against = f"accuracy {found['accuracy']:.2f}, always saying the commonest class gives {chance:.2f}"
        else:  # Matthews is Pearson's correlation of yes and no
            surely, against = fisher(found[named], rows)[0] > 0, "chance is 0"
        if not surely:
            text = f"{text}; that is not surely better than chance ({against})."
            remedy = "Fine-tune it with other teacher.epochs or teacher.learning_rate, or choose another teacher."
            level = "stop" if rows >= ENOUGH_ROWS else "look"
            return Finding(level, "teacher_score", _TITLE, text, remedy, "teacher.epochs", numbers)  # type: ignore[arg-type]
    return Finding("fine", "teacher_score", _TITLE, f"{text}.", "", "teacher.training", numbers)


def _judged(said: str, knows: bool, beats: bool, rows: int, suspect: str, numbers: dict[str, Any]) -> Finding:
    key = "teacher.model"
    if knows and beats:
        return Finding("fine", "teacher_score", _TITLE, f"{said}.", "", key, numbers)
    if suspect:
        text = f"{said}: as it is read, it teaches nothing that is right."
        return Finding("stop" if not knows else "look", "teacher_score", _TITLE, text, suspect, key, numbers)
    if knows:
        text = f"{said}: it knows something of the labels, but is not surely better than that as it answers."
        return Finding("look", "teacher_score", _TITLE, text, 'Consider teacher.training = "fine_tune".', key, numbers)
    if rows < ENOUGH_ROWS:
        text = f"{said}: too few rows to tell the two apart."
        return Finding(
            "look", "teacher_score", _TITLE, text, "Give more validation rows, or a larger --rows.", key, numbers
        )
    text = f"{said}: what it says has nothing to do with the labels."
    return Finding("stop", "teacher_score", _TITLE, text, _REMEDY, key, numbers)
