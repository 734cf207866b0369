"""``python -m tests.benchmarks.window.load WHAT SIZE``: one measurement in a process of its own, as a line of JSON.

Seconds are of the processor (user and system), so that a busy machine tells the same; nothing here waits.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QListView, QWidget

from distill_gui import theme
from distill_gui.models import Models
from tests.benchmarks.window.records import CURVES, record, rows, scores

SIZE = (1440, 860)  # px, a usual window's place
LIVE_STEPS = 2  # steps a frame of the live run: 60 a second at 30 frames


def main() -> None:
    app = QApplication(sys.argv[:1])
    theme.apply(app, False)
    measure: dict[str, Callable[[int], dict[str, float]]] = {
        "stream": stream, "plain": plain, "ingest": ingest, "list": run_list, "proxy": proxy, "table": table,
    }  # fmt: skip
    print(json.dumps(measure[sys.argv[1]](int(sys.argv[2]))), flush=True)


def took_s(act: Callable[[], object]) -> float:
    """Processor seconds of ``act`` and of all that the event loop then has to do for it, painting included."""
    begun = time.process_time()
    act()
    QApplication.processEvents()
    return time.process_time() - begun


def shown(panel: QWidget) -> Any:
    panel.resize(*SIZE)
    panel.show()
    QApplication.processEvents()
    return panel


# ── charts ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def stream(points: int, curves: int = 50, frames: int = 60) -> dict[str, float]:
    """The Runs place with ``points`` in ``curves`` of one metric, all drawn, the newest of them live in all its metrics."""
    from distill_gui.panels.runs import PANEL

    models, each = Models(), points // curves
    models.runs.update([record(run, "running" if run == curves else "finished") for run in range(1, curves + 1)])
    models.runs.set_ticked(range(1, curves + 1), True)
    for run in range(1, curves + 1):
        models.curves.append(rows(run, CURVES if run == curves else CURVES[:1], 1, each))
    panel = shown(PANEL.make(models))
    panel.grid.complete()
    panel.grid.draw()
    QApplication.processEvents()
    drawn = len(panel.grid.cards["loss"].chart.curve_keys())
    took = []
    for frame in range(frames):

        def one_frame(first: int = each + 1 + frame * LIVE_STEPS) -> None:
            models.curves.append(rows(curves, CURVES, first, LIVE_STEPS))
            panel.grid.draw()

        took.append(took_s(one_frame))
    return {"frames_per_s": frames / sum(took), "slowest_ms": 1000 * max(took), "curves": drawn,
            "points": sum(len(models.curves.series(run, CURVES[0]) or ()) for run in range(1, curves + 1))}  # fmt: skip


def plain(points: int, curves: int = 50, frames: int = 3) -> dict[str, float]:
    """The same curves in one chart of pyqtgraph as it comes: PlotDataItem, its defaults, the live one handed over anew."""
    import pyqtgraph as pg

    each = points // curves
    widget = shown(pg.PlotWidget())
    lines = []
    for run in range(1, curves + 1):
        made = rows(run, CURVES[:1], 1, each + frames)
        line = widget.plot(made.steps[:each].astype(float), made.values[:each])
        lines.append((line, made))
    QApplication.processEvents()
    line, made = lines[-1]
    took = [
        took_s(lambda end=each + frame + 1: line.setData(made.steps[:end].astype(float), made.values[:end]))  # type: ignore[misc]
        for frame in range(frames)
    ]
    return {"frames_per_s": frames / sum(took), "slowest_ms": 1000 * max(took), "curves": curves, "points": points}


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def ingest(count: int) -> dict[str, float]:
    """Rows of one run: into the store as training does it, and out of it into the window's curves as the engine's thread
    does it."""
    from distill_gui.services.store_tail import StoreTail
    from engine.config import parse_config
    from engine.events import Metrics
    from engine.store import Store

    toml = 'name = "rows"\n[task]\nname = "mrpc"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store, watching, models = Store(home), Store(home), Models()
        run = store.enqueue(parse_config(toml, home))
        store.set_state(run, "running")
        tail = StoreTail(watching)
        tail.look()
        steps = max(1, count // len(CURVES))
        begun = time.process_time()
        with store.writer(run) as writer:
            for step in range(steps):
                writer.emit(Metrics(step, step / 10, dict.fromkeys(CURVES, 0.5)))
        written = time.process_time() - begun
        begun, seen = time.process_time(), 0
        while seen < steps * len(CURVES):
            for batch in tail.look().metrics:
                models.curves.append(batch)
                seen += len(batch)
        read = time.process_time() - begun
        store.close()
        watching.close()
    return {"written_per_s": seen / written, "shown_per_s": seen / read, "rows": seen}


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def run_list(count: int) -> dict[str, float]:
    """Sorting, grouping and filtering the column of runs, in ms."""
    from distill_gui.panels.runs.run_column import RunColumn

    runs = Models().runs
    runs.update([record(run) for run in range(1, count + 1)])
    shown(RunColumn(runs))
    acts: dict[str, Callable[[], None]] = {
        "sort by name": lambda: runs.set_sort("name"),
        "sort by score": lambda: runs.set_sort("score"),
        "group by loss": lambda: runs.set_group("loss"),
        "no groups": lambda: runs.set_group("none"),
        "filter": lambda: runs.set_filter("taylor mrpc"),
        "filter cleared": lambda: runs.set_filter(""),
        "filter to nothing": lambda: runs.set_filter("no such run"),
        "filter cleared again": lambda: runs.set_filter(""),
    }
    return {f"{name}, ms": 1000 * took_s(act) for name, act in acts.items()}


def proxy(count: int) -> dict[str, float]:
    """The same with Qt's usual means: a proxy over standard items that compares in Python."""

    class Proxy(QSortFilterProxyModel):
        def lessThan(self, left: Any, right: Any) -> bool:
            return bool(left.data(Qt.ItemDataRole.UserRole) < right.data(Qt.ItemDataRole.UserRole))

        def filterAcceptsRow(self, row: int, parent: Any) -> bool:
            text = self.sourceModel().index(row, 0, parent).data() or ""
            return all(word in text for word in self.words)

        words: tuple[str, ...] = ()

    model = QStandardItemModel()
    for run in range(1, count + 1):
        made = record(run)
        item = QStandardItem(made.name)
        item.setData(made.best_score, Qt.ItemDataRole.UserRole)
        model.appendRow(item)
    between = Proxy()
    between.setSourceModel(model)
    view = QListView()
    view.setUniformItemSizes(True)
    view.setModel(between)
    shown(view)

    def only(*words: str) -> None:
        between.words = words
        between.invalidateFilter()

    acts: dict[str, Callable[[], None]] = {
        "sort by score": lambda: between.sort(0),
        "filter": lambda: only("taylor", "mrpc"),
        "filter cleared": lambda: only(),
    }
    return {f"{name}, ms": 1000 * took_s(act) for name, act in acts.items()}


def table(count: int) -> dict[str, float]:
    """The Table place with ``count`` runs: made for the first time, and again for each of a person's switches, in ms."""
    from distill_gui.panels.table import PANEL

    models = Models()
    panel = shown(PANEL.make(models))
    models.table.update([record(run) for run in range(1, count + 1)])
    models.table.set_scores([score for run in range(1, count + 1) for score in scores(run)])

    def one_more() -> None:
        models.table.update([record(count + 1)])
        models.table.rebuild()

    acts: dict[str, Callable[[], None]] = {
        "first": models.table.rebuild,
        "own only": lambda: models.table.set_published_shown(False),
        "one column less": lambda: models.table.set_hidden_columns(["rte"]),
        "one run more": one_more,
    }
    found = {f"{name}, ms": 1000 * took_s(act) for name, act in acts.items()}
    panel.hide()
    return found | {"rows": models.table.rowCount()}


if __name__ == "__main__":
    main()
