"""Runs the window's measurements in processes of their own and puts them beside their targets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import spread_of, table
from tests.benchmarks.process import ROOT, FailedError, environment

PLACES = ("compose", "runs", "table", "export")
FLOOR = "import PySide6.QtWidgets"
LIMIT_S = 600.0
# What is to be reached, and whether it is the least or the most: names as in ``lines``.
TARGETS = {"start": ("at most", 1.5), "memory": ("at most", 150.0), "frames": ("at least", 30.0),
           "rows": ("at least", 50_000.0), "list": ("at most", 100.0)}  # fmt: skip


def measurements(quick: bool, work: Path) -> Iterator[tuple[str, Any]]:
    """Name and findings, one measurement after the other."""
    yield "start", starts(1 if quick else 5, work)
    small = 20 if quick else 1
    sizes = {
        "stream": 1_000_000,
        "plain": 1_000_000,
        "ingest": 400_000,
        "list": 10_000,
        "proxy": 10_000,
        "table": 10_000,
    }
    for what, size in sizes.items():
        yield what, child(["-m", "tests.benchmarks.window.load", what, str(size // small)], work)


def starts(count: int, work: Path) -> dict[str, Any]:
    """Each place ``count`` times from a cold process, round by round beside the floor; the first start only fills caches."""
    measured: dict[str, list[dict[str, Any]]] = {place: [] for place in PLACES}
    floor: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        fill(Path(home))
        opening(Path(home), PLACES[0], work)
        for _ in range(count):
            floor.append(floor_s(work))
            for place in PLACES:
                measured[place].append(opening(Path(home), place, work))
    return {"floor_cpu_s": floor, "places": measured}


def fill(home: Path, runs: int = 3) -> None:
    """A few finished runs with curves, so that the Runs place has charts to draw."""
    from engine.config import parse_config
    from engine.events import Metrics, Score
    from engine.store import Store
    from tests.benchmarks.window.records import CURVES

    store = Store(home)
    for seed in range(runs):
        toml = (
            f'name = "run {seed}"\n[task]\nname = "mrpc"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'
        )
        run = store.enqueue(parse_config(toml, home))
        with store.writer(run) as writer:
            for step in range(500):
                writer.emit(Metrics(step, step / 10, dict.fromkeys(CURVES, 1 / (1 + step))))
            writer.emit(Score("student", "validation", "f1", 0.8))
        store.set_state(run, "finished")
    store.close()


def opening(home: Path, place: str, work: Path) -> dict[str, Any]:
    return child(["-m", "tests.benchmarks.window.opening", str(home), place, repr(time.time())], work)


def floor_s(work: Path) -> float:
    """Processor seconds of a Python that only loads Qt's widgets."""
    return float(child(["-c", f"{FLOOR}; import json, time; print(json.dumps(time.process_time()))"], work))


def child(arguments: Sequence[str], work: Path) -> Any:
    """The JSON that ``python arguments`` prints last. Bytecode is kept, as it is for whoever installed the program."""
    its = environment(1) | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    its.pop("PYTHONDONTWRITEBYTECODE", None)
    its["PYTHONPYCACHEPREFIX"] = str(work / "bytecode")
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=its, capture_output=True, text=True, timeout=LIMIT_S
    )
    if done.returncode != 0 or not done.stdout.strip():
        raise FailedError(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def reached(name: str, value: float) -> str:
    """``yes`` or ``no`` beside the target of that name, "" where there is none."""
    if name not in TARGETS:
        return ""
    kind, target = TARGETS[name]
    good = value <= target if kind == "at most" else value >= target
    return f"{kind} {target:,g}: {'yes' if good else 'NO'}"


def start_table(found: dict[str, Any]) -> str:
    """A row a place: seconds of the processor until it can be used, beside the floor's, and memory then."""
    floor = spread_of(found["floor_cpu_s"])
    rows = [[f"floor: {FLOOR}", floor.text(2), "", "1.0", "", "", ""]]
    for place, measured in found["places"].items():
        spent = spread_of([each["cpu_s"] for each in measured])
        wall = spread_of([each["seconds"] for each in measured])
        megabytes = spread_of([each["resident_bytes"] / 1e6 for each in measured])
        own = spread_of([each["own_bytes"] / 1e6 for each in measured])
        with_plots = any(each["plots"] for each in measured)
        rows.append([
            f"{place}{', with charts' if with_plots else ''}", spent.text(2), wall.text(2),
            f"{spent.median / floor.median:.1f}", megabytes.text(0), own.text(0),
            "; ".join(filter(None, [reached("start", spent.median), "" if with_plots else reached("memory", megabytes.median)])),
        ])  # fmt: skip
    return table(["usable window", "CPU s", "s", "× floor", "MB", "own MB", "target"], rows)


def load_table(found: dict[str, Any]) -> str:
    """A row a figure of the measurements under load."""
    targets = {
        ("stream", "frames_per_s"): "frames",
        ("ingest", "written_per_s"): "rows",
        ("ingest", "shown_per_s"): "rows",
    }
    rows = []
    for what in ("stream", "plain", "ingest", "list", "proxy", "table"):
        for name, value in found.get(what, {}).items():
            target = "list" if what == "list" and name.endswith("ms") else targets.get((what, name), "")
            rows.append([f"{TITLES[what]}: {name.replace('_', ' ')}", f"{value:,.1f}" if value < 1000 else f"{value:,.0f}",
                         reached(target, value)])  # fmt: skip
    return table(["under load (CPU time)", "", "target"], rows)


TITLES = {"stream": "Runs place, live", "plain": "peer: pyqtgraph's defaults, one chart", "ingest": "rows, one curve value each",
          "list": "list of runs", "proxy": "peer: Qt's proxy model", "table": "Table place"}  # fmt: skip
