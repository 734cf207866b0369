"""A run that died goes on as if nothing had happened: weights and every logged value equal, to the last bit."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch

from engine.config import parse_config
from engine.errors import EngineError
from engine.events import Event, Log, Metrics, Rewound
from engine.training import keeper, table
from engine.training.compiling import choose_compiling
from engine.training.distil import Outcome, distil

FEATURES = """
[[features]]
kind = "hidden"
dynamic = true
schedule = "rise"
[[features]]
kind = "rkd"
weight = 0.5
"""
SMALL = ["training.batch_size=6", "training.evaluations_per_epoch=2", "teacher.batch_size=6"]


class Death(BaseException):
    """The process dies here: nothing below may catch it."""


class Book:
    """What the store would hold after these events: each curve's value at each step."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], float] = {}
        self.doubled: list[tuple[str, int]] = []
        self.log: list[str] = []
        self.taken_back = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Metrics):
            for name, value in event.values.items():
                if not name.endswith("examples_per_second"):
                    self.doubled += [(name, event.step)] if (name, event.step) in self.rows else []
                    self.rows[name, event.step] = value
        elif isinstance(event, Rewound):
            kept = {
                (name, step): value
                for (name, step), value in self.rows.items()
                if step <= event.step or name.startswith("teacher/") != bool(event.prefix)
            }
            self.taken_back += len(self.rows) - len(kept)
            self.rows = kept
        elif isinstance(event, Log):
            self.log.append(event.text)


class Deadly(Book):
    """Dies once the training loss of a step is written down: ``at`` is (curve, step)."""

    def __init__(self, book: Book, at: tuple[str, int] | None) -> None:
        self.book, self.at = book, at

    def __call__(self, event: Event) -> None:
        self.book(event)
        if (
            self.at is not None
            and isinstance(event, Metrics)
            and self.at[0] in event.values
            and event.step == self.at[1]
        ):
            raise Death


def train(
    toml: str, settings: list[str], home: Path, folder: Path, book: Book, at: tuple[str, int] | None, every_s: float
) -> Outcome:
    home.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    config = parse_config(toml, overrides=settings)
    return distil(config, home, folder, Deadly(book, at), lambda: False, checkpoint_every_s=every_s)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "student" / "model.safetensors")


def same_weights(left: Path, right: Path) -> bool:
    ours, theirs = weights(left), weights(right)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


STUDENT, TEACHER = "train/loss", "teacher/train/loss"
# A teacher of 8 steps, then 16 steps of the student; the student is scored after steps 4, 8, 12 and 16, the teacher after 8.
CASES: dict[str, tuple[str, list[str], list[tuple[str, int]], float]] = {
    "kl, between evaluations": ("", [], [(STUDENT, 6), (STUDENT, 7), (STUDENT, 15)], 1000),
    "kl, a checkpoint every step": ("", [], [(STUDENT, 5), (STUDENT, 11)], 0),
    "features, projectors, dynamic α, dropout": (
        FEATURES,
        ["training.patience=5"],
        [(STUDENT, 7), (STUDENT, 10)],
        1000,
    ),
    "features, a checkpoint every step": (FEATURES, [], [(STUDENT, 3), (STUDENT, 14)], 0),
    "batches filled with tokens": (
        "",
        ["training.batch_tokens=60", "training.batch_size=9", "training.seed=3"],
        [(STUDENT, 6), (STUDENT, 17)],
        0,
    ),
    "recomputed layers under feature terms, rows in parts": (
        FEATURES,
        ["training.recompute=true", "training.accumulate=2"],
        [(STUDENT, 7), (STUDENT, 10)],
        1000,
    ),
    "the teacher's fine-tuning": ("", [], [(TEACHER, 3), (TEACHER, 7)], 0),
    "after the teacher's, before the student's first": ("", [], [(TEACHER, 5), (STUDENT, 2)], 1000),
}


