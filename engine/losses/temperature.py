"""The temperature T as a setting, the same in every loss that has one."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def temperature_field(default: float) -> Any:
    """A pydantic field for T > 0 with bounds, tooltip and form."""
    return Field(
        default,
        gt=0.0,
        le=64.0,
        title="Temperature T",
        description="Softens both distributions; the loss is multiplied by T² so that its gradients keep their size.",
        json_schema_extra={"step": 0.5, "decimals": 2, "slider": True, "slider_minimum": 0.5, "slider_maximum": 16.0},
    )
