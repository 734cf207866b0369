"""What a response loss says it needs is what it reads: the labels count exactly where they are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import catalog
from engine.types import Loss

from .conftest import make_inputs


@pytest.mark.parametrize("loss", catalog.losses().values(), ids=lambda loss: loss.name)
def test_labels_count_exactly_where_they_are_named(loss: Loss) -> None:
    if loss.compute is None:
        assert loss.needs == "logits of the student, labels"
        return
    inputs = make_inputs()
    settings = loss.settings(kind=loss.name)
    others = replace(inputs, target=inputs.target.roll(1, 1))
    same = loss.compute(inputs, settings).item() == loss.compute(others, settings).item()
    assert same == ("labels" not in loss.needs)
    assert "logits of student and teacher" in loss.needs
