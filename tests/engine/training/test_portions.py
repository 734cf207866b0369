"""A memory that is too small for a batch that is only looked at: halved, said, remembered; the same numbers, or a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import catalog
from engine.config import parse_config
from engine.data.array_cache import ArrayCache
from engine.data.split import Split, load_task_data
from engine.events import Event, Log, Metrics, Score
from engine.models.bert import BertClassifier
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.training.answers import Answers
from engine.training.distil import distil
from engine.training.evaluate import predict
from engine.training.portions import Portions, TooLittleMemory, ran_out_of_memory

CPU = torch.device("cpu")
MRPC = catalog.tasks()["mrpc"]
ERRORS = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
)


def room_for(places: int, error: BaseException) -> Callable[[dict[str, Tensor]], list[float]]:
    """Looks at rows on a device that has room for so many places."""

    def look(inputs: dict[str, Tensor]) -> list[float]:
        if inputs["numbers"].numel() > places:
            raise error
        return inputs["numbers"][:, 0].tolist()

    return look


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_batch_is_halved_until_it_fits_and_that_is_remembered(error: BaseException) -> None:
    said: list[str] = []
    portions = Portions(CPU, said.append)
    numbers = torch.arange(10.0)[:, None].expand(10, 4)
    found = list(portions.each({"numbers": numbers}, room_for(12, error)))
    assert [(part.start, part.stop) for part, _ in found] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    assert [number for _, numbers in found for number in numbers] == list(range(10))
    assert [text.split(" taken ")[1] for text in said] == [
        f"{rows} of 4 tokens at a time; what is found stays the same." for rows in (5, 3)
    ]
    sizes = [part.stop - part.start for part, _ in portions.each({"numbers": numbers[:, :2]}, room_for(12, error))]
    assert sizes == [6, 4] and len(said) == 2, "what was learnt holds for rows of another length"


def test_a_row_that_does_not_fit_by_itself_is_said_and_another_error_is_none_of_it() -> None:
    with pytest.raises(TooLittleMemory, match=r"memory of cpu .* one row of 4 tokens .* smaller task\.max_length"):
        list(Portions(CPU).each({"numbers": torch.zeros(3, 4)}, room_for(3, ERRORS[0])))
    assert not ran_out_of_memory(RuntimeError("shape mismatch"))
    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(Portions(CPU).each({"numbers": torch.zeros(3, 4)}, room_for(3, RuntimeError("shape mismatch"))))


@pytest.fixture
def rows(toml: str) -> Split:
    return load_task_data(parse_config(toml), MRPC).train


def narrow(monkeypatch: pytest.MonkeyPatch, places: int) -> None:
    """From now on a BERT that is not being trained has room for so many tokens at once."""
    whole = BertClassifier.forward

    def forward(model: BertClassifier, input_ids: Tensor, *rest: Any, **named: Any) -> Any:
        if not model.training and input_ids.numel() > places:
            raise ERRORS[0]
        return whole(model, input_ids, *rest, **named)

    monkeypatch.setattr(BertClassifier, "forward", forward)


def test_what_a_model_says_and_what_is_inside_it_stay_the_same(
    rows: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> Any:
        torch.manual_seed(3)
        model = random_classifier(EncoderShape(2, 32, 4, 48, 25, 64), MRPC, 0)
        model.output_order = [1, 0]  # type: ignore[assignment]
        return model

    def asked(folder: str) -> tuple[list[str], list[Any]]:
        events: list[Event] = []
        cache = ArrayCache(tmp_path / folder)
        answers = Answers(load, "its files", "tiny", MRPC, CPU, None, cache, events.append, lambda: False)
        inside = answers.inside(rows, ("hidden/2", "module/bert.pooler"))
        assert inside is not None
        found = [answers.logits(rows), *(values.values for values in inside.values())]
        return [event.text for event in events if isinstance(event, Log)], found

    before, wide = asked("wide")
    narrow(monkeypatch, 100)
    after, parted = asked("narrow")
    assert not any("ran out of memory" in text for text in before)
    assert any("they are now taken" in text for text in after)
    for one, other in zip(wide, parted, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-3, atol=1e-5)
    narrow(monkeypatch, 5)
    with pytest.raises(TooLittleMemory):
        predict(load(), rows, CPU, None, "teacher")


def test_a_whole_run_goes_on_with_the_same_scores(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = parse_config(toml)
    home.mkdir()

    def run(folder: str) -> list[Event]:
        (tmp_path / folder).mkdir()
        events: list[Event] = []
        assert not distil(config, tmp_path / folder, tmp_path / folder, events.append, lambda: False).stopped
        return events

    def values(events: list[Event]) -> list[float]:
        seen = [
            value for e in events if isinstance(e, Metrics) for k, value in e.values.items() if "per_second" not in k
        ]
        return seen + [event.value for event in events if isinstance(event, Score)]

    whole = run("whole")
    narrow(monkeypatch, 60)
    parted = run("parted")
    said = [event.text for event in parted if isinstance(event, Log) and "ran out of memory" in event.text]
    assert len(said) >= 3, "of the teacher while it is trained and asked, and of the student"
    np.testing.assert_allclose(values(parted), values(whole), rtol=1e-4, atol=1e-6)
