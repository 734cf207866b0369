"""Random logits and targets for the losses' tests."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.types import LossInputs


def make_inputs(rows: int = 16, outputs: int = 5, seed: int = 0, scale: float = 3.0) -> LossInputs:
    """float64 logits of ``scale``; one-hot targets, or with one output probabilities."""
    random = np.random.default_rng(seed)
    student, teacher = random.normal(0, scale, (2, rows, outputs))
    if outputs == 1:
        target = random.uniform(0.05, 0.95, (rows, 1))
    else:
        target = np.eye(outputs)[random.integers(0, outputs, rows)]
    return LossInputs(*(torch.from_numpy(values) for values in (student, teacher, target)))


@pytest.fixture(params=[5, 2, 1], ids=["5 classes", "2 classes", "1 output"])
def inputs(request: pytest.FixtureRequest) -> LossInputs:
    return make_inputs(outputs=request.param)
