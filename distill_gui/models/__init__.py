"""What the panels show, without QtWidgets. This file only says which models a panel is handed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distill_gui.models.compose import ComposeModel
    from distill_gui.models.curves import CurveModel
    from distill_gui.models.export import ExportModel
    from distill_gui.models.run_list import RunListModel
    from distill_gui.models.table import TableModel


@dataclass
class Models:
    """One of each model; every panel takes the ones it shows."""

    runs: RunListModel
    curves: CurveModel
    compose: ComposeModel
    table: TableModel
    export: ExportModel
