"""Which rows make a batch, and their padded tensors. The order depends on seed, epoch and lengths alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.teacher_rows import TeacherRows
from engine.data.tokenising import Encoding

if TYPE_CHECKING:
    from torch import Tensor, device

WINDOW_BATCHES = 32  # rows are sorted by length only inside windows of this many batches, so that epochs stay shuffled


@dataclass(frozen=True)
class Batch:
    """``inputs`` is what the model is called with, int64 of shape (rows, longest); ``indices`` are the rows' numbers.

    ``teacher_inputs`` are the same rows as the teacher reads them: the very same where both have one tokenizer. Where the
    teacher's tensors are kept they stand there by name in place of its tokens, beside its ``attention_mask``.
    Of the ``places`` of the inputs (rows × longest) ``padded`` hold no token; both are known without asking a device.
    """

    inputs: dict[str, Tensor]
    indices: Tensor
    teacher_inputs: dict[str, Tensor]
    places: int = 0
    padded: int = 0

    def pinned(self) -> Batch:
        """The same in pinned memory, from which a GPU fetches it while the processor goes on."""
        inputs = {name: values.pin_memory() for name, values in self.inputs.items()}
        theirs = inputs
        if self.teacher_inputs is not self.inputs:
            theirs = {name: values.pin_memory() for name, values in self.teacher_inputs.items()}
        return replace(self, inputs=inputs, teacher_inputs=theirs, indices=self.indices.pin_memory())


@dataclass(frozen=True)
class BatchSize:
    """How much a batch may hold: ``rows``, and of ``tokens`` (rows × longest row, padding counted) at most so many, 0 for any
    number. A row that is longer by itself makes a batch of its own. Rows are padded to multiples of ``pad_to``.
    """

    rows: int
    tokens: int = 0
    pad_to: int = 1

    def cut(self, rows: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Cut rows, ordered from short to long, into batches as full as they may be; ``lengths`` are theirs."""
        if not self.tokens:
            return [rows[first : first + self.rows] for first in range(0, len(rows), self.rows)]
        padded = -(-lengths // self.pad_to) * self.pad_to
        batches, first = [], 0
        while first < len(rows):
            next_ones = padded[first : first + self.rows]
            cost = np.arange(1, len(next_ones) + 1) * next_ones  # of a batch that ends at each of them; it rises
            count = max(1, int(np.searchsorted(cost, self.tokens, side="right")))
            batches.append(rows[first : first + count])
            first += count
        return batches

    def rows_of(self, length: int) -> int:
        """How many rows of this length make a batch."""
        return (
            min(self.rows, max(1, self.tokens // (-(-length // self.pad_to) * self.pad_to)))
            if self.tokens
            else self.rows
        )


def padding_multiple(device: device) -> int:
    """What rows are padded to a multiple of: a GPU's matrix units want eights."""
    return 8 if device.type == "cuda" else 1


def order_of_epoch(lengths: NDArray[np.int64], size: BatchSize, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Row numbers of each batch: shuffled, then sorted by length inside windows, the batches of a window shuffled again.

    Every row exactly once; a last, smaller batch is kept.
    """
    random = np.random.default_rng([seed, epoch])
    shuffled = random.permutation(len(lengths))
    batches: list[NDArray[np.int64]] = []
    window = size.rows * WINDOW_BATCHES
    for start in range(0, len(shuffled), window):
        rows = shuffled[start : start + window]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        cut = size.cut(rows, lengths[rows])
        batches += [cut[place] for place in random.permutation(len(cut))]
    return batches


def collate(
    encoding: Encoding,
    rows: NDArray[np.int64],
    pad_to: int = 1,
    teacher: Encoding | None = None,
    kept: Mapping[str, TeacherRows] | None = None,
) -> Batch:
    """Pad ``rows`` to the longest of them, rounded up to a multiple of ``pad_to``; also as the ``teacher`` reads them.

    ``kept`` are the teacher's tensors of all rows, by name.
    """
    import torch

    inputs = _padded(encoding, rows, pad_to)
    theirs = inputs if teacher is None or teacher is encoding else _padded(teacher, rows, pad_to)
    if kept is not None:
        mask = theirs["attention_mask"]
        theirs = {"attention_mask": mask} | {name: of.padded(rows, mask.shape[1]) for name, of in kept.items()}
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
    """The rows of a split in batches, in another order every epoch.

    With a budget of tokens some epochs would need a batch more than others. All ``epochs`` get as many as the one that needs
    most, so that an epoch's length is one number for the schedule, for resuming and for the axes: in the others, the
    batches of the most rows are halved.
    """

    encoding: Encoding
    size: BatchSize
    seed: int
    teacher: Encoding | None = None
    epochs: int = 1
    kept: Mapping[str, TeacherRows] | None = None

    @cached_property
    def steps_per_epoch(self) -> int:
        if self.size.tokens:
            return max(len(self._order(number)) for number in range(self.epochs))
        window = self.size.rows * WINDOW_BATCHES
        full, rest = divmod(len(self.encoding), window)
        return full * WINDOW_BATCHES + -(-rest // self.size.rows)

    def epoch(self, number: int) -> Iterator[Batch]:
        """The batches of one of the ``epochs``, numbered from 0."""
        for rows in _halved(self._order(number), self.steps_per_epoch):
            yield collate(self.encoding, rows, self.size.pad_to, self.teacher, self.kept)

    def _order(self, number: int) -> list[NDArray[np.int64]]:
        return order_of_epoch(self.encoding.lengths, self.size, self.seed, number)


def _halved(batches: list[NDArray[np.int64]], wanted: int) -> list[NDArray[np.int64]]:
    """So many batches: each time the first one of the most rows becomes two."""
    batches = list(batches)
    while len(batches) < wanted:
        place = max(range(len(batches)), key=lambda number: len(batches[number]))
        rows = batches[place]
        batches[place : place + 1] = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    return batches


def evaluation_rows(encoding: Encoding, tokens: int, pad_to: int = 1) -> list[NDArray[np.int64]]:
    """Row numbers of each batch of a pass that only looks: all rows once, the longest first, so that a device that has too
    little memory says so at once.

    A batch has at most ``tokens`` places, or one row that is longer.
    """
    order = np.argsort(-encoding.lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        longest = -(-int(encoding.lengths[order[start]]) // pad_to) * pad_to
        rows = max(1, tokens // max(1, longest))
        batches.append(order[start : start + rows])
        start += rows
    return batches


def evaluation_batches(encoding: Encoding, tokens: int, pad_to: int = 1) -> Iterator[Batch]:
    """The batches of ``evaluation_rows``."""
    for rows in evaluation_rows(encoding, tokens, pad_to):
        yield collate(encoding, rows, pad_to)
