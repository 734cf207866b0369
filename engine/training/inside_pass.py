"""Reads a teacher's inside once over all rows, into arrays without padding. Knows models and rows; no cache, no loss.

float16 is what is kept: 11 significant bits, half of float32's bytes. A tensor with a number that float16 cannot hold is
read again and kept in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.batches import padding_multiple, valid_tokens
from engine.data.split import Split
from engine.data.tokenising import Encoding
from engine.training.evaluate import tokens_at_once
from engine.training.inside import WHOSE, LiveInside, must_be_of_rows
from engine.training.portions import Portions

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

LARGEST_HALF = 65504.0  # what float16 can hold
AT_ONCE_BYTES = 256 * 10**6  # of tensors that are read at once
VALUES = "values"

Put = Callable[[str, int, NDArray[Any]], None]
BeginTensor = Callable[[str, np.dtype[Any], tuple[int, int], bool], Put]


def read_inside(
    model: PreTrainedModel,
    split: Split,
    names: Sequence[str],
    device: torch.device,
    precision: torch.dtype | None,
    begin: BeginTensor,
    after_batch: Callable[[int, int], None] = lambda done, total: None,
    portions: Portions | None = None,
) -> list[str]:
    """Read the named tensors of all rows of ``split``; the names of those that did not fit into float16.

    ``begin(name, dtype, shape, by_tokens)`` is called before a tensor's first rows, once more where it is read again in
    float32, and gives what takes them: ``put(VALUES, first, values)``. The shape is (tokens of all rows, width) by tokens, else
    (rows, width).
    ``after_batch`` hears how many rows of how many are done; a batch that does not fit is taken in ``portions``. Raises
    ModelError for a tensor that is not of the rows, TooLittleMemory.
    """
    portions = portions or Portions(device)
    wide = _read(model, split, names, np.dtype(np.float16), device, precision, begin, after_batch, portions)
    if wide:
        _read(model, split, wide, np.dtype(np.float32), device, precision, begin, after_batch, portions)
    return wide


def _read(
    model: PreTrainedModel,
    split: Split,
    names: Sequence[str],
    kind: np.dtype[Any],
    device: torch.device,
    precision: torch.dtype | None,
    begin: BeginTensor,
    after_batch: Callable[[int, int], None],
    portions: Portions,
) -> list[str]:
    """Read these tensors as ``kind``; those that do not fit into it are given up and named."""
    import torch

    encoding = split.encodings["teacher"]
    puts: dict[str, Put] = {}
    overflown: list[str] = []
    inside = LiveInside(model, device, precision)
    inside.want(names)
    done = 0
    try:
        most = _tokens_at_once(inside, len(names), device)
        for batch in split.evaluation_batches(most, "teacher", padding_multiple(device)):
            looked = portions.each(batch.inputs, lambda inputs: (inside.tensors(inputs), valid_tokens(inputs)))
            for part, (found, mask) in looked:
                rows = batch.indices.numpy()[part]
                for name in names:
                    values = must_be_of_rows(name, found.get(name), mask, WHOSE)
                    if name in overflown:
                        continue
                    places = values[mask] if values.dim() == 3 else values
                    if kind == np.float16 and not bool(places.abs().amax() <= LARGEST_HALF):
                        overflown.append(name)
                        continue
                    if name not in puts:
                        by_tokens = values.dim() == 3
                        count = len(encoding.tokens) if by_tokens else len(encoding)
                        puts[name] = begin(name, kind, (count, values.shape[-1]), by_tokens)
                    flat = places.to(torch.float16 if kind == np.float16 else torch.float32).cpu().numpy()
                    _put(puts[name], flat, rows, encoding if values.dim() == 3 else None)
                done += len(rows)
                after_batch(done, len(encoding))
    finally:
        inside.close()
    return overflown


def _put(put: Put, values: NDArray[Any], rows: NDArray[np.int64], encoding: Encoding | None) -> None:
    """Hand over the values of ``rows``, end to end as they stand, each row at its own place; by tokens with an ``encoding``."""
    ends = np.cumsum(encoding.lengths[rows]) if encoding is not None else np.arange(1, len(rows) + 1)
    first = 0
    for row, end in zip(rows, ends, strict=True):
        put(VALUES, int(encoding.starts[row] if encoding is not None else row), values[first:end])
        first = int(end)


def _tokens_at_once(inside: LiveInside, tensors: int, device: torch.device) -> int:
    """So many places that the tensors of them all stay within a bound."""
    return min(tokens_at_once(device), AT_ONCE_BYTES // (inside.body.hidden * 4 * tensors))
