"""The one channel between training and whoever looks: runs, curves, scores and requests in HOME/runs.db. Torch-free."""

from engine.store.home import home_folder
from engine.store.records import MetricRows, RunRecord, ScoreRow
from engine.store.store import Store
from engine.store.worker_lock import WorkerLock
from engine.store.writer import RunWriter

__all__ = ["MetricRows", "RunRecord", "RunWriter", "ScoreRow", "Store", "WorkerLock", "home_folder"]
