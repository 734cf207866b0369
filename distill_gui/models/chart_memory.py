"""How charts are drawn, as plain values to be remembered between starts, and back. Knows the options only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from distill_gui.models.run_charts import CHARTS, LARGEST_WEIGHT, X_KINDS, ChartOptions


def remembered(options: ChartOptions) -> dict[str, Any]:
    """What of the options outlives a window: all but whose training is shown, which depends on the run."""
    return {
        "x": options.x,
        "smoothing": options.weight,
        "log_x": options.log_x,
        "log_y": options.log_y,
        "clip": options.clip,
        "hidden": sorted(options.hidden),
        "views": dict(options.views),
    }


def recalled(values: Mapping[str, Any]) -> ChartOptions:
    """The options that were remembered; what is missing, damaged or of another version is at its default."""
    usual = ChartOptions()
    found = {name: values[name] for name in ("log_x", "log_y", "clip") if isinstance(values.get(name), bool)}
    if isinstance(values.get("x"), str) and values["x"] in X_KINDS:
        found["x"] = values["x"]
    weight = values.get("smoothing")
    if isinstance(weight, (int, float)) and not isinstance(weight, bool) and 0 <= weight <= LARGEST_WEIGHT:
        found["weight"] = float(weight)
    hidden, views = values.get("hidden"), values.get("views")
    if isinstance(hidden, list):
        found["hidden"] = frozenset(kind.key for kind in CHARTS if kind.key in hidden)
    if isinstance(views, dict):
        there = {kind.key: [view.key for view in kind.views] for kind in CHARTS}
        found["views"] = tuple(sorted((key, view) for key, view in views.items() if view in there.get(key, ())))
    return replace(usual, **found)


def without_choices(options: ChartOptions) -> ChartOptions:
    """The defaults, for whichever training is shown."""
    return ChartOptions(side=options.side)
