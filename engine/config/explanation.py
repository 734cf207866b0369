"""What a loss's settings mean, in plain numbers and in a sentence; torch-free, knows no other section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from engine import catalog
from engine.losses.objective import formula
from engine.types import LossSettings


def loss_settings(table: Mapping[str, Any]) -> LossSettings:
    """The settings of ``table["kind"]``, a setting that is faulty or foreign at its default.

    Raises KeyError where there is no such loss.
    """
    settings = catalog.losses()[table["kind"]].settings
    try:
        return settings.model_validate(dict(table))
    except ValidationError as error:
        faulty = {problem["loc"][0] for problem in error.errors(include_url=False)}
    return settings.model_validate({key: value for key, value in table.items() if key not in faulty})


def formula_of(settings: LossSettings) -> str:
    """The run's whole loss in plain numbers, such as ``0.30·CE(y) + 0.70·4.00·KL(p‖f; T=2)``."""
    return formula(catalog.losses()[settings.kind], settings)


def notice_of(settings: LossSettings) -> str:
    """A warning that holds for exactly these settings, its first sentence the point of it; or ""."""
    return catalog.losses()[settings.kind].notice(settings)
