"""What the panels show, without QtWidgets. This file only says which models a panel is handed, and makes each when needed.

Making one loads what it rests on (numpy, pydantic, the analysis): a window is painted before it needs all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distill_gui.models.compare import CompareModel
    from distill_gui.models.compose import ComposeModel
    from distill_gui.models.curves import CurveModel
    from distill_gui.models.export import ExportModel
    from distill_gui.models.run_list import RunListModel
    from distill_gui.models.table import TableModel


class Models:
    """One of each model, made when first asked for; every panel takes the ones it shows.

    ``fill`` is called with the name of a model and the model as soon as it is made, to tell it what is known already.
    """

    def __init__(self, fill: Callable[[str, Any], None] = lambda name, model: None) -> None:
        self._fill = fill

    @cached_property
    def runs(self) -> RunListModel:
        from distill_gui.models.run_list import RunListModel

        return self._filled("runs", RunListModel())

    @cached_property
    def curves(self) -> CurveModel:
        from distill_gui.models.curves import CurveModel

        return self._filled("curves", CurveModel())

    @cached_property
    def compose(self) -> ComposeModel:
        from distill_gui.models.compose import ComposeModel

        return self._filled("compose", ComposeModel())

    @cached_property
    def table(self) -> TableModel:
        from distill_gui.models.table import TableModel

        return self._filled("table", TableModel())

    @cached_property
    def compare(self) -> CompareModel:
        from distill_gui.models.compare import CompareModel

        return self._filled("compare", CompareModel())

    @cached_property
    def export(self) -> ExportModel:
        from distill_gui.models.export import ExportModel

        return self._filled("export", ExportModel())

    def _filled(self, name: str, model: Any) -> Any:
        self._fill(name, model)
        return model

    def has(self, name: str) -> bool:
        """Whether a model was needed so far."""
        return name in vars(self)
