"""What there is to choose from: finds the losses, tasks and exporters by looking into their folders.

The file's name is the key. Never imports torch: the modules it discovers import it only inside functions.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.types import Exporter, FeatureLoss, Loss, Task


def _discover(package: str, attribute: str) -> dict[str, Any]:
    """Map file name → the object called ``attribute`` of every module in ``package`` that has one."""
    found = {}
    folder = importlib.import_module(package)
    for info in pkgutil.iter_modules(folder.__path__):
        declared = getattr(importlib.import_module(f"{package}.{info.name}"), attribute, None)
        if declared is None:
            continue
        if declared.name != info.name:
            raise RuntimeError(f"{package}.{info.name} declares {declared.name!r}: the file's name must be the key")
        found[info.name] = declared
    return found


@cache
def losses() -> dict[str, Loss]:
    """The response losses by name, in the order forms show them."""
    found = _discover("engine.losses", "LOSS")
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


@cache
def features() -> dict[str, FeatureLoss]:
    """The feature losses by name, in the order forms show them."""
    found = _discover("engine.losses.features", "FEATURE")
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


@cache
def tasks() -> dict[str, Task]:
    """The tasks by name, in the order of the paper's Table 2, then the rest."""
    found = _discover("engine.tasks", "TASK")
    order = ["qqp", "mnli", "sst2", "qnli", "mrpc", "rte", "stsb", "cola"]
    return dict(sorted(found.items(), key=lambda item: (order.index(item[0]) if item[0] in order else 99, item[0])))


@cache
def exporters() -> dict[str, Exporter]:
    """The export formats of a student by name."""
    found = _discover("engine.exporters", "EXPORTER")
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


@cache
def assets_folder() -> Path:
    """The folder of the data files that come with the program: inside the installed package, or at the top of the tree."""
    here = Path(__file__).resolve().parent
    inside = here / "assets"
    return inside if inside.is_dir() else here.parent / "assets"
