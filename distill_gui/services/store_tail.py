"""Reads from the store what is new since the last look: runs, curve rows, scores, means, runs that ended. Knows no Qt.

A run's rows come in the order stored. Those from before the window opened are read a piece a look, newest runs first, so
that a long history holds up neither the window's start nor the live run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from engine.analysis.gradient_share import CURVES
from engine.store import MetricRows, RunRecord, ScoreRow, Store
from engine.store.records import ENDED, FINISHED

CHUNK = 20_000
LIVE_CHUNKS = 5
HISTORY_ROWS = 2_000_000
MEANS_A_LOOK = 200  # finished runs whose curves are averaged in one look: some 40 ms of an old store's thousand runs


@dataclass
class News:
    """What is new. ``ended`` are runs that have ended since the tail began; all their rows and scores came before.

    ``rewound`` are runs whose rows seen so far are void, as they went on from before them: all come again, in ``metrics`` of
    this and of later looks. ``means`` are those of ``CURVES`` of finished runs: run → curve → mean. ``purged`` are runs told
    of before that somebody deleted for good. ``unscored`` are runs whose scores told before are void; those that hold come again.
    """

    runs: list[RunRecord] = field(default_factory=list)
    rewound: list[int] = field(default_factory=list)
    metrics: list[MetricRows] = field(default_factory=list)
    scores: list[ScoreRow] = field(default_factory=list)
    unscored: list[int] = field(default_factory=list)
    ended: list[RunRecord] = field(default_factory=list)
    means: dict[int, dict[str, float]] = field(default_factory=dict)
    purged: list[int] = field(default_factory=list)


class StoreTail:
    """``look()`` again and again; ``active`` are the runs that are queued or running.

    Of the history, ``history_rows`` are read unasked; a run beyond that when it is wanted. What is kept of a run goes when
    the run is deleted for good, whoever deletes it: a window lives for weeks.
    """

    def __init__(self, store: Store, history_rows: int = HISTORY_ROWS) -> None:
        self.store = store
        self.active: dict[int, RunRecord] = {}
        self._news = News()  # gathered here, so that a look that fails half-way loses nothing
        self._ended: set[int] = set()
        self._scores: dict[int, dict[tuple[str, str, str], ScoreRow]] = {}  # run → as they were told
        self._version: int | None = None
        self._revision = 0
        self._row: int | None = None  # the last live row seen
        self._opened_at = 0  # rows up to this one are history
        self._unread: set[int] = set()  # runs in the trash at the first look: their history waits until they are back
        self._history: dict[int, int] = {}  # run → its last row read; in the order to be read
        self._history_to: dict[int, int] = {}  # run → its last row that is history, where that is not ``_opened_at``
        self._rewinds: dict[int, int] = {}  # as far as they were noticed
        self._history_left = history_rows
        self._wanted: list[int] = []
        self._put_away: set[int] = set()  # runs whose rows were told and are not kept any more where they were told
        self._averaged: dict[int, bool] = {}  # finished run → whether its curves' means were read

    def touch(self) -> None:
        """Say that this very store has written: the data version only tells of others."""
        self._version = None

    def want(self, run: int) -> None:
        """Read the history of ``run`` before that of the others, also one that was put away."""
        self._bring_back(run)
        self._wanted.append(run)

    def put_away(self, runs: Iterable[int]) -> None:
        """Say that the rows of these runs are not kept any more: all come again once one is wanted or goes on."""
        for run in runs:
            if run in self._rewinds:
                self._history.pop(run, None)
                self._put_away.add(run)

    def forget(self, runs: Iterable[int]) -> None:
        """Keep nothing of runs that were deleted for good."""
        gone = set(runs)
        if not gone:
            return
        by_run: tuple[dict[int, Any], ...] = (
            self.active, self._scores, self._history, self._history_to, self._rewinds, self._averaged,
        )  # fmt: skip
        for kept in by_run:
            for run in gone & kept.keys():
                del kept[run]
        for numbers in (self._ended, self._unread, self._put_away):
            numbers -= gone
        self._wanted = [run for run in self._wanted if run not in gone]
        self._news.metrics = [_without(rows, gone) for rows in self._news.metrics]

    def look(self) -> News:
        """What is new since the last look. Raises StoreError; what was found until then comes with the next look."""
        version = self.store.data_version()
        if version != self._version:
            self._look_at_runs()
            if self._look_at_rows():
                self._version = version
        if self._version is not None:
            self._read_some_history()
            self._read_some_means()
        news, self._news = self._news, News()
        if self._version != version:  # rows are still to come
            self._news.ended, news.ended = news.ended, []
        return news

    def _look_at_runs(self) -> None:
        first = self._row is None
        if self._row is None:  # before the runs: of a run seen here no row is missed
            self._opened_at = self._row = self.store.last_metric_id()
        runs, revision = self.store.changed_runs(self._revision)
        self._look_at_scores(runs, first)
        gone = sorted(self.store.purged(self._revision) & (self._rewinds.keys() | {run.id for run in runs}))
        self._revision = revision
        for run in runs:
            self._notice_rewind(run)
            if run.state == FINISHED:
                self._averaged.setdefault(run.id, False)
            if run.trashed_at is not None:
                self.active.pop(run.id, None)
                if run.state in ENDED:
                    self._ended.add(run.id)  # coming back is no ending
                continue
            if run.id in self._unread:
                self._unread.discard(run.id)
                self._history[run.id] = 0
            if run.state not in ENDED:
                self._ended.discard(run.id)
                self.active[run.id] = run
                continue
            if not first and run.id not in self._ended:
                self._news.ended.append(run)
            self._ended.add(run.id)
            self.active.pop(run.id, None)
        if first:
            self._unread = {run.id for run in runs if run.trashed_at is not None}
            seen = [run for run in runs if run.trashed_at is None]
            order = sorted(seen, key=lambda run: (run.state in ENDED, -run.id))
            self._history = {run.id: 0 for run in order}
        self._news.runs.extend(runs)
        self._news.purged.extend(gone)
        self.forget(gone)

    def _look_at_scores(self, runs: list[RunRecord], first: bool) -> None:
        rows = self.store.scores() if first else [row for run in runs for row in self.store.scores(run.id)]
        there = {(row.run, row.model, row.split, row.metric) for row in rows}
        for run in runs:
            told = self._scores.get(run.id, {})
            if any((run.id, *key) not in there for key in told):
                told.clear()
                self._news.unscored.append(run.id)
        for row in rows:
            told = self._scores.setdefault(row.run, {})
            if told.get((row.model, row.split, row.metric)) != row:
                told[row.model, row.split, row.metric] = row
                self._news.scores.append(row)

    def _notice_rewind(self, run: RunRecord) -> None:
        """Rows of a run were taken back: forget what was read of it, and read it anew up to where the live rows are."""
        rewinds = run.rewinds or 0
        if self._rewinds.setdefault(run.id, rewinds) == rewinds:
            return
        self._rewinds[run.id] = rewinds
        assert self._row is not None
        self._news.metrics = [_without(rows, {run.id}) for rows in self._news.metrics]
        self._news.rewound.append(run.id)
        self._put_away.discard(run.id)
        self._history[run.id], self._history_to[run.id] = 0, self._row
        self._wanted.insert(0, run.id)

    def _bring_back(self, run: int) -> None:
        """What was put away is history once more, up to where the live rows are."""
        if run in self._put_away:
            assert self._row is not None
            self._put_away.discard(run)
            self._history[run], self._history_to[run] = 0, self._row

    def _look_at_rows(self) -> bool:
        """Read live rows, a few chunks a look; returns whether that was all."""
        assert self._row is not None
        for _ in range(LIVE_CHUNKS):
            rows = self.store.metrics_after(self._row, CHUNK)
            for run in set(rows.runs.tolist()) & (self._history.keys() | self._put_away):
                self._bring_back(run)
                while run in self._history:  # a run that was there before goes on: first what it had
                    self._read_history(run)
            if len(rows):
                self._news.metrics.append(rows)
                self._row = rows.last_id
            if len(rows) < CHUNK:
                return True
        return False

    def _read_some_means(self) -> None:
        """The means of finished runs, newest first, a piece a look."""
        todo = sorted((run for run, done in self._averaged.items() if not done), reverse=True)[:MEANS_A_LOOK]
        if todo:
            self._news.means |= self.store.curve_means(CURVES, todo)
            self._averaged |= dict.fromkeys(todo, True)

    def _next_history(self) -> int | None:
        while self._wanted:
            if self._wanted[0] in self._history:
                return self._wanted[0]
            self._wanted.pop(0)
        return next(iter(self._history), None) if self._history_left > 0 else None

    def _read_some_history(self) -> None:
        """About as many rows as one chunk, of as many runs as that takes."""
        budget = CHUNK
        while budget > 0 and (run := self._next_history()) is not None:
            budget -= self._read_history(run)

    def _read_history(self, run: int) -> int:
        """Read the next chunk of one run; returns how many rows it had."""
        up_to = self._history_to.get(run, self._opened_at)
        rows = self.store.metrics_of(run, up_to, self._history[run], CHUNK)
        if len(rows):
            self._news.metrics.append(rows)
        if len(rows) < CHUNK:
            del self._history[run]
            self._history_to.pop(run, None)
        else:
            self._history[run] = rows.last_id
        self._history_left -= len(rows)
        return len(rows)


def _without(rows: MetricRows, runs: set[int]) -> MetricRows:
    others = np.isin(rows.runs, list(runs), invert=True)
    columns = ("runs", "series", "steps", "seconds", "values")
    return replace(rows, **{column: getattr(rows, column)[others] for column in columns})


def joined(batches: list[MetricRows]) -> MetricRows:
    """Several batches, one after the other, as one."""
    if len(batches) == 1:
        return batches[0]
    columns = ("runs", "series", "steps", "seconds", "values")
    return MetricRows(
        last_id=max(batch.last_id for batch in batches),
        names={number: name for batch in batches for number, name in batch.names.items()},
        **{column: np.concatenate([getattr(batch, column) for batch in batches]) for column in columns},
    )
