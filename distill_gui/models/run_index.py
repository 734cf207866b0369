"""Which of the runs train, wait, or are controls: asked at every step of a run, so kept and not searched for among thousands.

Knows no Qt.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, cast

from distill_gui.models.run_text import is_control

if TYPE_CHECKING:
    from engine.store import RunRecord

ACTIVE = ("running", "queued")


class RunIndex:
    """``put`` every new and changed run, ``drop`` those that are gone."""

    def __init__(self) -> None:
        self._active: dict[int, RunRecord] = {}
        self._controls: dict[int, RunRecord] = {}  # that finished with a score

    def put(self, record: RunRecord) -> None:
        self.drop(record.id)
        if record.state in ACTIVE:
            self._active[record.id] = record
        elif record.state == "finished" and record.best_score is not None and is_control(record):
            self._controls[record.id] = record

    def drop(self, run: int) -> None:
        self._active.pop(run, None)
        self._controls.pop(run, None)

    def active(self) -> list[RunRecord]:
        """The runs that train or wait, oldest first."""
        return [self._active[run] for run in sorted(self._active)]

    def live(self) -> RunRecord | None:
        """The run that trains now, the oldest if there are several."""
        return next((record for record in self.active() if record.state == "running"), None)

    def control_score(self, record: RunRecord) -> tuple[float, int] | None:
        """The mean best score, and of how many, of finished runs like ``record`` but trained without a teacher.

        Alike are runs of the same task, student, epochs, batch size and learning rate: else it would be no control.
        """
        if is_control(record):
            return None
        budget = _budget(record)
        scores = [
            other.best_score
            for other in self._controls.values()
            if other.best_score is not None and other.task == record.task and _budget(other) == budget
        ]
        return (fmean(scores), len(scores)) if scores else None


def _budget(record: RunRecord) -> tuple[Any, ...]:
    training = cast("dict[str, Any]", record.config.get("training", {}))
    spent = tuple(training.get(key) for key in ("epochs", "batch_size", "learning_rate"))
    return (record.task, record.architecture, record.config.get("student"), spent)
