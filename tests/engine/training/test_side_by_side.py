"""Batches looked at several at a time: in their order, with one thread each, the same to the bit however many there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine import catalog
from engine.config import parse_config
from engine.data.array_cache import StopAsked
from engine.data.split import Split, load_task_data
from engine.models.bert import Answer
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.training import evaluate
from engine.training.evaluate import predict
from engine.training.portions import Portions
from engine.training.side_by_side import looked_at, one_thread

MRPC = catalog.tasks()["mrpc"]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def rows(toml: str, monkeypatch: pytest.MonkeyPatch) -> Split:
    monkeypatch.setattr(evaluate, "CPU_TOKENS", 128)
    return load_task_data(parse_config(toml), MRPC).train


def test_all_threads_are_at_work_and_what_they_find_comes_in_order() -> None:
    """Each batch waits for another one to be looked at beside it: with fewer at a time none would ever be done."""
    together = threading.Barrier(3, timeout=30)
    used: set[tuple[str, int]] = set()

    def look(batch: int) -> int:
        together.wait()
        used.add((threading.current_thread().name, torch.get_num_threads()))
        return batch * 10

    torch.set_num_threads(3)
    with one_thread() as threads:
        assert list(looked_at(range(12), look, threads)) == [batch * 10 for batch in range(12)]
    assert len(used) == 3 and {count for _, count in used} == {1} and torch.get_num_threads() == 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_raised_is_raised_at_its_batch_and_nothing_goes_on(count: int) -> None:
    looked: list[int] = []

    def look(batch: int) -> int:
        looked.append(batch)
        if batch == 4:
            raise ValueError("batch 4")
        return batch

    found = []
    with pytest.raises(ValueError, match="batch 4"):
        for each in looked_at(range(1000), look, count):
            found.append(each)
    assert found == [0, 1, 2, 3] and len(looked) < 20
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("looks at")]


def test_answers_are_the_same_to_the_bit_with_any_number_of_threads(rows: Split) -> None:
    torch.manual_seed(3)
    model = random_classifier(EncoderShape(2, 32, 2, 48, 25, 64), MRPC, 0)
    found = set()
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        found.add(predict(model, rows, CPU, None).tobytes())
        assert torch.get_num_threads() == threads and model.training
    assert len(found) == 1


def test_precision_holds_in_every_thread(rows: Split) -> None:
    torch.manual_seed(3)
    model = random_classifier(EncoderShape(1, 32, 2, 48, 25, 64), MRPC, 0)
    torch.set_num_threads(2)
    half, single = (predict(model, rows, CPU, precision) for precision in (torch.bfloat16, None))
    torch.set_num_threads(1)
    assert half.tobytes() == predict(model, rows, CPU, torch.bfloat16).tobytes() != single.tobytes()


def test_a_stop_ends_it_between_two_batches(rows: Split) -> None:
    torch.set_num_threads(2)
    model = random_classifier(EncoderShape(1, 32, 2, 48, 25, 64), MRPC, 0)

    def stops(done: int) -> None:
        if done > 10:
            raise StopAsked

    with pytest.raises(StopAsked):
        predict(model, rows, CPU, None, after_batch=stops)
    assert torch.get_num_threads() == 2 and model.training


def test_where_memory_runs_out_they_are_looked_at_one_at_a_time_and_that_is_said_once(rows: Split) -> None:
    torch.manual_seed(3)
    model = random_classifier(EncoderShape(1, 32, 2, 48, 25, 64), MRPC, 0)
    alone = predict(model, rows, CPU, None)
    forward, beside = model.forward, threading.Lock()

    def tight(*given: torch.Tensor, **named: torch.Tensor) -> object:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        with beside:
            return forward(*given, **named)

    model.forward = tight
    said: list[str] = []
    portions = Portions(CPU, said.append)
    torch.set_num_threads(2)
    for _ in range(2):
        found = predict(model, rows, CPU, None, portions=portions)
        np.testing.assert_array_equal(found, alone)
    assert said == [
        "Memory ran out while several batches were looked at side by side: they are now taken one at a time."
    ]


def test_a_model_that_changes_with_what_it_reads_is_asked_one_batch_at_a_time(rows: Split) -> None:
    """Such as dynamic rotary positions, which depend on the longest row so far."""

    class Changing(torch.nn.Module):
        inside = 0

        def forward(self, input_ids: torch.Tensor, **rest: torch.Tensor) -> Answer:
            self.inside += 1
            assert self.inside == 1
            time.sleep(0.002)
            self.inside -= 1
            return Answer(torch.zeros(len(input_ids), 2))

    torch.set_num_threads(3)
    assert predict(Changing(), rows, CPU, None).shape == (len(rows), 2)
    Changing.reentrant = True  # type: ignore[attr-defined]
    with pytest.raises(AssertionError):
        predict(Changing(), rows, CPU, None)
