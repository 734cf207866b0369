"""What a library raises about a reference becomes one sentence that speaks of the person's files, not of a program's inside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.load import in_sentences


def test_an_error_that_quotes_another_one_names_no_class(tiny: Path, tmp_path: Path) -> None:
    from transformers import BertConfig

    settings = json.loads((tiny / "teacher" / "config.json").read_text(encoding="utf-8")) | {"hidden_act": 5}
    with pytest.raises(ModelError) as told, in_sentences(str(tmp_path), "teacher.model"):
        BertConfig.from_dict(settings)
    said = str(told.value)
    assert "hidden_act" in said and "expected str, got int" in said and "Error" not in said, said
