"""Batches: every row once an epoch, the order decided by seed, epoch and lengths, no padding beyond the longest row."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.batches import (
    WINDOW_BATCHES,
    BatchSize,
    TrainingBatches,
    collate,
    evaluation_batches,
    order_of_epoch,
)
from engine.data.tokenising import Encoding


def encoding(lengths: Any, types: bool = True) -> Encoding:
    """Row n holds the tokens 100·n + 1, 100·n + 2, …, so that every token tells its row and place."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = [100 * number + 1 + np.arange(length) for number, length in enumerate(lengths)]
    tokens = np.concatenate([np.zeros(0), *rows]).astype(np.int32)
    return Encoding(tokens, (tokens % 2).astype(np.int8) if types else None, starts, 0, padding=9, padding_type=3)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=300),
    batch_size=st.integers(1, 17),
    seed=st.integers(0, 2**31 - 1),
    epoch=st.integers(0, 50),
)
def test_every_row_exactly_once_an_epoch(lengths: list[int], batch_size: int, seed: int, epoch: int) -> None:
    batches = order_of_epoch(np.array(lengths), BatchSize(batch_size), seed, epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size
    assert sum(len(batch) < batch_size for batch in batches) <= 1, "only one batch, the partial one, is smaller"
    assert TrainingBatches(encoding(lengths), BatchSize(batch_size), seed).steps_per_epoch == len(batches)


def order(lengths: Any, seed: int, epoch: int, batch_size: int = 4) -> list[list[int]]:
    return [batch.tolist() for batch in order_of_epoch(np.asarray(lengths), BatchSize(batch_size), seed, epoch)]


def test_the_order_is_that_of_seed_and_epoch() -> None:
    lengths = np.random.default_rng(0).integers(3, 30, 101)
    assert order(lengths, 5, 2) == order(lengths, 5, 2)
    others = [order(lengths, 5, 3), order(lengths, 6, 2), order(lengths, 2, 5)]
    assert all(other != order(lengths, 5, 2) for other in others)


def test_the_order_of_an_epoch_does_not_depend_on_those_before() -> None:
    data = encoding(np.random.default_rng(0).integers(3, 30, 50))
    straight = TrainingBatches(data, BatchSize(8), seed=1)
    list(straight.epoch(0))
    again = [batch.indices.tolist() for batch in straight.epoch(1)]
    assert again == [batch.indices.tolist() for batch in TrainingBatches(data, BatchSize(8), seed=1).epoch(1)]


def test_rows_of_a_batch_are_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, 3200)
    batches = order_of_epoch(lengths, BatchSize(32), 0, 0)
    padded = sum(lengths[batch].max() * len(batch) for batch in batches)
    shuffled = sum(lengths[batch].max() * 32 for batch in np.random.default_rng(1).permutation(3200).reshape(-1, 32))
    assert padded < 1.08 * lengths.sum() < shuffled / 1.5


