"""Damaged files: random bytes flipped, ends cut off, pages of zeros, in stores, checkpoints, kept arrays and kept teachers.

Everything happens in this process, so hundreds of trials cost seconds. The one thing that may never be: other data than was
written, without a word.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from engine.data import array_file
from engine.data.array_cache import ArrayCache, key_of
from engine.errors import StoreError
from engine.events import Metrics, Score
from engine.store import Store
from engine.store.check import check_store
from engine.store.repair import repair_store
from engine.training.checkpoint import BestWeights, CheckpointFolder
from tests.faults.material import config_of
from tests.faults.outcome import Outcome

PAGE = 4096
SILENT = "other data than was written, without a word"
RUNS, STEPS, CURVES = 4, 150, 6

LAST_WRITE = frozenset(("row", 1, f"curve/{number}", STEPS) for number in range(CURVES))
Content = dict[tuple[Any, ...], Any]


def hurt(file: Path, chance: random.Random) -> str:
    """Damage a file in place; says how."""
    content = bytearray(file.read_bytes())
    kind = chance.choice(("bit", "bytes", "bytes", "cut", "zeros"))
    if kind == "bit":
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == "bytes":
        for _ in range(chance.randint(1, 20)):
            content[chance.randrange(len(content))] ^= chance.randint(1, 255)
    elif kind == "cut":
        del content[chance.randrange(len(content)) :]
    else:
        first = chance.randrange(max(1, len(content) // PAGE)) * PAGE
        content[first : first + PAGE] = bytes(len(content[first : first + PAGE]))
    changed = bytes(content) != file.read_bytes()
    file.write_bytes(content)
    return kind if changed else ""


# ── the store ───────────────────────────────────────────────────────────────────────────────────────────────────────
def damage_stores(material: Path, trials: int, chance: random.Random) -> Outcome:
    """Hurt a store's file or its log; read everything, then repair it and read everything again."""
    outcome = Outcome("Store damaged")
    with outcome.measured():
        for what in ("trials", "refused with a sentence", "read as it was written", SILENT):
            outcome.add(what, 0)
        with tempfile.TemporaryDirectory(prefix="store-") as folder:
            closed, logged = _filled(material, Path(folder) / "closed"), Path(folder) / "logged"
            store = Store(closed)
            with store.writer(1) as writer:  # some pages in the log: copied while the store is open
                writer.emit(Metrics(STEPS, 1.0, {f"curve/{number}": float(number) for number in range(CURVES)}))
            shutil.copytree(closed, logged)
            written = _content(closed)
            store.close()
            for trial in range(trials):
                of, name = (logged, chance.choice(("runs.db", "runs.db-wal"))) if trial % 2 else (closed, "runs.db")
                home = Path(folder) / "trial"
                shutil.copytree(of, home)
                _one_store(home, name, written, chance, outcome, f"trial {trial}")
                shutil.rmtree(home)
    return outcome


def _filled(material: Path, home: Path) -> Path:
    store = Store(home)
    for number in range(1, RUNS + 1):
        store.enqueue(config_of(material, "kl", f"training.seed={number}"))
        with store.writer(number) as writer:
            for step in range(STEPS):
                values = {f"curve/{curve}": (number + curve) / (step + 3) for curve in range(CURVES)}
                writer.emit(Metrics(step, step / 7, values))
            writer.emit(Score("student", "validation", "accuracy", number / 7))
        store.set_state(number, "finished")
    store.close()
    return home


def _content(home: Path) -> Content:
    """Everything that is shown of a store. Raises StoreError."""
    store = Store(home)
    try:
        found: Content = {}
        for run in store.runs():
            found["run", run.id] = (run.name, run.state, run.toml, run.config, run.created_at, run.seed)
            for name in store.curve_names(run.id):
                steps, seconds, values = store.curve(run.id, name)
                for step, second, value in zip(steps.tolist(), seconds.tolist(), values.tolist(), strict=True):
                    found["row", run.id, name, step] = (second, value)
        for score in store.scores():
            found["score", score.run, score.model, score.split, score.metric] = score.value
        return found
    finally:
        store.close()


def _one_store(home: Path, name: str, written: Content, chance: random.Random, outcome: Outcome, where: str) -> None:
    how = hurt(home / name, chance)
    if not how:
        return
    where = f"{where} ({how} in {name})"
    outcome.add("trials")
    refused = ""
    try:
        found = _content(home)
        if found == written:
            outcome.add("read as it was written")
            return
        if name.endswith("-wal") and found == {key: value for key, value in written.items() if key not in LAST_WRITE}:
            outcome.add("read as before its last write, which the log no longer ends")
            return
    except StoreError as error:
        refused = str(error)
        outcome.add("refused with a sentence")
    except Exception as error:
        outcome.must(False, f"{where}: {type(error).__name__}: {error}")
        return
    outcome.must(not refused or "distill store repair" in refused, f"{where}: no remedy in “{refused}”.")
    if not refused:
        if check_store(home).is_whole:
            outcome.add(SILENT)
            outcome.must(False, f"{where}: other data, and neither opening nor “distill store check” says so.")
        else:
            outcome.add("found by “distill store check” alone")
    _mend(home, written, outcome, where)


