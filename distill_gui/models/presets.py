"""Ready-made choices to start from: one for each known method, and the sample's runs. Knows no Qt."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from engine import catalog
from engine.config.references import resolve_paths


@dataclass(frozen=True)
class Recipe:
    """A published method as far as settings go. ``about`` names its source and says what is not as published."""

    key: str
    title: str
    loss: Mapping[str, Any]
    features: tuple[Mapping[str, Any], ...] = field(default=())
    about: str = ""

    def is_known(self) -> bool:
        """Whether all its losses exist."""
        kinds = [feature["kind"] for feature in self.features]
        return self.loss["kind"] in catalog.losses() and all(kind in catalog.features() for kind in kinds)


RECIPES = (
    Recipe("taylor", "Taylor KD (paper)", {"kind": "taylor"}),
    Recipe("kl", "Vanilla KD", {"kind": "kl"}),
    Recipe("mse_logits", "Squared logits", {"kind": "mse_logits"}),
    # Its program weighs answers, words and cosine 5 : 2 : 1; in sevenths, so that labels and answers make 1.
    Recipe(
        "distilbert", "DistilBERT", {"kind": "kl", "temperature": 2.0, "lambda": 0.29},
        ({"kind": "hidden", "distance": "cosine", "layers": "final", "weight": 0.14},),
        "Sanh et al. 2019: 5 : 2 : 1 as in their program. Here the labels take the place of masked words: no pre-training "
        "stage. Start the student from layers of the teacher, as they do.",
    ),
    Recipe(
        "pkd_skip", "PKD-Skip", {"kind": "kl", "temperature": 10.0, "lambda": 0.5},
        ({"kind": "pkd", "layers": "skip", "weight": 0.1},),
        "Sun et al. 2019: T, λ and weight lie within their search. The weight here is theirs (β = 10…1000) divided by "
        "width × layers, as the distance is a sum.",
    ),
    Recipe(
        "pkd_last", "PKD-Last", {"kind": "kl", "temperature": 10.0, "lambda": 0.5},
        ({"kind": "pkd", "layers": "last", "weight": 0.1},),
        "Sun et al. 2019: T, λ and weight lie within their search. The weight here is theirs (β = 10…1000) divided by "
        "width × layers, as the distance is a sum.",
    ),
    Recipe(
        "tinybert", "TinyBERT", {"kind": "kl", "temperature": 1.0, "lambda": 0.0},
        ({"kind": "attention"}, {"kind": "hidden"}, {"kind": "embedding"}),
        "Jiao et al. 2020: task-specific distillation without labels. Here its two stages are one and hidden states a mean over "
        "layers; no general distillation before, no augmented rows.",
    ),
    Recipe(
        "minilm", "MiniLM", {"kind": "none"}, ({"kind": "minilm", "version": "1"},),
        "Wang et al. 2020: attention and values of the last layer. Theirs is a pre-training without labels, fine-tuned "
        "afterwards; here both at once.",
    ),
    Recipe(
        "minilmv2", "MiniLMv2", {"kind": "none"}, ({"kind": "minilm", "version": "2"},),
        "Wang et al. 2021: relations of queries, keys and values. Theirs is a pre-training without labels, fine-tuned "
        "afterwards; here both at once.",
    ),
    # 240 thousand of its 740 thousand steps are the transfer, one layer after the other.
    Recipe(
        "mobilebert", "MobileBERT", {"kind": "kl", "temperature": 1.0, "lambda": 0.5},
        ({"kind": "feature_map", "training": "layer_by_layer", "transfer_share": 0.32},),
        "Sun et al. 2020: progressive transfer for the first third. Here the task's labels and answers stand in for its "
        "pre-training, from the first step on; layers done are not frozen; no bottleneck models.",
    ),
    Recipe(
        "fitnets", "FitNets", {"kind": "kl", "temperature": 3.0, "lambda": 0.7},
        ({"kind": "hidden", "layers": "skip", "schedule": "fall", "schedule_share": 0.5},),
        "Romero et al. 2015: hints through a learned projection, then KD at T = 3. Theirs is one middle layer in a stage of its "
        "own; here all layers but the last, with a weight that falls to 0 by half-time.",
    ),
    Recipe(
        "rkd", "RKD", {"kind": "none"},
        ({"kind": "rkd", "distance_weight": 1.0, "angle_weight": 2.0},),
        "Park et al. 2019: distances and angles 1 : 2 beside the labels. Relations are means over pairs and triples here, and "
        "of [CLS] states.",
    ),
    Recipe("none", "No teacher", {"kind": "none"}),
)  # fmt: skip


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
    """The presets by key, in the order they are offered; a method only where its losses exist."""
    losses = catalog.losses()
    found = [
        Preset(
            recipe.key,
            recipe.title,
            {"loss": dict(recipe.loss), "features": [dict(feature) for feature in recipe.features]},
            recipe.about or losses[recipe.loss["kind"]].summary,
        )
        for recipe in RECIPES
        if recipe.is_known()
    ]
    found += [_sample(file) for file in sorted((catalog.assets_folder() / "sample").glob("*.toml"))]
    return {preset.key: preset for preset in found}


def _sample(file: Path) -> Preset:
    """A run that comes with the program: a TOML file whose paths are relative to it."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    resolve_paths(table, file.parent)
    title = str(table.pop("name", file.stem))
    return Preset(f"sample/{file.stem}", title, table, "A whole run on rows that come with the program.", whole=True)
