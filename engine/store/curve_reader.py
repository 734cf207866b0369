"""What is read of a store's curves and scores: in the order stored, and each row held to its mark. Knows no queue, no records."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.marks import fits, must_fit, row_marks, score_mark
from engine.store.records import MetricRows, ScoreRow
from engine.store.sentences import damage_in_sentences, in_sentences
from engine.store.sqlite import Database


class CurveReader:
    """The part of a Store that reads measurements. Every method raises StoreError when the file cannot be read."""

    def __init__(self, database: Database, file: Path) -> None:
        self._database = database
        self._file = file

    def last_metric_id(self) -> int:
        return int(self._rows("SELECT COALESCE(MAX(id), 0) FROM metrics")[0][0])

    def metrics_after(self, row_id: int, limit: int = 50_000) -> MetricRows:
        """Curve rows stored after ``row_id``, oldest first, at most ``limit``."""
        rows = self._rows(
            "SELECT id, run, series, step, seconds, value, mark FROM metrics WHERE id > ? ORDER BY id LIMIT ?",
            row_id, limit,
        )  # fmt: skip
        return self._metric_rows(rows, row_id)

    def metrics_of(self, run: int, up_to: int, after: int = 0, limit: int = -1) -> MetricRows:
        """Curve rows of one run with ids above ``after`` up to ``up_to``, oldest first, at most ``limit``."""
        rows = self._rows(
            "SELECT id, run, series, step, seconds, value, mark FROM metrics "
            "WHERE run = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?",
            run, after, up_to, limit,
        )  # fmt: skip
        return self._metric_rows(rows, after)

    def count_metrics(self, run: int) -> int:
        """How many curve rows a run has."""
        return int(self._rows("SELECT COUNT(*) FROM metrics WHERE run = ?", run)[0][0])

    def curve(self, run: int, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(steps, seconds, values) of one curve in the order stored; empty arrays if there is none."""
        rows = self._rows(
            "SELECT step, seconds, value, mark FROM metrics WHERE run = ? "
            "AND series = (SELECT id FROM series WHERE name = ?) ORDER BY id",
            run, name,
        )  # fmt: skip
        steps, seconds, values, marks = zip(*rows, strict=True) if rows else ((),) * 4
        with damage_in_sentences(self._file):
            must_fit(marks, row_marks([run] * len(rows), [name] * len(rows), steps, seconds, values))
            return np.array(steps, np.int64), np.array(seconds, np.float64), _floats(values)

    def curve_names(self, run: int) -> list[str]:
        """The names of the curves a run has, by name."""
        rows = self._rows("SELECT DISTINCT series FROM metrics WHERE run = ?", run)
        names = self._series_names()
        with damage_in_sentences(self._file):
            return sorted(names[series] for (series,) in rows)

    def scores(self, run: int | None = None) -> list[ScoreRow]:
        """Final figures of one run, or of all that are not in the trash, in the order first stored."""
        columns = "SELECT run, model, split, metric, value, mark FROM scores"
        if run is None:
            hidden = "SELECT id FROM runs WHERE trashed_at IS NOT NULL"
            rows = self._rows(f"{columns} WHERE run NOT IN ({hidden}) ORDER BY rowid")
        else:
            rows = self._rows(f"{columns} WHERE run = ? ORDER BY rowid", run)
        with damage_in_sentences(self._file):
            return [
                ScoreRow(
                    run=of, model=model, split=split, metric=metric, value=math.nan if value is None else float(value)
                )
                for of, model, split, metric, value, mark in rows
                if fits(mark, score_mark(of, model, split, metric, value), f"a score of run {of}")
            ]

    def curve_means(self, names: Iterable[str], runs: Iterable[int] | None = None) -> dict[int, dict[str, float]]:
        """Run → curve name → mean over the curve's points, of these curves, in one query; NaN points do not count.

        ``runs`` are all that are not in the trash unless given. A run without any of the curves is left out.
        """
        wanted = "(SELECT id AS value FROM runs WHERE trashed_at IS NULL)" if runs is None else "json_each(?)"
        given = [] if runs is None else [json.dumps(list(runs))]
        # The joins in this order read the wanted curves by the index; SQLite's own choice reads every row there is.
        rows = self._rows(
            f"SELECT metrics.run, series.name, AVG(metrics.value) FROM {wanted} AS wanted CROSS JOIN series "
            "CROSS JOIN metrics ON metrics.run = wanted.value AND metrics.series = series.id "
            "WHERE series.name IN (SELECT value FROM json_each(?)) GROUP BY metrics.run, metrics.series",
            *given, json.dumps(list(names)),
        )  # fmt: skip
        found: dict[int, dict[str, float]] = {}
        for run, name, mean in rows:
            if mean is not None:
                found.setdefault(run, {})[name] = float(mean)
        return found

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with in_sentences(self._file):
            return self._database.conn.execute(sql, values).fetchall()

    def _series_names(self) -> dict[int, str]:
        return dict(self._rows("SELECT id, name FROM series"))

    def _metric_rows(self, rows: list[tuple[Any, ...]], before: int) -> MetricRows:
        ids, runs, series, steps, seconds, values, marks = zip(*rows, strict=True) if rows else ((),) * 7
        names = self._series_names() if rows else {}
        with damage_in_sentences(self._file):
            must_fit(marks, row_marks(runs, [names[number] for number in series], steps, seconds, values))
            return MetricRows(
                last_id=ids[-1] if ids else before,
                runs=np.array(runs, np.int64),
                series=np.array(series, np.int64),
                names=names,
                steps=np.array(steps, np.int64),
                seconds=np.array(seconds, np.float64),
                values=_floats(values),
            )


def _floats(values: Any) -> NDArray[np.float64]:
    """SQLite keeps NaN as NULL."""
    return np.array([np.nan if value is None else value for value in values], np.float64)