def _mend(home: Path, written: Content, outcome: Outcome, where: str) -> None:
    try:
        repair_store(home)
        after = _content(home)
    except Exception as error:
        outcome.must(False, f"{where}: after a repair: {type(error).__name__}: {error}")
        return
    outcome.add("repaired")
    rows = [key for key in written if key[0] == "row"]
    kept = [key for key in rows if key in after]
    outcome.add("curve rows before the damage", len(rows))
    outcome.add("curve rows recovered", len(kept))
    wrong = [key for key in kept if after[key] != written[key]]
    outcome.add("curve rows recovered with another value", len(wrong))
    outcome.add("runs before the damage", RUNS)
    outcome.add("runs recovered", sum(("run", run) in after for run in range(1, RUNS + 1)))


# ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────
def damage_checkpoints(trials: int, chance: random.Random) -> Outcome:
    """Hurt a file of a folder of checkpoints: the newest whole one must be read to the last bit, or none."""
    import torch

    outcome = Outcome("Checkpoint damaged")
    with outcome.measured(), tempfile.TemporaryDirectory(prefix="checkpoints-") as folder:
        for what in ("trials", "read as it was written", "passed over for the one before", "all refused", SILENT):
            outcome.add(what, 0)
        origin = Path(folder) / "whole"
        keeper = CheckpointFolder(origin, lambda text: None)
        written: dict[int, tuple[dict[str, Any], dict[str, Any], Any]] = {}
        for step in (10, 20):
            state = {"seconds": step / 3, "best": {"score": 0.5}, "random": list(range(200))}
            tensors = {f"model/{n}": torch.randn(24, 24) for n in range(6)} | {"random/cpu": torch.get_rng_state()}
            best = {"w": torch.full((24, 24), float(step))}
            keeper.write("student", step, state, tensors, BestWeights(step, best))
            written[step] = (state, tensors, best)
        for trial in range(trials):
            there = Path(folder) / "trial"
            shutil.copytree(origin, there)
            _one_checkpoint(there, written, chance, outcome, f"trial {trial}")
            shutil.rmtree(there)
    return outcome


def _one_checkpoint(
    folder: Path, written: dict[int, tuple[Any, Any, Any]], chance: random.Random, outcome: Outcome, where: str
) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    hurt_files = chance.sample(files, chance.choice((1, 1, 1, 2, 3)))
    if "" in [hurt(file, chance) for file in hurt_files]:
        return
    outcome.add("trials")
    said: list[str] = []
    found = CheckpointFolder(folder, said.append).newest("student")
    if found is None:
        outcome.add("all refused")
        outcome.must(len(said) == 2, f"{where}: refused without a word: {said}")
        return
    state, tensors, best = written[found.step]
    equal = (
        found.state == state
        and all(torch_equal(found.tensors.get(name), value) for name, value in tensors.items())
        and found.best is not None
        and all(torch_equal(found.best.get(name), value) for name, value in best.items())
    )
    outcome.add("read as it was written" if found.step == 20 else "passed over for the one before")
    outcome.add(SILENT, not equal)
    outcome.must(equal, f"{where}: another checkpoint than was written, from {hurt_files}.")
    outcome.must(found.step == 20 or len(said) == 1, f"{where}: passed over without a word.")


def torch_equal(one: Any, other: Any) -> bool:
    return one is not None and one.dtype == other.dtype and one.shape == other.shape and bool((one == other).all())


# ── the cache ───────────────────────────────────────────────────────────────────────────────────────────────────────
def damage_cache(trials: int, chance: random.Random) -> Outcome:
    """Hurt a file of kept arrays: they must come as they were made, or be made again."""
    outcome = Outcome("Cache damaged")
    with outcome.measured(), tempfile.TemporaryDirectory(prefix="cache-") as folder:
        for what in ("trials", "made again", "read as it was written", SILENT):
            outcome.add(what, 0)
        made = {
            "logits": np.linspace(-3, 3, 4000, dtype=np.float32).reshape(-1, 2),
            "ids": np.arange(900, dtype=np.int32),
        }
        about = {"kind": "teacher's answers", "teacher": "some/teacher", "rows": 2000}
        key, said = key_of({"what": "faults"}), list[str]()
        cache = ArrayCache(Path(folder), said.append, limit_bytes=1 << 30)
        for trial in range(trials):
            cache.fetch(key, lambda: (made, about), "the answers")
            (file,) = (file for file in Path(folder).iterdir() if key in file.name and file.stat().st_size > 1000)
            if not hurt(file, chance):
                continue
            outcome.add("trials")
            array_file._FOUND_SOUND.clear()  # as the next process finds it
            said.clear()
            kept = cache.fetch(key, lambda: (made, about), "the answers")
            outcome.add("read as it was written" if kept.found else "made again")
            equal = kept.about == about | ({"made": kept.about["made"]} if "made" in kept.about else {})
            equal &= all(np.array_equal(kept.arrays[name], array) for name, array in made.items())
            outcome.add(SILENT, not equal)
            outcome.must(equal, f"trial {trial}: other arrays than were made.")
            outcome.must(kept.found or bool(said), f"trial {trial}: made again without a word.")
            del kept
    return outcome
