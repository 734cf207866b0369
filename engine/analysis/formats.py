"""The text formats a table can leave in, found by looking into engine/exporters; the file's name is the key."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from engine.analysis.cells import Table


@dataclass(frozen=True)
class TableFormat:
    """One file ``engine/exporters/table_x.py``: writes a built table as text. ``suffix`` is the file name's ending."""

    name: str
    title: str
    suffix: str
    render: Callable[[Table], str]
    order: int = 100


@cache
def table_formats() -> dict[str, TableFormat]:
    """The formats by short name ("latex" for table_latex.py), in the order menus show them."""
    package = importlib.import_module("engine.exporters")
    found: dict[str, TableFormat] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if not info.name.startswith("table_"):
            continue
        declared: TableFormat = importlib.import_module(f"engine.exporters.{info.name}").FORMAT
        if f"table_{declared.name}" != info.name:
            raise RuntimeError(
                f"engine/exporters/{info.name}.py declares {declared.name!r}: the file's name must be the key"
            )
        found[declared.name] = declared
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))
