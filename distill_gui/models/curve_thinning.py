"""Which rows of a very long curve are kept, so that its memory has a bound and its picture stays; knows no Qt and no runs.

The newest rows stay whole. Older ones are kept four to a bin: those of its smallest and largest value, and of its smallest and
largest smoothed value. Bins widen with the distance from the first row, 256 to each doubling (what a logarithmic axis can
show), up to a width that all later ones share (what a linear axis can show); both are more than a screen has pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from distill_gui.models.curve_pyramid import Floats, Rows
from distill_gui.models.curve_smoothing import NEGLIGIBLE, SmoothingState, smooth

MOST_ROWS = 131_072  # of a curve; beyond that it is thinned
NEWEST = 32_768  # rows that always stay whole
BINS_AN_OCTAVE = 256
A_BIN = 4  # rows kept of a bin

Segment = tuple[int, int, int, int]  # rows kept from and to, the first row as it came, rows a bin


@dataclass(frozen=True)
class Thinning:
    """The first ``rows`` rows, counted as they came, lie in bins of at most ``widest`` rows, a power of two."""

    rows: int = 0
    widest: int = 1

    def segments(self) -> Iterator[Segment]:
        """Bins of one width, segment by segment: rows kept from and to, the first row as it came, rows a bin."""
        kept = came = 0
        octave = 2 * BINS_AN_OCTAVE
        while came < self.rows:
            width = min(octave // (2 * BINS_AN_OCTAVE), self.widest)
            until = self.rows if width == self.widest else min(octave, self.rows)
            here = (until - came) // width * min(width, A_BIN)
            yield kept, kept + here, came, width
            kept, came, octave = kept + here, until, 2 * octave

    @cached_property
    def kept(self) -> int:
        """How many rows the bins have kept."""
        return max((stop for _, stop, _, _ in self.segments()), default=0)

    @cached_property
    def edges(self) -> Rows:
        """The first row of each bin, counted as they came."""
        parts = [
            came + width * np.arange((stop - start) // min(width, A_BIN))
            for start, stop, came, width in self.segments()
        ]
        return np.concatenate([np.empty(0, dtype=np.int64), *parts])

    @cached_property
    def widths(self) -> Rows:
        """How many rows, as they came, each bin stands for."""
        return np.diff(np.append(self.edges, self.rows))

    def widened(self, came: int) -> Thinning:
        """The next thinning, of ``came`` rows in all: whole bins, and room for as many rows again as stay whole."""
        widest = self.widest
        while True:
            found = Thinning((came - NEWEST) // widest * widest, widest)
            if found.kept <= MOST_ROWS - 2 * NEWEST:
                return found
            widest *= 2

    def octaves(self, held: int) -> Iterator[Segment]:
        """All rows of a curve that holds ``held``, parted at every doubling of the row as it came."""
        for start, stop, came, width in (*self.segments(), (self.kept, held, self.rows, 1)):
            kept = min(width, A_BIN)
            while start < stop:
                span = (1 << max(came.bit_length(), BINS_AN_OCTAVE.bit_length() - 1)) - came
                until = min(stop, start + span // width * kept)
                yield start, until, came, width
                start, came = until, came + (until - start) // kept * width

    def cut(self, kept: int) -> Thinning:
        """What is left when only the first ``kept`` rows are: their whole bins."""
        if kept >= self.kept:
            return self
        whole = int(np.searchsorted(np.cumsum(np.minimum(self.widths, A_BIN)), kept, side="right"))
        return Thinning(int(self.edges[whole]), self.widest)


def thinned(
    before: Thinning, after: Thinning, tracks: Sequence[Floats], means: Floats
) -> tuple[NDArray[np.bool_], Floats]:
    """Which of the rows held are kept, shape (rows held,), and the mean of each bin of ``after``.

    ``tracks`` are the values, and the smoothed ones where there are any, each of shape (rows held,); ``means`` are those of
    the bins of ``before``.
    """
    held = len(tracks[0])
    new = np.arange(held - before.kept) + before.rows
    came = np.concatenate([np.repeat(before.edges, np.minimum(before.widths, A_BIN)), new])
    inside = int(np.searchsorted(came, after.rows))
    bins = np.searchsorted(after.edges, came[:inside], side="right") - 1
    starts = np.searchsorted(bins, np.arange(len(after.edges)))
    keep = np.zeros(inside, dtype=bool)
    for track in tracks:
        for extreme in (np.fmin, np.fmax):
            most = extreme.reduceat(track[:inside], starts)
            found = np.flatnonzero(track[:inside] == most[bins])
            keep[found[np.unique(bins[found], return_index=True)[1]]] = True
    wanting = np.minimum(after.widths, A_BIN) - np.add.reduceat(keep, starts, dtype=np.int64)
    others = np.cumsum(~keep)
    rank = others - (others[starts] - ~keep[starts])[bins]  # of a row among those of its bin not kept so far, from 1
    keep |= ~keep & (rank <= wanting[bins])
    mask = np.concatenate([keep, np.ones(held - inside, dtype=bool)])
    values = np.concatenate([means, tracks[0][before.kept :]])
    weights = np.concatenate([before.widths, np.ones(held - before.kept, dtype=np.int64)])
    unit = np.concatenate([before.edges, new])
    return mask, _means(values, weights, np.searchsorted(unit, after.edges), int(np.searchsorted(unit, after.rows)))


def _means(values: Floats, weights: Rows, starts: Rows, stop: int) -> Floats:
    """Weighted means from each start to the next; NaN counts only where there is nothing else."""
    there = np.where(np.isnan(values), 0, weights)[:stop]
    with np.errstate(invalid="ignore"):
        return np.add.reduceat(there * np.nan_to_num(values[:stop]), starts) / np.add.reduceat(there, starts)


def smoothed_bins(thinning: Thinning, values: Floats, means: Floats, weight: float) -> tuple[Floats, SmoothingState]:
    """The rows kept in bins, shape (thinning.kept,), smoothed with a weight that was not in use when they were thinned.

    The average goes from mean to mean, a bin at a step. About it a row keeps as much of its distance from its bin's mean as
    smoothing leaves of the spread of independent noise, √((1 − w) / (1 + w)). Bins of single rows are exact.
    """
    found, total, done = np.empty(thinning.kept), 0.0, 0
    share = sqrt((1 - weight) / (1 + weight))
    for start, stop, came, width in thinning.segments():
        kept = min(width, A_BIN)
        if width <= A_BIN:  # every row is there
            found[start:stop], state = smooth(values[start:stop], weight, SmoothingState(total, came))
            total = state.total
        else:
            its = means[done : done + (stop - start) // kept]
            if (slow := weight**width) > NEGLIGIBLE:
                centres, state = smooth(its, slow, SmoothingState(total, came // width))
                total = state.total
            else:  # nothing of a bin is left in the next one
                centres = its
                numbers = its[~np.isnan(its)]
                total = float(numbers[-1]) if len(numbers) else total
            found[start:stop] = np.repeat(centres, kept) + share * (values[start:stop] - np.repeat(its, kept))
        done += (stop - start) // kept
    return found, SmoothingState(total, thinning.rows)
