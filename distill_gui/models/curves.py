"""All curves of all runs as they stream in, told apart by run and metric name; knows no widgets and no store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal

from distill_gui.models.curve_pyramid import Floats
from distill_gui.models.curve_series import Series, Window, XAxis

__all__ = ["CurveKey", "CurveModel", "Drawing", "Floats", "MetricBatch", "Series", "Window", "XAxis"]

CurveKey = tuple[int, str]  # run id, metric name
Drawing = tuple[Window, Floats, Floats]
ROOM_BYTES = 128_000_000  # for curves nobody looks at: more than the window reads unasked of what was before it


class MetricBatch(Protocol):
    """The columns read from a batch of metric rows, all of one length and in the order in which they were stored.

    `series` holds numbers that `names` turns into metric names.
    """

    @property
    def runs(self) -> Any: ...
    @property
    def series(self) -> Any: ...
    @property
    def names(self) -> Mapping[int, str]: ...
    @property
    def steps(self) -> Any: ...
    @property
    def seconds(self) -> Any: ...
    @property
    def values(self) -> Any: ...


class CurveModel(QObject):
    """Holds each curve once and answers with the few points a view needs.

    Curves of runs that are not drawn may take ``room_bytes``; ``spare`` drops what is beyond. Those of drawn and of running
    runs stay, each with at most ``MOST_ROWS`` rows (some 8 MB) of which the old ones stand for all there were.
    """

    changed = Signal(object)  # frozenset of CurveKey: the curves that gained or replaced rows

    def __init__(self, parent: QObject | None = None, room_bytes: int = ROOM_BYTES) -> None:
        super().__init__(parent)
        self._room_bytes = room_bytes
        self._series: dict[CurveKey, Series] = {}
        self._names: dict[int, list[str]] = {}
        self._drawn: frozenset[int] = frozenset()
        self._drawn_last: dict[int, int] = {}  # run → the number of the latest choice of runs to draw that it was in
        self._choices = 0
        self._sizes: dict[int, int] = {}  # run → bytes, as last measured
        self._unmeasured: set[int] = set()  # runs whose memory may have changed since

    def append(self, batch: MetricBatch) -> None:
        """Add a batch of rows; emits `changed` once, with the curves it touched."""
        runs, series = np.asarray(batch.runs, dtype=np.int64), np.asarray(batch.series, dtype=np.int64)
        if not len(runs):
            return
        order = np.lexsort((series, runs))  # stable: rows of one curve stay in the order in which they were stored
        runs, series = runs[order], series[order]
        steps, seconds, values = (np.asarray(column)[order] for column in (batch.steps, batch.seconds, batch.values))
        starts = np.flatnonzero(np.r_[True, (np.diff(runs) != 0) | (np.diff(series) != 0)])
        touched = set()
        for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(runs)], strict=True):
            key = (int(runs[start]), batch.names[int(series[start])])
            self._curve(key).append(steps[start:stop], seconds[start:stop], values[start:stop])
            touched.add(key)
        self._unmeasured.update(run for run, _ in touched)
        self.changed.emit(frozenset(touched))

    def _curve(self, key: CurveKey) -> Series:
        if key not in self._series:
            self._series[key] = Series()
            self._names.setdefault(key[0], []).append(key[1])
        return self._series[key]

    def forget(self, run: int) -> None:
        """Drop every curve of `run`."""
        gone = frozenset((run, name) for name in self._names.pop(run, ()))
        for key in gone:
            del self._series[key]
        for kept in (self._sizes, self._drawn_last):
            kept.pop(run, None)
        self._unmeasured.discard(run)
        if gone:
            self.changed.emit(gone)

    def series(self, run: int, name: str) -> Series | None:
        return self._series.get((run, name))

    def names(self, run: int) -> list[str]:
        """The metric names `run` has rows of, in the order in which they first appeared."""
        return list(self._names.get(run, ()))

    def drawing(
        self,
        key: CurveKey,
        axis: XAxis,
        view: tuple[float, float],
        pixels: int,
        weight: float = 0.0,
        drawn: Window | None = None,
    ) -> Drawing | None:
        """The points of one curve inside `view`, or None when there is none or `drawn` shows the same already."""
        series = self._series.get(key)
        if series is None:
            return None
        window = series.window(axis, *view, pixels)
        return None if window == drawn else (window, *series.points(window, axis, weight))

    def extent(self, keys: Iterable[tuple[CurveKey, XAxis]]) -> tuple[float, float] | None:
        """The range of x over several curves, None when none has rows."""
        found = [series.extent(axis) for key, axis in keys if (series := self._series.get(key))]
        ranges = [extent for extent in found if extent]
        return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None

    def last(self, run: int, name: str, weight: float = 0.0) -> tuple[float, float] | None:
        """The last row's step and (smoothed) value, None without rows."""
        series = self._series.get((run, name))
        if series is None:
            return None
        values = series.smoothed(weight).values if weight else series.values
        return float(series.steps.view[-1]), float(values.view[-1])

    def lowest(self, run: int, name: str, weight: float = 0.0) -> float | None:
        """The smallest (smoothed) value so far, None without any."""
        series = self._series.get((run, name))
        return series.lowest(weight) if series else None

    def pace(self, run: int, name: str) -> float | None:
        """Steps a second over the whole curve, evaluations in between included; None before there are two rows."""
        series = self._series.get((run, name))
        if series is None or len(series) < 2:
            return None
        steps, seconds = (float(column.view[-1] - column.view[0]) for column in (series.steps, series.seconds))
        return steps / seconds if seconds > 0 else None

    def at(self, key: CurveKey, axis: XAxis, x: float, weight: float = 0.0) -> tuple[float, float] | None:
        """The row nearest to `x`: its x and (smoothed) value, None when the curve does not reach there."""
        series = self._series.get(key)
        if series is None:
            return None
        row = series.nearest(axis, x)
        if row is None:
            return None
        values = series.smoothed(weight).values if weight else series.values
        return float(series.x(axis, np.array([row]))[0]), float(values.view[row])

    def nbytes(self) -> int:
        """Memory held by all rows and what was derived from them, smoothed curves too."""
        return sum(series.nbytes for series in self._series.values())

    # how much is kept -------------------------------------------------------------------------------------------------

    def set_drawn(self, runs: Iterable[int]) -> None:
        """Say which runs are drawn from now on."""
        self._choices += 1
        before, self._drawn = self._drawn, frozenset(runs)
        self._unmeasured |= before & self._names.keys()  # drawing has derived
        self._drawn_last |= dict.fromkeys(before | self._drawn, self._choices)

    def spare(self, live: Iterable[int] = ()) -> list[int]:
        """Drop runs that are neither drawn nor ``live`` until the others fit the room; returns them.

        The one drawn least recently goes first, and of those never drawn the oldest.
        """
        for run in self._unmeasured:
            self._sizes[run] = sum(self._series[run, name].nbytes for name in self._names[run])
        self._unmeasured.clear()
        beside = sum(self._sizes.values())
        if beside <= self._room_bytes:
            return []
        kept = self._drawn | frozenset(live)
        beside -= sum(self._sizes.get(run, 0) for run in kept)
        gone: list[int] = []
        for run in sorted(self._names.keys() - kept, key=lambda run: (self._drawn_last.get(run, 0), run)):
            if beside <= self._room_bytes:
                break
            beside -= self._sizes[run]
            gone.append(run)
        for run in gone:
            self.forget(run)
        return gone
