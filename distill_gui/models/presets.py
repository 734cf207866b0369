"""Ready-made choices to start from: one for each known method, and the sample's runs. Knows no Qt."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine import catalog
from engine.config.references import resolve_paths

METHODS = (
    ("taylor", "Taylor KD (paper)"),
    ("kl", "Vanilla KD"),
    ("mse_logits", "Squared logits"),
    ("none", "No teacher"),
)


@dataclass(frozen=True)
class Preset:
    """Values to take over, as a nested table. A ``whole`` one is a run of its own, others change their sections."""

    key: str
    title: str
    table: Mapping[str, Any]
    about: str = ""
    whole: bool = False


@cache
def presets() -> dict[str, Preset]:
    """The presets by key, in the order they are offered; a method only where its loss exists."""
    losses = catalog.losses()
    found = [
        Preset(kind, title, {"loss": {"kind": kind}}, losses[kind].summary) for kind, title in METHODS if kind in losses
    ]
    found += [_sample(file) for file in sorted((catalog.assets_folder() / "sample").glob("*.toml"))]
    return {preset.key: preset for preset in found}


def _sample(file: Path) -> Preset:
    """A run that comes with the program: a TOML file whose paths are relative to it."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    resolve_paths(table, file.parent)
    title = str(table.pop("name", file.stem))
    return Preset(f"sample/{file.stem}", title, table, "A whole run on rows that come with the program.", whole=True)
