"""The figures of a run that its curves know: loss, pace, and the time that is left. Knows no widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from distill_gui.models.run_text import is_training

if TYPE_CHECKING:
    from distill_gui.models.curves import CurveModel
    from engine.store import RunRecord


class Figures(TypedDict):
    """The smoothed loss, how far it is above its lowest, examples a second, and seconds left; None where not known."""

    last_loss: float | None
    loss_change: float | None
    rate: float | None
    eta_s: float | None


def figures(record: RunRecord, curves: CurveModel, weight: float) -> Figures:
    """Of a run now; ``weight`` is that of the smoothing, as it is drawn."""
    loss, lowest = curves.last(record.id, "train/loss", weight), curves.lowest(record.id, "train/loss", weight)
    rate = curves.last(record.id, "train/examples_per_second", weight)
    pace = curves.pace(record.id, "train/loss") if is_training(record) else None
    return Figures(
        last_loss=loss[1] if loss else None,
        loss_change=loss[1] - lowest if loss and lowest is not None else None,
        rate=rate[1] if rate else None,
        eta_s=(record.total_steps - record.step) / pace if pace else None,
    )
