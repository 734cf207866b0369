"""What is said when a run ends or is being stopped, for toasts and buttons. Knows no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.models.run_text import first_sentence, metric_word, score_text

if TYPE_CHECKING:
    from engine.store import RunRecord

STAGES = {
    "asked": ("Stopping …", "terminated in {} s"),
    "terminated": ("Terminating …", "killed in {} s"),
    "killed": ("Killing the process …", ""),
}


def ended_text(record: RunRecord) -> str:
    """How a run ended, in one line."""
    if record.state == "finished" and record.best_score is not None:
        return f"{record.name} finished: {metric_word(record.key_metric)} {score_text(record.best_score)}."
    if record.state in ("failed", "interrupted") and record.reason:
        return f"{record.name} {record.state}: {first_sentence(record.reason)}"
    return f"{record.name} {record.state}."


def stop_stage_text(stage: str, seconds: int = 0) -> str:
    """What the stop button says while a run is being stopped: how far that is, what comes next and when; "" when over."""
    now, then = STAGES.get(stage, ("", ""))
    return f"{now} {then.format(seconds)}" if then and seconds > 0 else now
