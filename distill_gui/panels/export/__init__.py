"""The Export place: a student leaves as a folder that others can load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel
from distill_gui.panels.export.panel import ExportPanel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from distill_gui.models import Models


def _make(models: Models) -> QWidget:
    return ExportPanel(models.export)


PANEL = Panel("export", "Export", "export", 4, _make)

__all__ = ["PANEL", "ExportPanel"]
