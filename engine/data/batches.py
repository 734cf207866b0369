"""Which rows make a batch, and their padded tensors. The order depends on seed, epoch and lengths alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.tokenising import Encoding

if TYPE_CHECKING:
    from torch import Tensor

WINDOW_BATCHES = 32  # rows are sorted by length only inside windows of this many batches, so that epochs stay shuffled


@dataclass(frozen=True)
class Batch:
    """``inputs`` is what the model is called with, int64 of shape (rows, longest); ``indices`` are the rows' numbers.

    ``teacher_inputs`` are the same rows as the teacher reads them: the very same where both have one tokenizer.
    Of the ``places`` of the inputs (rows × longest) ``padded`` hold no token; both are known without asking a device.
    """

    inputs: dict[str, Tensor]
    indices: Tensor
    teacher_inputs: dict[str, Tensor]
    places: int = 0
    padded: int = 0


def order_of_epoch(lengths: NDArray[np.int64], batch_size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Row numbers of each batch: shuffled, then sorted by length inside windows, the batches of a window shuffled again.

    Every row exactly once; a last, smaller batch is kept.
    """
    random = np.random.default_rng([seed, epoch])
    shuffled = random.permutation(len(lengths))
    batches: list[NDArray[np.int64]] = []
    window = batch_size * WINDOW_BATCHES
    for start in range(0, len(shuffled), window):
        rows = shuffled[start : start + window]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        cut = [rows[first : first + batch_size] for first in range(0, len(rows), batch_size)]
        batches += [cut[place] for place in random.permutation(len(cut))]
    return batches


def collate(encoding: Encoding, rows: NDArray[np.int64], pad_to: int = 1, teacher: Encoding | None = None) -> Batch:
    """Pad ``rows`` to the longest of them, rounded up to a multiple of ``pad_to``; also as the ``teacher`` reads them."""
    import torch

    inputs = _padded(encoding, rows, pad_to)
    theirs = inputs if teacher is None or teacher is encoding else _padded(teacher, rows, pad_to)
    places = inputs["input_ids"].numel()
    padded = places - int(encoding.lengths[rows].sum())
    return Batch(inputs, torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int64)), theirs, places, padded)


def valid_tokens(inputs: Mapping[str, Tensor]) -> Tensor:
    """Which places of a padded batch hold tokens, bool (rows, longest)."""
    return inputs["attention_mask"].bool()


def _padded(encoding: Encoding, rows: NDArray[np.int64], pad_to: int) -> dict[str, Tensor]:
    import torch

    lengths = encoding.lengths[rows]
    longest = -(-int(lengths.max()) // pad_to) * pad_to
    valid = np.arange(longest) < lengths[:, None]
    places = (encoding.starts[rows][:, None] + np.arange(longest))[valid]
    tokens = np.full(valid.shape, encoding.padding, np.int64)
    tokens[valid] = encoding.tokens[places]
    inputs = {"input_ids": torch.from_numpy(tokens), "attention_mask": torch.from_numpy(valid.astype(np.int64))}
    if encoding.token_types is not None:
        types = np.full(valid.shape, encoding.padding_type, np.int64)
        types[valid] = encoding.token_types[places]
        inputs["token_type_ids"] = torch.from_numpy(types)
    return inputs


@dataclass(frozen=True)
class TrainingBatches:
    """The rows of a split in batches, in another order every epoch."""

    encoding: Encoding
    batch_size: int
    seed: int
    pad_to: int = 1
    teacher: Encoding | None = None

    @property
    def steps_per_epoch(self) -> int:
        window = self.batch_size * WINDOW_BATCHES
        full, rest = divmod(len(self.encoding), window)
        return full * WINDOW_BATCHES + -(-rest // self.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        for rows in order_of_epoch(self.encoding.lengths, self.batch_size, self.seed, number):
            yield collate(self.encoding, rows, self.pad_to, self.teacher)


def evaluation_batches(encoding: Encoding, rows_per_batch: int, pad_to: int = 1) -> Iterator[Batch]:
    """All rows once, the longest first: a device that has too little memory says so at once."""
    order = np.argsort(-encoding.lengths, kind="stable")
    for start in range(0, len(order), rows_per_batch):
        yield collate(encoding, order[start : start + rows_per_batch], pad_to)
