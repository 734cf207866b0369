"""Compose: choose teacher, student, task and loss, see what the run will be, start it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel
from distill_gui.panels.compose.panel import ComposePanel

if TYPE_CHECKING:
    from distill_gui.models import Models

__all__ = ["PANEL", "ComposePanel"]


def _make(models: Models) -> ComposePanel:
    return ComposePanel(models.compose)


PANEL = Panel("compose", "Compose", "compose", 1, _make)