@pytest.mark.parametrize("case", CASES)
def test_after_any_death_the_run_equals_the_uninterrupted_one_bit_for_bit(
    case: str, toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "FREE_S", 1e9)  # however slow the disk, every checkpoint that is due is written
    features, more, deaths, every_s = CASES[case]
    if every_s == 0:
        monkeypatch.setattr(table, "LARGEST_SHARE", 1.0)  # also a table of which most rows are used is reduced to them
    text, settings = toml + features, SMALL + more
    whole, pieces = Book(), Book()
    finished = train(text, settings, home, tmp_path / "whole", whole, None, 1000)
    for at in deaths:
        with pytest.raises(Death):
            train(text, settings, tmp_path / "other", tmp_path / "pieces", pieces, at, every_s)
    ended = train(text, settings, tmp_path / "other", tmp_path / "pieces", pieces, None, every_s)
    assert pieces.doubled == [] and pieces.rows == whole.rows
    assert same_weights(tmp_path / "whole", tmp_path / "pieces") and ended.score == finished.score
    resumed = sum("Goes on after step" in line for line in pieces.log)
    assert resumed == (0 if case.startswith("after") else len(deaths))
    assert pieces.taken_back > 0, "rows after the checkpoint were replaced"
    left = {path.name for path in (tmp_path / "pieces" / "checkpoints").iterdir() if path.is_dir()}
    assert len(left) == 1, "the last one stays until the store knows that the run has finished"


