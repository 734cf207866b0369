"""Runs the contenders in turns, each measurement a fresh process, and holds what was measured. Prints nothing but progress."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks import ours, process
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.process import FailedError
from tests.benchmarks.setting import Setting


@dataclass(frozen=True)
class Measured:
    """One run of a contender. ``counted_s`` is what its speed is reckoned from: of the product the whole process, of the
    others the training alone (with their evaluations after each epoch, as the product has them); ``whole_s`` is the
    whole process for all."""

    contender: str
    seed: int
    label_weight: float
    counted_s: float
    whole_s: float
    evaluation_s: float
    peak_bytes: int
    load: float
    scores: dict[str, float]
    validation_loss: float


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run_peer(kind: str, setting: Setting, seed: int, folder: Path) -> Measured:
    """One run of another tool."""
    shutil.rmtree(folder, ignore_errors=True)
    file = setting.write(folder / "setting.json")
    arguments = ["-m", "tests.benchmarks.peer", kind, str(file), str(seed), str(folder)]
    ended = process.run(arguments, setting.threads, folder.with_suffix(".log"))
    found = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    return Measured(
        kind, seed, setting.label_weight, found["training_s"], ended.seconds, found["evaluation_s"], ended.peak_bytes,
        ended.load, found["scores"], found["validation_loss"],
    )  # fmt: skip


def run_ours(kind: str, setting: Setting, seed: int, folder: Path, warm_home: Path) -> Measured:
    """One run of the product: in a new home, or in one whose cache was filled before."""
    home = warm_home if CONTENDERS[kind].warm else folder
    shutil.rmtree(folder, ignore_errors=True)
    ended, trained = ours.run_once(setting, seed, home, folder.with_suffix(".log"))
    shutil.rmtree(folder, ignore_errors=True)
    return Measured(
        kind, seed, setting.label_weight, ended.seconds, ended.seconds, 0.0, ended.peak_bytes, ended.load,
        trained.scores, trained.validation_loss,
    )  # fmt: skip


def fill_cache(setting: Setting, work: Path) -> Path:
    """A home of its own in which one run has been, so that everything it asks for is there."""
    home = work / "warm-home"
    shutil.rmtree(home, ignore_errors=True)
    ours.run_once(setting, 0, home, work / "warm-home.log")
    return home


def throughput(
    setting: Setting, kinds: list[str], seeds: list[int], work: Path, keep: Callable[[Measured], None]
) -> None:
    """Every contender once for each seed, in turns: what slows the machine for a while slows all of them."""
    warm_home = fill_cache(setting, work)
    for seed in seeds:
        for kind in kinds:
            folder = work / f"{kind}-{seed}"
            if CONTENDERS[kind].tool == "ours":
                found = run_ours(kind, setting, seed, folder, warm_home)
            else:
                found = run_peer(kind, setting, seed, folder)
            keep(found)
            say(f"  {CONTENDERS[kind].title}, seed {seed}: {found.counted_s:.1f} s ({found.whole_s:.1f} s in all)")


@dataclass(frozen=True)
class Sweep:
    """``ours_s`` for all λ in one worker process, its start counted; ``peers`` are (a)'s runs that were really made.

    ``together_s`` is the same with ``at_once`` runs at a time, one on each core; 0 where the machine has one.
    """

    weights: list[float]
    ours_s: float
    ours_scores: list[dict[str, float]]
    load: float
    peers: list[Measured]
    at_once: int = 1
    together_s: float = 0.0

    def peer_s(self, whole: bool = False) -> float:
        """Seconds of (a) for all λ: those measured, and their mean for each that was not."""
        spent = [found.whole_s if whole else found.counted_s for found in self.peers]
        return sum(spent) / len(spent) * len(self.weights)


def sweep(setting: Setting, weights: list[float], peer_weights: list[float], reference: str, work: Path) -> Sweep:
    """Our queue with an empty cache first, one run after another and as many at once as there are cores, then (a)'s runs."""
    home = work / "sweep-home"
    at_once = min(len(weights), max(1, (os.cpu_count() or 1) // setting.threads))
    spent, found = [], []
    for count in (1, at_once) if at_once > 1 else (1,):
        shutil.rmtree(home, ignore_errors=True)
        ended, results = ours.sweep(setting, 0, weights, home, work / "sweep.log", count)
        shutil.rmtree(home)
        say(f"  ours, {len(weights)} values of λ, {count} at a time: {ended.seconds:.1f} s")
        spent.append(ended)
        found.append([one.scores for one in results])
    if found[-1] != found[0]:
        raise FailedError("runs that were trained at once have other scores than those trained one after another")
    peers = []
    for weight in peer_weights:
        peers.append(run_peer(reference, setting.with_label_weight(weight), 0, work / f"sweep-{weight}"))
        say(f"  (a), λ = {weight:g}: {peers[-1].counted_s:.1f} s")
    together_s = spent[-1].seconds if at_once > 1 else 0.0
    return Sweep(weights, spent[0].seconds, found[0], spent[0].load, peers, at_once, together_s)


def step_speeds(architectures: list[str], rows: int, length: int, threads: int, steps: int, work: Path) -> list[dict]:
    """One process for each architecture."""
    found = []
    for architecture in architectures:
        out = work / f"step-{architecture}.json"
        arguments = [architecture, str(rows), str(length), str(threads), str(steps), str(out)]
        ended = process.run(["-m", "tests.benchmarks.step_speed", *arguments], threads, out.with_suffix(".log"))
        found.append(json.loads(out.read_text(encoding="utf-8")) | {"load": ended.load})
        say(f"  {architecture}: {found[-1]['seconds'] * 1000:.0f} ms a step")
    return found


def queue(setting: Setting, runs: int, work: Path) -> list[dict]:
    """The gaps between queued runs in a home whose cache is full."""
    home = fill_cache(setting, work)
    found = ours.gaps(setting, list(range(runs)), home, work / "queue.log")
    shutil.rmtree(home)
    return [asdict(gap) | {"at_most_s": gap.at_most_s} for gap in found]
