"""Compose: choose teacher, student, task and loss, see what the run will be, start it. Loaded when first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.panels.compose.panel import ComposePanel


def _make(models: Models) -> ComposePanel:
    from distill_gui.panels.compose.panel import ComposePanel

    return ComposePanel(models.compose)


PANEL = Panel("compose", "Compose", "compose", 1, _make)
