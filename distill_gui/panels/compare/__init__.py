"""The Compare place: runs against each other, and how sure a difference is. Loaded when first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.panels.compare.panel import ComparePanel


def _make(models: Models) -> ComparePanel:
    from distill_gui.panels.compare.panel import ComparePanel

    return ComparePanel(models.compare)


PANEL = Panel("compare", "Compare", "compare", 4, _make)
