"""The Export place: a student leaves as a folder that others can load. Loaded when first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.panels.export.panel import ExportPanel


def _make(models: Models) -> ExportPanel:
    from distill_gui.panels.export.panel import ExportPanel

    return ExportPanel(models.export)


PANEL = Panel("export", "Export", "export", 6, _make)
