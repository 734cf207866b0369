"""How a run's figures are written for people: scores, times, progress, states. Knows no Qt and no store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store import RunRecord

METRICS = {"f1": "F1", "matthews": "Matthews corr.", "pearson": "Pearson corr.", "spearman": "Spearman corr."}
TONES = {"running": "info", "finished": "good", "failed": "bad", "interrupted": "warn"}
TRAINING = "training"  # the phase whose progress is counted in the run's own steps


def metric_text(metric: str) -> str:
    """The name of a metric in a heading: F1, Accuracy."""
    return METRICS.get(metric, metric.replace("_", " ").capitalize()) or "Score"


def metric_word(metric: str) -> str:
    """The same within a sentence: F1, accuracy."""
    return METRICS.get(metric, metric.replace("_", " ")) or "score"


def bytes_text(count: float) -> str:
    """Bytes as file managers write them: 17.5 MB."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 100 * size else f"{count / size:.0f} {unit}"
    return f"{count:.0f} bytes"


def score_text(score: float | None) -> str:
    """A score from 0 to 1 as it stands in tables: times 100 with one decimal."""
    return "—" if score is None else f"{100 * score:.1f}"


def signed(points: float) -> str:
    """A difference in points of a score, with a proper minus."""
    return f"{points:+.1f}".replace("-", "−")


def duration_text(seconds: float) -> str:
    """A time in its two largest units: 48 s, 1 min 58 s, 3 h 20 min, 2 d 4 h."""
    whole = max(0, round(seconds))
    for unit, small, size, rest in (("d", "h", 86_400, 3_600), ("h", "min", 3_600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            left = whole % size // rest
            return f"{whole // size} {unit}" + (f" {left} {small}" if left else "")
    return f"{whole} s"


def rate_text(per_second: float) -> str:
    """Examples a second, with as many figures as matter."""
    return f"{per_second:,.0f} examples/s" if per_second >= 10 else f"{per_second:.1f} examples/s"


def elapsed(record: RunRecord, now: float | None = None) -> float | None:
    """Seconds since a run began, or was last resumed, or that it took from then on; None before it began."""
    if record.started_at is None:
        return None
    end = record.ended_at if record.ended_at is not None else (time.time() if now is None else now)
    return max(0.0, end - record.started_at)


def is_control(record: RunRecord) -> bool:
    """Whether the student learnt from the labels alone: neither the teacher's answers nor its inside were shown to it."""
    return record.loss == "none" and not record.config.get("features")


def loss_text(record: RunRecord) -> str:
    """What the student learns by: its loss, and the kinds of its feature terms."""
    return " + ".join([record.loss, *(str(term.get("kind", "")) for term in record.config.get("features") or [])])


def is_training(record: RunRecord) -> bool:
    """Whether the run now takes the steps its length is counted in."""
    return record.phase == TRAINING and record.total_steps > 0


def fraction(record: RunRecord) -> float:
    """How far the run, or what it is busy with, has come: 0 to 1."""
    if record.state == "finished":
        return 1.0
    if record.state != "running" or is_training(record):
        done, total = record.step, record.total_steps
    else:
        done, total = record.phase_done, record.phase_total
    return min(1.0, done / total) if total > 0 else 0.0


def state_text(record: RunRecord) -> str:
    """One word for the state; of a running run what it is busy with."""
    return (record.phase or "running") if record.state == "running" else record.state


def summary(record: RunRecord) -> str:
    """The second line of a run in the list."""
    if record.state == "running":
        share = f" · {100 * fraction(record):.0f} %" if fraction(record) > 0 else ""
        return f"{state_text(record)}{share}"
    if record.state in ("failed", "interrupted") and record.reason:
        return f"{record.state} · {first_sentence(record.reason)}"
    if record.state == "queued":
        return f"queued · {record.task}"
    return f"{record.state} · {record.task} · seed {record.seed}"


def first_sentence(text: str) -> str:
    """The first line of `text` up to its first full stop, for places with one line; the next line where it only announces it."""
    first, *others = [line.strip() for line in text.strip().splitlines() if line.strip()] or [""]
    line = others[0] if first.endswith(":") and others else first
    head, stop, _ = line.partition(". ")
    return head if stop else line.removesuffix(".")


def progress_text(record: RunRecord, eta_s: float | None = None, now: float | None = None) -> str:
    """Step, epoch, elapsed and what is left, as far as each is known."""
    return progress_texts(record, eta_s, now)[0]


def progress_texts(record: RunRecord, eta_s: float | None = None, now: float | None = None) -> list[str]:
    """The same, then shorter and shorter for where there is less room: how far it is and what is left stay."""
    if record.state == "queued":
        return ["waiting for its turn"]
    step = epoch = spent = left = ""
    if record.state == "running" and not is_training(record):
        if record.phase_total > 0:
            step = f"{record.phase_done:,} / {record.phase_total:,}"
    elif record.total_steps > 0:
        step = f"step {record.step:,} / {record.total_steps:,}"
        if record.steps_per_epoch > 0:
            epoch = f"epoch {record.step / record.steps_per_epoch:.2f}"
    since = elapsed(record, now)
    if since is not None:
        resumed = " since resumed" if (record.attempt or 0) > 1 else ""
        spent = f"{'' if record.ended_at is None else 'took '}{duration_text(since)}{resumed}"
    if eta_s is not None and record.state == "running":
        left = f"ETA {duration_text(eta_s)}"
    return [
        " · ".join(filter(None, parts))
        for parts in ((step, epoch, spent, left), (step, spent, left), (step, left or spent))
    ]
