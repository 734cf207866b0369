"""From curves to what a row's students were trained by. Knows the curves' names, not where they are stored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from engine.analysis.cells import Gradient

LABELS_SHARE = "train/parameter_share/labels"
INFLUENCE = "train/teacher_influence"
CURVES = (LABELS_SHARE, INFLUENCE)

# run → curve → mean over its points, as engine.store's curve_means gives it
CurveMeans = Mapping[int, Mapping[str, float]]


def gradient_of(runs: Iterable[int], means: CurveMeans) -> Gradient:
    """The mean over runs, each of which counts once however many steps it logged."""
    known = [means[run] for run in sorted(set(runs)) if run in means]
    labels, influences = ([own[name] for own in known if math.isfinite(own.get(name, math.nan))] for name in CURVES)
    return Gradient(
        share=100.0 * (1.0 - sum(labels) / len(labels)) if labels else None,
        influence=sum(influences) / len(influences) if influences else None,
        runs=max(len(labels), len(influences)),
    )
