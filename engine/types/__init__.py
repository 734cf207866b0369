"""What a loss, a task and an exporter declare about themselves; importable without torch.

Knows only pydantic, and loads it when settings are asked for: the declarations are read by the window, by the command
line and by the contract tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.on_demand import on_demand

if TYPE_CHECKING:
    from engine.types.exporter import Exporter
    from engine.types.features import (
        Body,
        FeatureInputs,
        FeatureLoss,
        FeaturePlan,
        FeatureSettings,
        LayerMap,
        MappedFeatureSettings,
        Place,
    )
    from engine.types.losses import Loss, LossInputs, LossSettings, WeightedLossSettings
    from engine.types.task import Task, TaskKind

__all__ = [
    "Body",
    "Exporter",
    "FeatureInputs",
    "FeatureLoss",
    "FeaturePlan",
    "FeatureSettings",
    "LayerMap",
    "Loss",
    "LossInputs",
    "LossSettings",
    "MappedFeatureSettings",
    "Place",
    "Task",
    "TaskKind",
    "WeightedLossSettings",
]

_FILES = {
    "Exporter": "exporter",
    "Body": "features",
    "FeatureInputs": "features",
    "FeatureLoss": "features",
    "FeaturePlan": "features",
    "FeatureSettings": "features",
    "LayerMap": "features",
    "MappedFeatureSettings": "features",
    "Place": "features",
    "Loss": "losses",
    "LossInputs": "losses",
    "LossSettings": "losses",
    "WeightedLossSettings": "losses",
    "Task": "task",
    "TaskKind": "task",
}

__getattr__ = on_demand(__name__, _FILES)
