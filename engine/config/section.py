"""What every section of a configuration has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def advanced(**extra: Any) -> dict[str, Any]:
    """What a field adds to its schema that forms show among the advanced ones."""
    return {"advanced": True, **extra}


class Section(BaseModel):
    """Settings that never change; what it does not know is refused."""

    # strict: "3" is no number and true is none either; a whole number may stand for a number
    # deferred: of all these a process builds the validators it uses, when it first uses them
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False, defer_build=True
    )
