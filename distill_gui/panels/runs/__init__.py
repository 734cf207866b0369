"""Runs: watch them live, read their logs, stop them and keep what they learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel
from distill_gui.panels.runs.panel import RunsPanel

if TYPE_CHECKING:
    from distill_gui.models import Models

__all__ = ["PANEL", "RunsPanel"]


def _make(models: Models) -> RunsPanel:
    return RunsPanel(models)


PANEL = Panel("runs", "Runs", "runs", 2, _make)
