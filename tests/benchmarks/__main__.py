"""``python -m tests.benchmarks``: measures, prints tables, writes JSON. Never fails because something is slow."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine import catalog
from engine.data.metrics import score
from engine.data.rows import load_rows
from tests.benchmarks import comparison, material, report
from tests.benchmarks.comparison import say
from tests.benchmarks.contenders import CONTENDERS, REFERENCE
from tests.benchmarks.feature_runs import FeatureRun, feature_runs, feature_table
from tests.benchmarks.process import ROOT, FailedError
from tests.benchmarks.setting import Setting
from tests.benchmarks.window import measuring as window

PARTS = ("throughput", "sweep", "steps", "queue", "features", "window", "cuda")
SHARED = ROOT.parent / "shared"
WEIGHTS = [round(0.1 * number, 1) for number in range(11)]


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)}; all if none is named")
    add(
        "--quick",
        action="store_true",
        help="about a minute with tiny models made on the spot; its numbers mean nothing",
    )
    add("--full", action="store_true", help="really run (a) for every λ of the sweep")
    add("--data", type=Path, default=os.environ.get("DISTILL_BENCH_DATA", SHARED / "data" / "glue" / "mrpc"),
        help="folder of MRPC's train and validation files; else DISTILL_BENCH_DATA, else ../shared")  # fmt: skip
    add("--model", type=Path, default=os.environ.get("DISTILL_BENCH_MODEL", SHARED / "models" / "all-MiniLM-L6-v2"),
        help="folder of the teacher's encoder; else DISTILL_BENCH_MODEL, else ../shared")  # fmt: skip
    add("--contenders", nargs="+", choices=list(CONTENDERS), default=list(CONTENDERS), metavar="NAME",
        help=", ".join(CONTENDERS))  # fmt: skip
    add("--rows", type=int, default=640, help="training rows (640)")
    add("--epochs", type=int, default=5, help="epochs (5)")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2], help="seeds, a round each (0 1 2)")
    add("--threads", type=int, default=1, help="threads of every process (1)")
    add("--sweep-runs", type=int, default=2, help="runs of (a) measured for the sweep without --full (2)")
    add("--step-rows", type=int, default=32, help="rows of a timed step (32)")
    add("--step-length", type=int, default=128, help="tokens of a timed step's rows (128)")
    add(
        "--work", type=Path, default=ROOT / "build" / "benchmarks", help="where material and logs go (build/benchmarks)"
    )
    add("--json", type=Path, help="the results' file (results.json in --work)")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose of {', '.join(PARTS)}")
    chosen.parts = chosen.parts or list(PARTS)
    chosen.work = chosen.work.resolve()
    return chosen


def machine(threads: int) -> dict[str, Any]:
    packages = ("torch", "transformers", "accelerate", "textbrewer", "numpy", "tokenizers")
    return {
        "processor": _processor(), "cores": os.cpu_count(), "threads": threads, "python": platform.python_version(),
        "system": platform.platform(), "versions": {name: _version(name) for name in packages},
    }  # fmt: skip


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def says_always(setting: Setting) -> dict[str, float]:
    """The scores of a student that says the commonest training class to every validation row."""
    task = catalog.tasks()[setting.task]
    rows = load_rows(task, setting.rows_folder)
    commonest = Counter(rows[task.train_split].labels.tolist()).most_common(1)[0][0]
    labels = rows[task.evaluation_splits[0]].labels
    import numpy as np

    return score(task, np.eye(task.outputs)[np.full(len(labels), commonest)], labels)


class Results:
    """What was measured so far; written after every measurement, so that an interruption loses nothing."""

    def __init__(self, file: Path, head: dict[str, Any]) -> None:
        self._file, self.found = file, head

    def keep(self, part: str, value: Any) -> None:
        self.found[part] = value
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self.found, indent=1, ensure_ascii=False), encoding="utf-8")

    def show(self, title: str, text: str) -> None:
        print(f"\n{title}\n{text}", flush=True)


def measure(chosen: argparse.Namespace, results: Results) -> None:
    quick, work = chosen.quick, chosen.work / ("quick" if chosen.quick else "real")
    seeds = [0] if quick else chosen.seeds
    epochs = 2 if quick else chosen.epochs
    kinds = [kind for kind in CONTENDERS if kind in chosen.contenders]
    for kind in [kind for kind in kinds if CONTENDERS[kind].missing]:
        missing = ", ".join(CONTENDERS[kind].missing)
        say(f"{CONTENDERS[kind].title} is left out: {missing} is not installed (pip install -e '.[bench]').")
        kinds.remove(kind)
    if "steps" in chosen.parts:
        say("Steps …")
        sizes = ["1x64", "2x64"] if quick else ["2x128", "4x312", "6x768"]
        rows, length, steps = (4, 16, 2) if quick else (chosen.step_rows, chosen.step_length, 5)
        speeds = comparison.step_speeds(sizes, rows, length, chosen.threads, steps, work)
        results.keep("steps", speeds)
        results.show("Steps", report.step_table(speeds))
    if "window" in chosen.parts:
        say("Window …")
        found: dict[str, Any] = {}
        for name, value in window.measurements(quick, work):
            found[name] = value
            results.keep("window", found)
        results.show("Window: until it can be used", window.start_table(found["start"]))
        results.show("Window: under load", window.load_table(found))
    if "cuda" in chosen.parts:
        _cuda(chosen.quick, results)
    if not {"throughput", "sweep", "queue", "features"} & set(chosen.parts):
        return
    say("Material …")
    wanted = material.tiny() if quick else material.real(chosen.data, chosen.model, chosen.rows)
    setting = material.prepare(wanted, {0, *seeds}, work, epochs, chosen.threads)
    key = catalog.tasks()[setting.task].key_metric
    results.keep("setting", asdict(setting))
    if "throughput" in chosen.parts:
        say("Throughput …")
        measured: list[comparison.Measured] = []

        def keep(found: comparison.Measured) -> None:
            measured.append(found)
            results.keep("throughput", [asdict(each) for each in measured])

        comparison.throughput(setting, kinds, seeds, work, keep)
        lines = report.lines_of(setting, measured, key)
        results.keep("throughput_lines", [asdict(line) for line in lines])
        results.show("Throughput", report.throughput_table(lines, measured, key, says_always(setting)))
    if "sweep" in chosen.parts:
        say("Sweep …")
        weights = [0.2, 0.8] if quick else WEIGHTS
        peers = weights if chosen.full else _spread_out(weights, 1 if quick else chosen.sweep_runs)
        if CONTENDERS[REFERENCE].missing:
            peers = []
        swept = comparison.sweep(setting, weights, peers, REFERENCE, work)
        results.keep("sweep", asdict(swept))
        results.show("Sweep over λ", report.sweep_table(swept, key))
    if "queue" in chosen.parts:
        say("Queue …")
        gaps = comparison.queue(setting, 3 if quick else 5, work)
        results.keep("queue", gaps)
        results.show("Queue: from the end of a run to the next one's first step", report.queue_table(gaps))
    if "features" in chosen.parts:
        say("Features …")
        runs: list[FeatureRun] = []

        def keep_run(found: FeatureRun) -> None:
            runs.append(found)
            results.keep("features", [asdict(each) for each in runs])

        feature_runs(setting, seeds, work, keep_run, say)
        results.show("Feature terms", feature_table(runs, key))


def _cuda(quick: bool, results: Results) -> None:
    from tests.benchmarks import gpu  # torch, which the other parts leave to processes of their own

    if why_not := gpu.missing():
        say(f"CUDA: {why_not}")
        return
    found = gpu.measure(lambda text: say(f"CUDA: {text}"), quick)
    results.keep("cuda", found)
    results.show("CUDA", gpu.text_of(found))


def _spread_out(weights: list[float], count: int) -> list[float]:
    """``count`` of the weights, evenly from inside the range."""
    count = min(count, len(weights))
    return [weights[(2 * number + 1) * len(weights) // (2 * count)] for number in range(count)]


def main(arguments: list[str] | None = None) -> int:
    chosen = options(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    remarks = [text for text in (report.QUICK if chosen.quick else "", report.busy([load])) if text]
    head = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), "quick": chosen.quick, "remarks": remarks, "load_before": load}
    file = chosen.json or chosen.work / "results.json"
    results = Results(file, head | {"machine": machine(chosen.threads)})
    try:
        measure(chosen, results)
    except (FailedError, FileNotFoundError) as error:
        say(f"Not measured: {error}")
        return 2
    for remark in remarks:
        print(f"\n{remark}")
    print(f"\nWritten: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
