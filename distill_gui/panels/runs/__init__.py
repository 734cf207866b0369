"""Runs: watch them live, read their logs, stop them and keep what they learnt. Loaded when first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.panels.runs.panel import RunsPanel


def _make(models: Models) -> RunsPanel:
    from distill_gui.panels.runs.panel import RunsPanel

    return RunsPanel(models)


PANEL = Panel("runs", "Runs", "runs", 2, _make)
