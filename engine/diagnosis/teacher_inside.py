"""What feature terms read inside the teacher: its size in the cache, reckoned from the sampled rows' lengths, and the sampled
rows with it, so that what is measured next is what the run will do. Nothing is written.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.cache_room import LIMIT_VARIABLE, room_limit
from engine.data.teacher_rows import TeacherRows
from engine.diagnosis.bench import Bench, Examination
from engine.diagnosis.finding import Finding
from engine.diagnosis.models import TeacherAtHand
from engine.diagnosis.timing import tokens_per_row
from engine.models.tensors import body_of
from engine.training.inside import Inside, KeptInside, LiveInside
from engine.training.inside_notice import inside_bytes, inside_notice
from engine.training.inside_pass import Put, read_inside
from engine.training.lesson import plans_of, wanted_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def judge_inside(
    bench: Bench, student: PreTrainedModel, teacher: TeacherAtHand, home: Path, examination: Examination
) -> tuple[Bench, Inside]:
    """Tell what the terms' tensors take in the cache of ``home``; the bench and the inside as the run will have them.

    Raises ModelError where a term does not fit the two models, EngineError where the cache's limit is no number.
    """
    live = LiveInside(teacher.model, bench.device, bench.precision)
    config = bench.config.teacher
    assert config is not None, "feature terms have a teacher"
    names = wanted_of(plans_of(bench.config.features, body_of(student, "student.architecture"), live.body))
    rows = len(bench.sample.labels[bench.task.train_split])
    size, limit = (
        inside_bytes(names, rows * tokens_per_row(bench.train, "teacher"), live.body.hidden),
        room_limit(home / "cache"),
    )
    level, text = inside_notice(config, names, size, "about", limit)
    remedy = f"Give the cache more room ({LIMIT_VARIABLE}), or name fewer layers." if level == "look" else ""
    numbers: dict[str, Any] = {"tensors": list(names), "bytes": size, "limit": limit, "keep": config.keep}
    examination.drop("config", "teacher.keep")
    examination.tell(Finding(level, "teacher_tensors", "Inside", text, remedy, "teacher.keep", numbers))  # type: ignore[arg-type]
    if config.keep == "logits" or size > limit:
        return bench, live
    return _with_rows(bench, read_rows(bench, teacher.model, names)), KeptInside(
        live.body, live.trunk, live.output_order
    )


def read_rows(bench: Bench, model: PreTrainedModel, names: tuple[str, ...]) -> dict[str, TeacherRows]:
    """The tensors of the sampled training rows, in memory."""
    starts = bench.train.encodings["teacher"].starts
    found: dict[str, TeacherRows] = {}

    def begin(name: str, kind: np.dtype[Any], shape: tuple[int, int], by_tokens: bool) -> Put:
        values = np.zeros(shape, kind)
        found[name] = TeacherRows(values, starts if by_tokens else None)

        def put(_: str, first: int, some: NDArray[Any]) -> None:
            values[first : first + len(some)] = some

        return put

    read_inside(model, bench.train, names, bench.device, bench.precision, begin)
    return found


def _with_rows(bench: Bench, rows: dict[str, TeacherRows]) -> Bench:
    data = bench.sample.data
    splits = {**data.splits, bench.task.train_split: replace(bench.train, teacher_rows=rows)}
    return replace(bench, sample=replace(bench.sample, data=replace(data, splits=splits)))
