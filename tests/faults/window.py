"""The real window, offscreen, that also writes down what it came to know and when: ``python -m tests.faults.window HOME FILE``.

Each line of FILE is one signal of the engine's thread as the window's own thread has received it, after the panels have.
Commands come on stdin: ``resume RUN``, ``close``. Only previews are switched off: each would cost a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMetaObject, QObject, Qt, Slot

from distill_gui.app import Studio, application
from engine.store import MetricRows, RunRecord

COMMAND = [sys.executable, "-m", "tests.faults.worker"]


class Listener(QObject):
    """Lives in the window's thread, so its slots come after the panels', which were connected before."""

    def __init__(self, studio: Studio, file: Path) -> None:
        super().__init__()
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._studio = studio
        self._rows: Counter[int] = Counter()
        engine = studio.engine
        engine.runs_changed.connect(self.hear_runs)
        engine.rewound.connect(self.hear_rewound)
        engine.metrics_arrived.connect(self.hear_metrics)
        engine.run_ended.connect(self.hear_end)
        engine.worker_changed.connect(self.hear_worker)
        engine.trouble.connect(self.hear_trouble)

    def note(self, **values: Any) -> None:
        os.write(self._handle, (json.dumps({"t": time.time(), **values}) + "\n").encode())

    @Slot(object)
    def hear_runs(self, records: list[RunRecord]) -> None:
        for found in records:
            shown = self._studio.models.runs.record(found.id)
            if shown is not None:
                self.note(run=shown.id, state=shown.state, reason=shown.reason, step=shown.step, pid=shown.pid)

    @Slot(object)
    def hear_rewound(self, runs: list[int]) -> None:
        for run in runs:
            self._rows[run] = 0

    @Slot(object)
    def hear_metrics(self, rows: MetricRows) -> None:
        self._rows.update(rows.runs.tolist())
        self.note(rows=dict(self._rows))

    @Slot(object)
    def hear_end(self, record: RunRecord) -> None:
        self.note(ended=record.id)

    @Slot(str)
    def hear_worker(self, text: str) -> None:
        self.note(worker=text)

    @Slot(str)
    def hear_trouble(self, text: str) -> None:
        self.note(trouble=text)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--plain", action="store_true", help="workers are python -m engine itself, without a witness")
    parser.add_argument("--pause-s", default="0", help="each step of a worker with a witness takes this much longer")
    options = parser.parse_args()
    app = application()
    studio = Studio(options.home, command=None if options.plain else [*COMMAND, "--pause-s", options.pause_s])
    studio.models.compose.preview_wanted.disconnect(studio.engine.preview)
    listener = Listener(studio, options.file)
    studio.preferences.set_welcomed()
    studio.show()
    listener.note(shown=os.getpid())

    def obey() -> None:
        for line in sys.stdin:
            what, *which = line.split()
            if what == "resume":
                studio.engine.resume_run(int(which[0]))
            elif what == "close":
                QMetaObject.invokeMethod(studio.window, "close", Qt.ConnectionType.QueuedConnection)

    threading.Thread(target=obey, name="commands", daemon=True).start()
    sys.exit(app.exec())


if __name__ == "__main__":
    main()
