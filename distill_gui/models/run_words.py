"""What is said when a run ends or is being stopped, for toasts and buttons. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from distill_gui.models.run_text import first_sentence, metric_text, metric_word, score_text

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


def ended_notice(record: RunRecord) -> tuple[str, str]:
    """The same for the desktop, (heading, text): name and state; key metric and step, or the reason."""
    if record.state in ("failed", "interrupted"):
        text = first_sentence(record.reason)
    elif record.best_score is None:
        text = "Without a score."
    else:
        at = f" at step {record.best_step:,}" if record.best_step is not None else ""
        text = f"{metric_text(record.key_metric)} {score_text(record.best_score)}{at}"
    return f"{record.name} {record.state}", text


def was_cut_off(record: RunRecord) -> bool:
    """Whether the run's process ended without a word: nobody wanted it, and it may go on."""
    from engine.store.records import ENDED_WITHOUT_A_WORD

    return record.state == "interrupted" and record.reason == ENDED_WITHOUT_A_WORD and record.trashed_at is None


def interrupted_text(records: Sequence[RunRecord]) -> str:
    """That runs were cut off and can go on."""
    if len(records) == 1:
        return f"{records[0].name} was interrupted and can go on from its last checkpoint."
    return f"{len(records)} runs were interrupted and can go on from their last checkpoints."


def resumed_text(resumed: Sequence[str], left: Sequence[str]) -> str:
    """Which of the interrupted runs, by name, went back into the queue, and which did not; "" if there were none."""
    said = []
    if resumed:
        which = resumed[0] if len(resumed) == 1 else f"{len(resumed)} runs"
        said.append(f"{which} had been interrupted and {'goes' if len(resumed) == 1 else 'go'} on.")
    if left:
        which = left[0] if len(left) == 1 else f"{len(left)} runs"
        were = "was" if len(left) == 1 else "were"
        said.append(f"{which} {were} interrupted again without getting any further, and {were} left.")
    return " ".join(said)


def stop_stage_text(stage: str, seconds: int = 0) -> str:
    """What the stop button says while a run is being stopped: how far that is, what comes next and when; "" when over."""
    now, then = STAGES.get(stage, ("", ""))
    return f"{now} {then.format(seconds)}" if then and seconds > 0 else now
