"""The Table place: one's own results between the published ones. Loaded when first shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_gui.panels import Panel

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.panels.table.panel import TablePanel


def _make(models: Models) -> TablePanel:
    from distill_gui.panels.table.panel import TablePanel

    return TablePanel(models.table)


PANEL = Panel("table", "Table", "table", 3, _make)
