"""Text to token ids through a model's own tokenizer; knows nothing of batches or models."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 2000  # a tokenizer cannot be interrupted, and a person who asks for a stop is answered between two parts


@dataclass(frozen=True)
class Encoding:
    """Token ids of rows of different lengths, end to end; row i is ``[starts[i], starts[i + 1])``.

    ``token_types`` marks first and second text (int8, same shape as ``tokens``), None where the tokenizer gives none.
    ``cut`` counts the rows of which something was cut off. ``padding`` and ``padding_type`` fill up a batch.
    """

    tokens: NDArray[np.int32]
    token_types: NDArray[np.int8] | None
    starts: NDArray[np.int64]
    cut: int
    padding: int
    padding_type: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    @property
    def texts(self) -> int:
        """How many texts of a row the token types tell apart."""
        return 1 if self.token_types is None else int(self.token_types.max(initial=0)) + 1

    def reads_alike(self, other: Encoding) -> bool:
        """Whether the same rows were cut into the same tokens, so that states can be compared place by place."""
        return np.array_equal(self.starts, other.starts) and np.array_equal(self.tokens, other.tokens)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that a model reads: tokens, their types, where rows begin, what fills up a batch."""
        digest = hashlib.sha256(
            f"{len(self)} {self.padding} {self.padding_type} {self.token_types is not None}".encode()
        )
        for array in (self.starts, self.tokens, self.token_types):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def encode(
    tokenizer: Any,
    texts: Sequence[Sequence[str]],
    max_length: int,
    after_part: Callable[[int], None] = lambda rows_done: None,
) -> Encoding:
    """Encode one or two columns of texts with the special tokens, each row cut to ``max_length`` tokens (longest first).

    Done in parts of ``ROWS_AT_ONCE``, which changes nothing: ``after_part`` hears how many rows are done and may raise. The
    tokenizer is left with this truncation.
    """
    columns = [list(column) for column in texts]
    parts = []
    for start in range(0, len(columns[0]), ROWS_AT_ONCE):
        part = [column[start : start + ROWS_AT_ONCE] for column in columns]
        parts.append(_encode_part(tokenizer, part, max_length))
        after_part(start + len(part[0]))
    lengths = np.concatenate([part.lengths for part in parts])
    types = [part.token_types for part in parts if part.token_types is not None]
    tell_truncation(tokenizer, max_length)
    return Encoding(
        np.concatenate([part.tokens for part in parts]),
        np.concatenate(types) if types else None,
        np.concatenate([[0], np.cumsum(lengths)]),
        sum(part.cut for part in parts),
        tokenizer.pad_token_id,
        getattr(tokenizer, "pad_token_type_id", 0),
    )


@dataclass(frozen=True)
class _Part:
    tokens: NDArray[np.int32]
    token_types: NDArray[np.int8] | None
    lengths: NDArray[np.int64]
    cut: int


def _encode_part(tokenizer: Any, columns: list[list[str]], max_length: int) -> _Part:
    encoded = tokenizer(
        *columns, truncation=True, max_length=max_length, padding=False, return_overflowing_tokens=False
    )
    ids = encoded["input_ids"]
    lengths = np.fromiter((len(row) for row in ids), np.int64, len(ids))
    count = int(lengths.sum())
    types = None
    if "token_type_ids" in encoded:
        types = np.fromiter((kind for row in encoded["token_type_ids"] for kind in row), np.int8, count)
    tokens = np.fromiter((token for row in ids for token in row), np.int32, count)
    return _Part(tokens, types, lengths, _count_cut(tokenizer, columns, lengths, max_length))


def tell_truncation(tokenizer: Any, max_length: int) -> None:
    """Leave a fast tokenizer cutting at ``max_length`` and not padding: that state goes into its file when it is kept."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.enable_truncation(max_length, direction=tokenizer.truncation_side)
        backend.no_padding()


def _count_cut(tokenizer: Any, columns: list[list[str]], lengths: NDArray[np.int64], max_length: int) -> int:
    """Rows longer than ``max_length``: only full ones can be, so only these are encoded again."""
    full = np.flatnonzero(lengths >= max_length)
    if not len(full):
        return 0
    again = tokenizer(
        *([column[row] for row in full] for column in columns), truncation=False, padding=False, verbose=False
    )
    return sum(len(row) > max_length for row in again["input_ids"])