def test_a_compiled_run_goes_on_compiled_bit_for_bit(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With torch's “eager” compiler, which makes no code; “inductor” came to equal bits too when it was tried by hand."""
    monkeypatch.setattr("engine.training.distil.choose_compiling", partial(choose_compiling, backend="eager"))
    settings, whole, pieces = [*SMALL, "training.compile=on"], Book(), Book()
    train(toml, settings, home, tmp_path / "whole", whole, None, 1000)
    with pytest.raises(Death):
        train(toml, settings, tmp_path / "other", tmp_path / "pieces", pieces, (STUDENT, 6), 1000)
    train(toml, settings, tmp_path / "other", tmp_path / "pieces", pieces, None, 1000)
    assert pieces.rows == whole.rows and same_weights(tmp_path / "whole", tmp_path / "pieces")
    assert sum(line.startswith("Compiled: ") for line in pieces.log) == 2
    assert any("Goes on after step" in line for line in pieces.log)


def test_a_stopped_run_keeps_its_last_checkpoint_and_goes_on_to_the_same_end(
    toml: str, home: Path, tmp_path: Path
) -> None:
    settings = [*SMALL, "loss.kind=none"]
    book, whole = Book(), Book()
    train(toml, settings, home, tmp_path / "whole", whole, None, 1000)
    config = parse_config(toml, overrides=settings)
    (tmp_path / "a").mkdir()
    stopped = distil(config, home, tmp_path / "a", book, lambda: (STUDENT, 5) in book.rows)
    assert stopped.stopped and stopped.student is not None
    kept = [path.name for path in (tmp_path / "a" / "checkpoints").iterdir()]
    assert sorted(kept) == ["student-000000006", "student-best-000000004.safetensors"]
    ended = distil(config, home, tmp_path / "a", book, lambda: False)
    assert not ended.stopped and book.rows == whole.rows and book.taken_back == 0
    assert same_weights(tmp_path / "whole", tmp_path / "a")


def test_a_pause_keeps_no_student_and_goes_on(toml: str, home: Path, tmp_path: Path) -> None:
    config = parse_config(toml, overrides=[*SMALL, "loss.kind=none"])
    book, folder = Book(), tmp_path / "a"
    folder.mkdir()
    paused = distil(config, home, folder, book, lambda: (STUDENT, 6) in book.rows, pausing=lambda: True)
    assert paused == Outcome(True, None, None) and not (folder / "student").exists()
    assert (folder / "checkpoints" / "student-000000007").is_dir()
    assert distil(config, home, folder, book, lambda: False).student == folder / "student"
    assert book.doubled == [] and max(step for _, step in book.rows) == 16


@pytest.mark.parametrize("step", [8, 16])
def test_a_pause_during_an_evaluation_leaves_it_to_who_goes_on(
    step: int, toml: str, home: Path, tmp_path: Path
) -> None:
    """Also twice, and where early stopping hangs on it."""
    config = parse_config(toml, overrides=[*SMALL, "loss.kind=none", "training.patience=9"])
    whole, book = Book(), Book()
    for name in ("whole", "a"):
        (tmp_path / name).mkdir()
    distil(config, home, tmp_path / "whole", whole, lambda: False)
    for _ in range(2):
        paused = distil(config, home, tmp_path / "a", book, lambda: (STUDENT, step) in book.rows, pausing=lambda: True)
        assert paused == Outcome(True, None, None) and ("validation/loss", step) not in book.rows
    assert distil(config, home, tmp_path / "a", book, lambda: False).student is not None
    assert book.doubled == [] and book.rows == whole.rows and same_weights(tmp_path / "whole", tmp_path / "a")


def test_a_pause_without_room_for_a_checkpoint_says_from_where_it_goes_on(
    toml: str, home: Path, tmp_path: Path
) -> None:
    config, book, folder = parse_config(toml, overrides=[*SMALL, "loss.kind=none"]), Book(), tmp_path / "a"
    folder.mkdir()

    def stored(seconds: float) -> bool:
        return (STUDENT, 6) not in book.rows

    paused = distil(config, home, folder, book, lambda: (STUDENT, 6) in book.rows, pausing=lambda: True, flush=stored)
    assert paused.goes_on_from == 4 and "No checkpoint could be written" in book.log[-1]


@pytest.mark.parametrize(
    "change, said",
    [
        ("program", "begun by version 0.0 of this program"),
        ("format", "checkpoints 0"),
        ("configuration", "its configuration changed since"),
        ("rows", "its rows changed since"),
    ],
)
def test_what_the_run_rests_on_must_be_the_same(
    change: str, said: str, toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, settings = Book(), [*SMALL, "loss.kind=none"]
    if change == "program":
        monkeypatch.setattr(keeper, "__version__", "0.0")
    if change == "format":
        monkeypatch.setattr(keeper, "FORMAT", 0)
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    for file in Path(parse_config(toml).task.source or "").iterdir():
        (pairs / file.name).write_bytes(file.read_bytes())
    settings.append(f"task.source={pairs.as_posix()}")
    with pytest.raises(Death):
        train(toml, settings, home, tmp_path / "a", book, (STUDENT, 6), 1000)
    monkeypatch.undo()
    if change == "configuration":
        settings.append("training.learning_rate=1e-4")
    if change == "rows":
        with (pairs / "train.csv").open("a") as more:
            more.write("cat sat,dog ran,0\n")
    before = json.dumps(sorted(str(path) for path in (tmp_path / "a").rglob("*")))
    with pytest.raises(EngineError, match=said):
        train(toml, settings, home, tmp_path / "a", book, None, 1000)
    assert json.dumps(sorted(str(path) for path in (tmp_path / "a").rglob("*"))) == before


def test_a_run_killed_while_it_is_scored_trains_no_further(toml: str, home: Path, tiny: Path, tmp_path: Path) -> None:
    """Also where it had ended early: patience that ran out stays run out."""
    rows = shutil.copytree(tiny / "pairs", tmp_path / "pairs")
    shutil.copy(rows / "validation.csv", rows / "test.csv")
    settings = [
        *SMALL,
        f"task.source={rows.as_posix()}",
        "loss.kind=none",
        "training.epochs=6",
        "training.patience=1",
        "training.min_delta=1.0",
    ]
    config, book, folder = parse_config(toml, overrides=settings), Book(), tmp_path / "a"
    folder.mkdir()

    def die_at_the_end(event: Event) -> None:
        book(event)
        if getattr(event, "text", "") == "scoring the student":
            raise Death

    for _ in range(2):
        with pytest.raises(Death):
            distil(config, home, folder, die_at_the_end, lambda: False)
    assert max(step for _, step in book.rows) == 8, "the first evaluation is a gain over nothing, the second is none"
    assert "Ended early at step 8 of 48: no gain of more than 1 in 1 evaluation." in book.log
    assert distil(config, home, folder, book, lambda: False).student is not None and book.doubled == []
