"""What an export format declares about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Exporter:
    """One file of ``engine/exporters``: takes a run's kept student somewhere.

    ``export(run, scores, folder)`` writes into ``folder`` and returns the files written.
    """

    name: str
    title: str
    about: str
    export: Callable[..., list[Path]]
    order: int = 100
