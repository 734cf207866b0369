"""Growable columns and the min/max pyramid that draws a million rows as one bin a pixel; knows no Qt and no runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Column:
    """A one-dimensional array that grows at its end by doubling; appending n rows costs O(n) over its life."""

    def __init__(self, dtype: type = np.float64) -> None:
        self._buffer: NDArray = np.empty(64, dtype=dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def view(self) -> NDArray:
        """What is held, shape (len,), without a copy; do not keep it across an append."""
        return self._buffer[: self._size]

    def extend(self, values: NDArray) -> None:
        wanted = self._size + len(values)
        if wanted > len(self._buffer):
            grown = np.empty(max(wanted, 2 * len(self._buffer)), dtype=self._buffer.dtype)
            grown[: self._size] = self._buffer[: self._size]
            self._buffer = grown
        self._buffer[self._size : wanted] = values
        self._size = wanted

    def truncate(self, size: int) -> None:
        """Forget everything from row `size` on."""
        self._size = min(self._size, size)

    def replace(self, values: NDArray) -> None:
        """Hold these values instead, in no more memory than they need to grow once."""
        self._buffer, self._size = np.empty(0, dtype=self._buffer.dtype), 0
        self._buffer = np.empty(1 << max(6, int(len(values) - 1).bit_length()), dtype=self._buffer.dtype)
        self.extend(values)

    @property
    def nbytes(self) -> int:
        return self._buffer.nbytes


class Pyramid:
    """For each bin of 2**level rows, the rows of its smallest and largest value; NaN loses against any number.

    Bins are anchored at row 0 (the run's first step), so a bin's picture never changes once it is full: nothing
    shimmers while rows arrive or the view is panned. Rows are kept instead of values, so that a drawn extreme sits at
    its true x on any axis. The memory is 8 bytes a row of the column.
    """

    def __init__(self) -> None:
        self._smallest: list[Column] = []  # index 0 is level 1: bins of two rows
        self._largest: list[Column] = []
        self._rows = 0

    @property
    def levels(self) -> int:
        """The coarsest level there is; level 0 is the column itself."""
        return len(self._smallest)

    @property
    def nbytes(self) -> int:
        return sum(column.nbytes for column in self._smallest + self._largest)

    def truncate(self, rows: int) -> None:
        """Forget the rows from `rows` on; `update` fills in again."""
        self._rows = min(self._rows, rows)

    def update(self, values: Floats) -> None:
        """Bring every level up to date with `values`, of which only what was added since the last call is read."""
        first, total = self._rows, len(values)
        if total <= first:
            return
        self._rows = total
        level, bins = 1, total
        while bins > 1:
            bins = (bins + 1) // 2
            if level > len(self._smallest):
                self._smallest.append(Column(np.int32))
                self._largest.append(Column(np.int32))
            start = min(first >> level, len(self._smallest[level - 1]))
            self._fill(values, level, start)
            level += 1
        for columns in (self._smallest, self._largest):
            del columns[level - 1 :]

    def _fill(self, values: Floats, level: int, start: int) -> None:
        """Write the bins from `start` on of `level` from the level below it."""
        for columns, less in ((self._smallest, np.less), (self._largest, np.greater)):
            if level == 1:
                below = np.arange(2 * start, len(values), dtype=np.int32)
            else:
                below = columns[level - 2].view[2 * start :]
            left, right = below[0::2], below[1::2]
            pairs = len(right)
            a, b = values[left[:pairs]], values[right]
            chosen = np.where(less(b, a) | np.isnan(a), right, left[:pairs])
            column = columns[level - 1]
            column.truncate(start)
            column.extend(chosen)
            if len(left) > pairs:  # the last bin is half full: its only child stands for it
                column.extend(left[pairs:])

    def rows_of(self, first: int, last: int, level: int) -> Rows:
        """The rows that draw rows `first` to `last` and none beyond, in bins of `level` and, at either end, of lower ones."""
        picked: list[Rows] = []
        while first < last and first % (1 << level):  # up to where bins of this level begin
            size = min(first & -first, 1 << (last - first).bit_length() - 1)
            picked.append(self._bins(size.bit_length() - 1, first, first + size))
            first += size
        whole = first + ((last - first) >> level << level)
        picked.append(self._bins(level, first, whole))
        while whole < last:
            size = 1 << (last - whole).bit_length() - 1
            picked.append(self._bins(size.bit_length() - 1, whole, whole + size))
            whole += size
        return np.concatenate(picked)

    def _bins(self, level: int, first: int, last: int) -> Rows:
        return np.arange(first, last) if level == 0 else self.rows(level, first >> level, last >> level)

    def rows(self, level: int, start: int, stop: int) -> Rows:
        """The rows that draw bins `start` to `stop` of `level` >= 1: two a bin, in the order in which they happened."""
        smallest = self._smallest[level - 1].view[start:stop]
        largest = self._largest[level - 1].view[start:stop]
        picked = np.empty(2 * len(smallest), dtype=np.int64)
        np.minimum(smallest, largest, out=picked[0::2], casting="unsafe")
        np.maximum(smallest, largest, out=picked[1::2], casting="unsafe")
        return picked
