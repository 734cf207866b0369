"""The places of the window, one file each: what a panel declares, and how the window finds them.

A panel knows models and widgets only: neither the services, nor the engine's work, nor another panel.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from distill_gui.models import Models


@dataclass(frozen=True)
class Panel:
    """One place: its file's name as ``key``, what the rail shows, where in the rail it stands, and how to make it."""

    key: str
    title: str
    icon: str
    order: int
    make: Callable[[Models], QWidget]


def discover() -> list[Panel]:
    """Every ``PANEL`` in this folder, in rail order. RuntimeError where a key is not its file's name."""
    found: list[Panel] = []
    for info in pkgutil.iter_modules(__path__):
        panel = getattr(importlib.import_module(f"{__name__}.{info.name}"), "PANEL", None)
        if panel is None:
            continue
        if panel.key != info.name:
            raise RuntimeError(f"panels/{info.name}.py declares {panel.key!r}: the file's name must be the key")
        found.append(panel)
    return sorted(found, key=lambda panel: (panel.order, panel.key))
