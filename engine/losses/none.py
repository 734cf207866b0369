"""No teacher: plain training on the labels, the control every distillation is compared with."""

from __future__ import annotations

from typing import Literal

from engine.types import Loss, LossSettings


class Settings(LossSettings):
    kind: Literal["none"] = "none"


LOSS = Loss(
    name="none",
    title="No teacher",
    summary="Cross-entropy on the labels alone: the control to compare with.",
    source="",
    settings=Settings,
    formula=lambda settings: "",
    compute=None,
    kinds=("classification", "regression", "multi_label"),
    needs="logits of the student, labels",
    order=0,
)
