"""A teacher's tensors by example: each row at its own place, whatever the batch, and nothing behind its last token."""

from __future__ import annotations

import numpy as np
import torch

from engine.data.teacher_rows import TeacherRows

LENGTHS = [3, 1, 5, 2]
STARTS = np.concatenate([[0], np.cumsum(LENGTHS)]).astype(np.int64)
TOKENS = TeacherRows(np.arange(22, dtype=np.float16).reshape(11, 2) + 1, STARTS)
WHOLE = TeacherRows(np.arange(8, dtype=np.float32).reshape(4, 2), None)


def test_rows_are_padded_with_zeros_to_the_batchs_longest() -> None:
    found = TOKENS.padded(np.array([2, 0]), 6)
    assert found.shape == (2, 6, 2) and found.dtype == torch.float16
    assert found[0, :5].flatten().tolist() == list(range(9, 19)) and found[1, :3].flatten().tolist() == list(
        range(1, 7)
    )
    assert not found[0, 5:].any() and not found[1, 3:].any()


def test_a_tensor_without_tokens_is_looked_up_by_row() -> None:
    found = WHOLE.padded(np.array([3, 1]), 6)
    assert found.tolist() == [[6.0, 7.0], [2.0, 3.0]]
    found[0] = 0.0  # a copy: what is mapped cannot be written to
    assert WHOLE.values[3].tolist() == [6.0, 7.0]


def test_some_of_the_rows_are_those_rows() -> None:
    places = np.array([3, 2])
    for rows in (TOKENS, WHOLE):
        some = rows.of(places)
        for number, place in enumerate(places):
            assert torch.equal(some.padded(np.array([number]), 5), rows.padded(np.array([place]), 5))
