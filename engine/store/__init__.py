"""The one channel between training and whoever looks: runs, curves, scores and requests in HOME/runs.db. Torch-free.

What it offers is loaded when it is asked for: a window that only needs to know where its home is loads no SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.on_demand import on_demand

if TYPE_CHECKING:
    from engine.store.home import home_folder
    from engine.store.records import MetricRows, RunRecord, ScoreRow
    from engine.store.store import Store
    from engine.store.worker_lock import WorkerLock
    from engine.store.writer import RunWriter

__all__ = ["MetricRows", "RunRecord", "RunWriter", "ScoreRow", "Store", "WorkerLock", "home_folder"]

_FILES = {
    "home_folder": "home",
    "MetricRows": "records",
    "RunRecord": "records",
    "ScoreRow": "records",
    "Store": "store",
    "WorkerLock": "worker_lock",
    "RunWriter": "writer",
}

__getattr__ = on_demand(__name__, _FILES)
