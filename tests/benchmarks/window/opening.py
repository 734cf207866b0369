"""``python -m tests.benchmarks.window.opening HOME PLACE STARTED``: the program's own start, until it can be used.

Usable is: the place is painted and the event loop has answered since. Prints one line of JSON and closes the window.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

SETTLED_MS = 1500  # memory is looked at this long after, in the Runs place once it has all its charts


def main() -> None:
    home, place, started = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    (home / "window.json").write_text(json.dumps({"welcomed": True, "layout": {"place": place}}), encoding="utf-8")
    from distill_gui import __main__ as program
    from distill_gui import startup

    startup.problem(os.environ)  # as the program does, before it loads Qt
    from PySide6.QtCore import QEvent, QObject, QTimer

    import distill_gui.app as app

    class FirstPaint(QObject):
        def __init__(self, watched: QObject, then: Callable[[], None]) -> None:
            super().__init__(watched)
            self._then = then
            watched.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, self, self._then)
            return False

    show = app.Studio.show

    def show_and_measure(studio: app.Studio) -> None:
        found: dict[str, object] = {}

        def usable() -> None:
            found.update(seconds=time.time() - started, cpu_s=time.process_time(), place=studio.window.place())
            QTimer.singleShot(SETTLED_MS, settled)

        def settled() -> None:
            plots = studio.window.made("runs") and bool(studio.models.runs.records())
            grid = studio.window.panel("runs").grid if plots else None  # type: ignore[attr-defined]
            if (place == "runs" and grid is None) or (grid is not None and not grid.is_complete()):
                QTimer.singleShot(SETTLED_MS, settled)
                return
            found.update(memory(), plots="pyqtgraph" in sys.modules, runs=len(studio.models.runs.records()))
            print(json.dumps(found), flush=True)
            studio.window.close()

        FirstPaint(studio.window, usable)
        show(studio)

    app.Studio.show = show_and_measure  # type: ignore[method-assign, assignment]
    sys.exit(program.main(["--home", str(home), "--theme", "light"]))


def memory() -> dict[str, int]:
    """Bytes of this process: all that is resident, and what no other process shares."""
    import psutil

    info = psutil.Process().memory_full_info()
    return {"resident_bytes": info.rss, "own_bytes": info.uss}


if __name__ == "__main__":
    main()
