"""One curve of one run: its rows, its smoothed twin, the few points that draw it in a view; knows no Qt and no runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distill_gui.models.curve_pyramid import Column, Floats, Pyramid, Rows
from distill_gui.models.curve_smoothing import SmoothingState, smooth
from distill_gui.models.curve_thinning import A_BIN, MOST_ROWS, Thinning, smoothed_bins, thinned

LOG_OCTAVE = 256  # rows drawn one by one on a logarithmic x axis, and bins in each doubling after them


@dataclass(frozen=True)
class XAxis:
    """How a row's step becomes an x: `step * scale`, or the row's seconds when `seconds` is set."""

    scale: float = 1.0
    seconds: bool = False
    log: bool = False


@dataclass(frozen=True)
class Window:
    """Which rows a view shows and at which level; two equal windows draw the same points, so nothing need be done."""

    level: int
    start: int
    stop: int
    generation: int
    log: bool = False
    pieces: tuple[tuple[int, int, int], ...] = ()  # of a thinned curve: rows from and to, and their level


class Smoothed:
    """A series' values smoothed with one weight, continued as rows arrive."""

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.values = Column()
        self.pyramid = Pyramid()
        self._state = SmoothingState()

    def update(self, values: Floats) -> None:
        if len(values) > len(self.values):
            new, self._state = smooth(values[len(self.values) :], self.weight, self._state)
            self.values.extend(new)

    def begin(self, values: Floats, state: SmoothingState) -> None:
        """Take over the beginning of a curve as it was smoothed elsewhere."""
        self.values.extend(values)
        self._state = state

    def thin(self, kept: NDArray[np.bool_]) -> None:
        """Hold only the rows kept; the average goes on as if all were there."""
        self.values.replace(self.values.view[kept])
        self.pyramid = Pyramid()

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.pyramid.nbytes


