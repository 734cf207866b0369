"""A teacher's tensors by example, without padding: looked up as a batch's padded tensors. Knows no model and no cache.

A row's tokens lie end to end, as in ``Encoding``; a file of the cache can be mapped and is read only where a batch asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TeacherRows:
    """One tensor of a teacher for all rows of a split, float16 or float32.

    ``values`` are (tokens of all rows, width) where ``starts``, int64 (rows + 1,), tells where each row begins; (rows, width)
    where ``starts`` is None.
    """

    values: NDArray[Any]
    starts: NDArray[np.int64] | None

    def padded(self, rows: NDArray[np.int64], longest: int) -> Tensor:
        """The rows as (rows, longest, width), 0 behind each row's last token; or (rows, width). Of the type they are kept in."""
        import torch

        if self.starts is None:
            return torch.from_numpy(self.values[rows])  # a copy: the mapped file cannot be written to
        found = np.zeros((len(rows), longest, self.values.shape[-1]), self.values.dtype)
        for place, row in enumerate(rows):
            first, behind = self.starts[row], self.starts[row + 1]
            found[place, : behind - first] = self.values[first:behind]
        return torch.from_numpy(found)

    def of(self, rows: NDArray[np.int64]) -> TeacherRows:
        """Some of the rows, in the order of ``rows``, in memory."""
        if self.starts is None:
            return TeacherRows(self.values[rows], None)
        lengths = np.diff(self.starts)[rows]
        values = [self.values[self.starts[row] : self.starts[row + 1]] for row in rows]
        return TeacherRows(np.concatenate(values), np.concatenate([[0], np.cumsum(lengths)]))