def test_windows_keep_an_epoch_shuffled() -> None:
    """Sorting the whole split would feed all short rows first; the batches' lengths must not rise along the epoch."""
    for windows in (1, 6):
        lengths = np.arange(WINDOW_BATCHES * 4 * windows)
        means = [lengths[batch].mean() for batch in order_of_epoch(lengths, BatchSize(4), 3, 0)]
        assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.3
    assert {tuple(sorted(batch)) for batch in order(lengths, 3, 0)}.isdisjoint(
        tuple(sorted(batch)) for batch in order(lengths, 3, 1)
    ), "the same rows do not meet in every epoch"


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=300),
    rows=st.integers(1, 17),
    tokens=st.integers(1, 400),
    pad_to=st.sampled_from([1, 8]),
    seed=st.integers(0, 2**31 - 1),
    epochs=st.integers(1, 4),
)
def test_batches_filled_with_tokens(
    lengths: list[int], rows: int, tokens: int, pad_to: int, seed: int, epochs: int
) -> None:
    """Every row once; never above the budget but for a row that is by itself; as many batches in every epoch as are said."""
    data = encoding(lengths)
    batches = TrainingBatches(data, BatchSize(rows, tokens, pad_to), seed, epochs=epochs)
    needed = []
    for epoch in range(epochs):
        seen = list(batches.epoch(epoch))
        assert sorted(row for batch in seen for row in batch.indices.tolist()) == list(range(len(lengths)))
        assert len(seen) == batches.steps_per_epoch
        assert all(len(batch.indices) <= rows for batch in seen)
        assert all(batch.places <= tokens or len(batch.indices) == 1 for batch in seen)
        again = TrainingBatches(data, BatchSize(rows, tokens, pad_to), seed, epochs=epochs).epoch(epoch)
        assert [batch.indices.tolist() for batch in again] == [batch.indices.tolist() for batch in seen]
        needed.append(len(order_of_epoch(data.lengths, BatchSize(rows, tokens, pad_to), seed, epoch)))
    assert batches.steps_per_epoch == max(needed), "no epoch has more batches than the one that needs most"


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=60), rows=st.integers(1, 9), tokens=st.integers(1, 400)
)
def test_a_batch_is_as_full_as_it_may_be(lengths: list[int], rows: int, tokens: int) -> None:
    size, ordered = BatchSize(rows, tokens, pad_to=8), np.sort(np.array(lengths))
    batches = size.cut(np.arange(len(ordered)), ordered)
    for batch, following in pairwise(batches):
        longest = -(-int(ordered[following[0]]) // 8) * 8
        assert len(batch) == rows or (len(batch) + 1) * longest > tokens
    assert size.rows_of(int(ordered[-1])) >= len(batches[-1])


def test_a_budget_evens_out_what_batches_cost() -> None:
    """Lengths as MRPC's are spread; the mean batch is as large either way. Against shuffling alone, and by rows."""
    lengths = np.random.default_rng(0).gamma(8, 6, 4096).astype(np.int64) + 8
    by_tokens = TrainingBatches(encoding(lengths), BatchSize(256, 2048), 0)
    rows = round(len(lengths) / by_tokens.steps_per_epoch)
    by_rows = TrainingBatches(encoding(lengths), BatchSize(rows), 0)
    shuffled = np.array_split(np.random.default_rng(1).permutation(len(lengths)), by_tokens.steps_per_epoch)
    plain = 1 - lengths.sum() / sum(lengths[batch].max() * len(batch) for batch in shuffled)
    filled, counted = (np.array([batch.places for batch in batches.epoch(0)]) for batches in (by_tokens, by_rows))
    assert 1 - lengths.sum() / filled.sum() < 0.01 and 1 - lengths.sum() / counted.sum() < 0.04 and plain > 0.4
    assert filled.max() <= 2048 < counted.max() / 1.8, "the largest batch is what memory is needed for"
    assert filled.std() < counted.std() / 2


def test_a_batch_is_padded_to_its_longest_row_and_no_further() -> None:
    batch = collate(encoding([2, 5, 3]), np.array([2, 0]))
    assert batch.indices.tolist() == [2, 0]
    assert batch.inputs["input_ids"].tolist() == [[201, 202, 203], [1, 2, 9]]
    assert batch.inputs["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch.inputs["token_type_ids"].tolist() == [[1, 0, 1], [1, 0, 3]]
    assert {str(values.dtype) for values in (*batch.inputs.values(), batch.indices)} == {"torch.int64"}


@pytest.mark.parametrize(("longest", "width"), [(5, 8), (8, 8), (9, 16)])
def test_a_batch_for_a_gpu_is_padded_to_a_multiple(longest: int, width: int) -> None:
    batch = collate(encoding([3, longest]), np.array([0, 1]), pad_to=8)
    assert batch.inputs["input_ids"].shape == (2, width)
    assert batch.inputs["attention_mask"].sum(1).tolist() == [3, longest]
    assert (batch.places, batch.padded) == (2 * width, 2 * width - 3 - longest)


def test_a_reader_without_token_types_gets_none() -> None:
    assert set(collate(encoding([2, 3], types=False), np.array([0])).inputs) == {"input_ids", "attention_mask"}


def test_a_batch_depends_on_its_rows_alone() -> None:
    """What a teacher says of a row is looked up by row, so the row must be the same in whatever batch it comes."""
    data = encoding([4, 7, 2, 6, 3])
    for batch in (
        *TrainingBatches(data, BatchSize(2), seed=0).epoch(0),
        *TrainingBatches(data, BatchSize(3), seed=9).epoch(4),
    ):
        for place, row in enumerate(batch.indices.tolist()):
            valid = batch.inputs["attention_mask"][place].bool()
            wanted = data.tokens[data.starts[row] : data.starts[row + 1]].tolist()
            assert batch.inputs["input_ids"][place][valid].tolist() == wanted


def test_evaluation_takes_every_row_once_the_longest_first() -> None:
    batches = list(evaluation_batches(encoding([4, 9, 2, 9, 3]), 18))
    assert [batch.indices.tolist() for batch in batches] == [[1, 3], [0, 4, 2]]


def test_evaluation_takes_rows_without_tokens() -> None:
    assert sum(len(batch.indices) for batch in evaluation_batches(encoding([3, 0, 0]), 3)) == 3


def test_evaluation_fills_a_batch_to_its_tokens_and_takes_a_longer_row_alone() -> None:
    data = encoding([40, 7, 12, 9, 3, 3, 2])
    for tokens in (1, 10, 24, 64, 1000):
        batches = list(evaluation_batches(data, tokens, pad_to=4))
        assert [row for batch in batches for row in batch.indices.tolist()] == [0, 2, 3, 1, 4, 5, 6]
        for batch, following in zip(batches, [*batches[1:], None], strict=True):
            places = batch.inputs["input_ids"].numel()
            assert places <= tokens or len(batch.indices) == 1
            if following is not None:  # one row more would not have fitted
                assert places + batch.inputs["input_ids"].shape[1] > tokens
