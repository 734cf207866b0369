"""The teacher as a run would have it, loaded without training, downloading or keeping anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.config import TeacherConfig
from engine.data.split import TaskData
from engine.models.load import load_classifier
from engine.training.loop import Scores
from engine.training.teaching import kept_scores, teacher_key, untrained_teacher
from engine.types import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class TeacherAtHand:
    """``state``: as it is; kept from an earlier fine-tuning, with the ``scores`` of then where they can be read; or untrained."""

    model: PreTrainedModel
    state: Literal["as_is", "kept", "untrained"]
    scores: Scores | None = None

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())


def teacher_at_hand(
    config: TeacherConfig, given: TeacherConfig, task: Task, data: TaskData, max_length: int, home: Path
) -> TeacherAtHand:
    """``config`` has folders in place of hub ids; ``given`` is as the person wrote it, which a kept teacher is found by.

    Raises ModelError where it cannot be loaded.
    """
    if config.training == "as_is":
        model = load_classifier(
            config.model, task, "teacher.model", weights_only=config.weights_only, trained_head=True
        )
        data.must_fit(model, "teacher", "teacher.model")
        return TeacherAtHand(model, "as_is")
    kept = home / "teachers" / teacher_key(given, task, data, max_length)
    if (kept / "scores.json").is_file():
        model = load_classifier(str(kept), task, "teacher.model", weights_only=False, trained_head=True)
        return TeacherAtHand(model, "kept", kept_scores(kept, task))
    model = untrained_teacher(config, task, data.teacher_vocabulary, data.teacher_tokenizer.pad_token_id)
    data.must_fit(model, "teacher", "teacher.model")
    return TeacherAtHand(model, "untrained")
