"""What the bottom bar says of the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.windows.status import Status

if TYPE_CHECKING:
    from distill_gui.models import Models


def status_of(models: Models) -> Status:
    """The oldest run that trains, how many others train and wait, and on what device."""
    active = models.runs.active()
    queued = sum(record.state == "queued" for record in active)
    running = [record for record in active if record.state == "running"]
    live = models.runs.live()
    if live is None:
        # one that failed before it had one says nothing of the machine
        latest = max(
            (record for record in models.runs.records() if record.device),
            key=lambda record: record.started_at or 0,
            default=None,
        )
        device, reason = (latest.device, latest.device_reason) if latest else ("", "")
        return Status(active=len(running), queued=queued, device=device, device_reason=reason)
    training = live.phase == "training" and live.steps_per_epoch > 0
    pace = models.curves.pace(live.id, "train/loss") if training else None
    return Status(
        name=live.name,
        phase=live.phase,
        step=live.step,
        total_steps=live.total_steps,
        epoch=live.step / live.steps_per_epoch if live.steps_per_epoch else 0.0,
        epochs=int(live.config["training"]["epochs"]),
        eta_s=(live.total_steps - live.step) / pace if pace else None,
        active=len(running),
        queued=queued,
        device=live.device,
        device_reason=live.device_reason,
    )
