"""The outline of a BERT that follows from its settings is the one of the classifier that is built of them."""

from __future__ import annotations

import pytest

from engine import catalog
from engine.models.bert_settings import BertSettings
from engine.models.load import task_settings
from engine.models.outline import outline_of, outline_of_bert
from engine.models.shape import EncoderShape
from engine.models.skeleton import Skeleton


@pytest.mark.parametrize("task", ["mrpc", "stsb", "mnli"])
@pytest.mark.parametrize("shape", [EncoderShape(1, 8, 2, 12, 9, 5, 1), EncoderShape(3, 16, 4, 64, 30)])
def test_a_bert_s_outline_is_the_one_of_its_modules(task: str, shape: EncoderShape) -> None:
    said = BertSettings.of_shape(shape, task_settings(catalog.tasks()[task]))
    skeleton = Skeleton(said, "planted", "key")
    assert skeleton.outline == outline_of_bert(said) == outline_of(skeleton.model())
    assert sum(1 for name in skeleton.outline.weights if name.startswith("classifier.")) == 2