class Series:
    """The rows of one curve in the order of their steps; what is derived from them waits until a view asks.

    At most `MOST_ROWS` rows are held, some 8 MB with all that is derived from them, however long the run: of a longer curve
    the old rows are thinned (`curve_thinning`). What is drawn keeps each extreme; between them, and for a smoothing chosen only
    afterwards, an old row may be missing that the store still has.
    """

    def __init__(self) -> None:
        self.steps, self.seconds, self.values = Column(), Column(), Column()
        self.pyramid = Pyramid()
        self.generation = 0  # goes up when rows already drawn are replaced
        self._smoothed: Smoothed | None = None
        self._thinning = Thinning()
        self._means: Floats = np.empty(0)  # of the bins of thinned rows

    def __len__(self) -> int:
        return len(self.values)

    @property
    def nbytes(self) -> int:
        """Memory held by the rows and all that was derived from them."""
        smoothed = self._smoothed.nbytes if self._smoothed is not None else 0
        own = self.steps.nbytes + self.seconds.nbytes + self.values.nbytes + self.pyramid.nbytes
        return own + self._means.nbytes + smoothed

    def append(self, steps: NDArray, seconds: NDArray, values: NDArray) -> None:
        """Add rows (each of shape (n,)); those from the first new step on are replaced: a resumed run says them again.

        Infinities become NaN, a gap in the line. Seconds never run backwards, so that they can serve as an x axis.
        """
        steps, seconds, values = (np.asarray(column, dtype=np.float64) for column in (steps, seconds, values))
        if not len(steps):
            return
        if len(steps) > 1 and np.any(np.diff(steps) <= 0):
            steps, seconds, values = _last_row_of_each_step(steps, seconds, values)
        if len(self) and steps[0] <= self.steps.view[-1]:
            self._truncate(int(np.searchsorted(self.steps.view, steps[0])))
        earlier = self.seconds.view[-1] if len(self) else -np.inf
        self.steps.extend(steps)
        self.seconds.extend(np.maximum.accumulate(np.maximum(seconds, earlier)))
        self.values.extend(np.where(np.isfinite(values), values, np.nan))
        if len(self) > MOST_ROWS:
            self._thin()

    def _thin(self) -> None:
        """Keep fewer of the old rows, and all that any view can show of them."""
        tracks = [self.values.view]
        if self._smoothed is not None:
            self._smoothed.update(self.values.view)
            tracks.append(self._smoothed.values.view)
        before = self._thinning
        self._thinning = before.widened(before.rows + len(self) - before.kept)
        kept, self._means = thinned(before, self._thinning, tracks, self._means)
        for column in (self.steps, self.seconds, self.values):
            column.replace(column.view[kept])
        if self._smoothed is not None:
            self._smoothed.thin(kept)
        self.pyramid = Pyramid()
        self.generation += 1

    def is_thinned(self, window: Window) -> bool:
        """Whether the window shows old rows of which only some are held."""
        return bool(window.pieces)

    def _truncate(self, rows: int) -> None:
        self._thinning = self._thinning.cut(rows)
        self._means = self._means[: len(self._thinning.edges)]
        for column in (self.steps, self.seconds, self.values):
            column.truncate(rows)
        self.pyramid.truncate(rows)
        self.generation += 1
        self._smoothed = None

    def smoothed(self, weight: float) -> Smoothed:
        """This series smoothed over its whole history; only the weight asked for last is kept."""
        if self._smoothed is None or self._smoothed.weight != weight:
            self._smoothed = Smoothed(weight)
            if kept := self._thinning.kept:
                self._smoothed.begin(*smoothed_bins(self._thinning, self.values.view[:kept], self._means, weight))
        self._smoothed.update(self.values.view)
        return self._smoothed

    def lowest(self, weight: float = 0.0) -> float | None:
        """The smallest (smoothed) value there is, None without any number."""
        if not len(self):
            return None
        source = self.smoothed(weight) if weight else self
        source.pyramid.update(source.values.view)
        row = source.pyramid.rows(source.pyramid.levels, 0, 1)[:2] if source.pyramid.levels else np.zeros(1, dtype=int)
        values = source.values.view[row]
        return None if np.isnan(values).all() else float(np.nanmin(values))

    def x(self, axis: XAxis, rows: Rows | slice = slice(None)) -> Floats:
        return self.seconds.view[rows] if axis.seconds else self.steps.view[rows] * axis.scale

    def extent(self, axis: XAxis) -> tuple[float, float] | None:
        """The smallest and the largest x there is (on a logarithmic axis: above zero), None without rows."""
        if not len(self):
            return None
        first = 0
        if axis.log:
            first = int(np.searchsorted(self.seconds.view if axis.seconds else self.steps.view, 0.0, side="right"))
            if first == len(self):
                return None
        low, high = self.x(axis, np.array([first, -1]))
        return float(low), float(high)

    def nearest(self, axis: XAxis, x: float) -> int | None:
        """The row closest to `x`, None when the curve does not reach there."""
        along = self.seconds.view if axis.seconds else self.steps.view
        wanted = x if axis.seconds else x / axis.scale
        if not len(along):
            return None
        spacing = (along[-1] - along[0]) / max(len(along) - 1, 1)
        if not along[0] - spacing <= wanted <= along[-1] + spacing:
            return None
        right = min(int(np.searchsorted(along, wanted)), len(along) - 1)
        left = max(right - 1, 0)
        return left if abs(along[left] - wanted) <= abs(along[right] - wanted) else right

    def window(self, axis: XAxis, low: float, high: float, pixels: int) -> Window:
        """The rows between x = `low` and `high`, one more at either side, in at most one bin a pixel."""
        along = self.seconds.view if axis.seconds else self.steps.view
        bounds = np.array([low, high]) / (1.0 if axis.seconds else axis.scale)
        start = max(0, int(np.searchsorted(along, bounds[0])) - 1)
        stop = min(len(self), int(np.searchsorted(along, bounds[1], side="right")) + 1)
        if start < self._thinning.kept:
            pieces = self._pieces(along, bounds, start, stop, pixels, axis.log)
            return Window(0, start, stop, self.generation, axis.log, tuple(pieces))
        if axis.log and not self._thinning.kept:
            return Window(0, start, stop, self.generation, log=True)
        level = 0
        if stop - start > 2 * max(pixels, 1):
            level = int(np.ceil(np.log2((stop - start) / max(pixels, 1))))
        return Window(level, start, stop, self.generation)

    def _pieces(
        self, along: Floats, bounds: Floats, start: int, stop: int, pixels: int, log: bool
    ) -> Iterator[tuple[int, int, int]]:
        """Rows from and to, and their level: of a thinned curve, rows lie more thinly in one piece than in another."""
        thinning = self._thinning
        whole = (thinning.kept, len(self), thinning.rows, 1)
        for first, last, came, width in thinning.octaves(len(self)) if log else (*thinning.segments(), whole):
            first, last = max(first, start), min(last, stop)
            if first >= last:
                continue
            if log:
                rows = max(came, LOG_OCTAVE) // width * min(width, A_BIN)  # in this doubling
                level = max(0, rows.bit_length() - LOG_OCTAVE.bit_length())
            else:
                shown = min(along[last - 1], bounds[1]) - max(along[first], bounds[0])
                room = max(1.0, pixels * float(shown / (bounds[1] - bounds[0])))
                level = int(np.ceil(np.log2((last - first) / room))) if last - first > 2 * room else 0
            yield first, last, level

    def rows(self, window: Window, weight: float = 0.0) -> Rows:
        """The rows that draw `window`, in their order."""
        if window.level == 0 and not window.log and not window.pieces:
            return np.arange(window.start, window.stop)
        source = self.smoothed(weight) if weight else self
        pyramid = source.pyramid
        pyramid.update(source.values.view)
        if window.pieces:
            return np.concatenate([pyramid.rows_of(*piece) for piece in window.pieces])
        if window.log:
            return _log_rows(pyramid, window.start, window.stop)
        return pyramid.rows(window.level, window.start >> window.level, ((window.stop - 1) >> window.level) + 1)

    def points(self, window: Window, axis: XAxis, weight: float = 0.0) -> tuple[Floats, Floats]:
        """What to draw: x and y, each of shape (points,); y may hold NaN."""
        rows = self.rows(window, weight)
        values = self.smoothed(weight).values.view if weight else self.values.view
        return self.x(axis, rows), values[rows]


def _log_rows(pyramid: Pyramid, start: int, stop: int) -> Rows:
    """Rows for a logarithmic x axis: the first ones singly, then coarser bins with every doubling of the row number."""
    picked = [np.arange(start, min(stop, LOG_OCTAVE))]
    level, first = 0, LOG_OCTAVE
    while first < stop:
        last = min(2 * first, stop)
        if last > start and level == 0:
            picked.append(np.arange(max(first, start), last))
        elif last > start:
            picked.append(pyramid.rows(level, max(first, start) >> level, ((last - 1) >> level) + 1))
        level, first = level + 1, 2 * first
    return np.concatenate(picked)


def _last_row_of_each_step(steps: Floats, seconds: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """A batch may hold a death and its resumption: of rows with the same step the last counts, and steps go up."""
    kept = np.ones(len(steps), dtype=bool)
    # A row is overruled by any later row with a step no larger than its own.
    smallest_after = np.minimum.accumulate(steps[::-1])[::-1]
    kept[:-1] = steps[:-1] < smallest_after[1:]
    return steps[kept], seconds[kept], values[kept]
