"""The temperature T as a setting, the same in every loss that has one."""

from __future__ import annotations

from typing import Any

from pydantic import Field

SQUARED = "Softens both distributions; the loss is multiplied by T² so that its gradients keep their size."


def temperature_field(default: float, about: str = SQUARED) -> Any:
    """A pydantic field for T with bounds, tooltip and form; below 0.01 softened logits leave what float32 can tell apart."""
    return Field(
        default,
        ge=0.01,
        le=64.0,
        title="Temperature T",
        description=about,
        json_schema_extra={"step": 0.5, "decimals": 2, "slider": True, "slider_minimum": 0.5, "slider_maximum": 16.0},
    )


def scaled(term: str, temperature: float) -> str:
    """``term`` with T² in front in plain numbers, and T in the place of ``{at}``; at T = 1 neither."""
    if temperature == 1:
        return term.format(at="")
    return f"{temperature**2:.2f}·" + term.format(at=f"; T={temperature:g}")
