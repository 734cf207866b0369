"""Where a fine-tuned teacher is kept: equal inputs find it again, other inputs never do."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from engine import catalog
from engine.config import TeacherConfig, parse_config
from engine.data.cache_room import lock_file
from engine.data.split import TaskData, load_task_data
from engine.events import Event, Log, Metrics, Phase
from engine.training import teaching, whole_folder
from engine.training.keeper import Keeper
from engine.training.teaching import teacher_key

MRPC = catalog.tasks()["mrpc"]


@pytest.fixture
def data(toml: str) -> TaskData:
    return load_task_data(parse_config(toml), MRPC)


@pytest.fixture
def key(data: TaskData, tiny: Path) -> Callable[..., str]:
    def of(max_length: int = 24, **changed: object) -> str:
        settings = {"model": str(tiny / "teacher"), "training": "fine_tune", **changed}
        return teacher_key(TeacherConfig.model_validate(settings), MRPC, data, max_length)

    return of


def test_everything_a_teacher_depends_on_changes_its_key(key: Callable[..., str], tiny: Path, tmp_path: Path) -> None:
    tokenizer = str(tiny / "teacher")
    other = Path(shutil.copytree(tiny / "teacher", tmp_path / "other"))
    (other / "tokenizer_config.json").write_text("{}")
    keys = [
        key(),
        key(max_length=25),
        *(key(**{name: value}) for name, value in
          {"epochs": 9, "batch_size": 9, "learning_rate": 0.5, "seed": 9, "model": str(other)}.items()),
        key(tokenizer="someone/tokenizer"),
        key(tokenizer="someone/another"),
        key(model="someone/model", tokenizer=tokenizer),
        key(model="someone/other-model", tokenizer=tokenizer),
        key(model="2x16", tokenizer=tokenizer),
        key(model="2x32", tokenizer=tokenizer),
        key(model="2x32", tokenizer="someone/tokenizer"),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)


def test_where_a_folder_stands_does_not_change_its_key(key: Callable[..., str], tiny: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(tiny / "teacher", tmp_path / "moved")
    assert key(model=str(moved)) == key() == key(weights_only=True)


def test_a_teacher_of_the_hub_is_downloaded_before_its_key_is_asked_for(
    data: TaskData, tiny: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its first run, which has but the name, and its second, which has the weights, would each train one."""
    from engine.models import folder
    from engine.training.distil import choose_device

    snapshot = Path(shutil.copytree(tiny / "teacher", tmp_path / "snapshot"))
    weights = (snapshot / "model.safetensors").rename(tmp_path / "on the hub")
    monkeypatch.setattr(folder, "_cached", lambda reference: snapshot)
    load = teaching.load_classifier

    def download_and_load(reference: str, *arguments: object, **options: object) -> object:
        shutil.copy(weights, snapshot / "model.safetensors")
        return load(str(snapshot) if reference == "someone/model" else reference, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(teaching, "load_classifier", download_and_load)
    settings = {"model": "someone/model", "training": "fine_tune", "epochs": 1, "batch_size": 32}
    config = TeacherConfig.model_validate(settings)
    device, _ = choose_device("cpu")
    home.mkdir(exist_ok=True)
    for _ in range(2):
        made = teaching.prepare_teacher(
            config, MRPC, data, 25, 24, home, device, None, lambda event: None, lambda: False
        )
        assert made is not None
        assert [kept.name for kept in (home / "teachers").iterdir()] == [teacher_key(config, MRPC, data, 24)]


# ── two processes at once ───────────────────────────────────────────────────────────────────────────────────────
# Arguments: the lock's file; a folder to bring, and where to (or nothing). Holds the lock until it is told to go on.
HOLDER = """if True:
    import shutil, sys
    from pathlib import Path
    from filelock import FileLock
    lock, *kept = map(Path, sys.argv[1:])
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        print("held", flush=True)
        sys.stdin.readline()
        if kept:
            shutil.copytree(*kept)
"""


@pytest.fixture
def holder() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def hold(*paths: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, *map(str, paths)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None and started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield hold
    for process in started:
        process.kill()
        process.communicate()


class Asker:
    """Asks for a fine-tuned teacher in a home; what it hears may be answered by ``when_waiting``."""

    def __init__(self, data: TaskData, config: TeacherConfig, home: Path) -> None:
        self.data, self.config, self.home = data, config, home
        self.events: list[Event] = []
        self.when_waiting: Callable[[], object] = lambda: None

    @property
    def key(self) -> str:
        return teacher_key(self.config, MRPC, self.data, 24)

    def hear(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Log) and "waiting for it" in event.text:
            self.when_waiting()

    def ask(
        self, stop: Callable[[], bool] = lambda: False, keeper: Keeper | None = None, logged_to: int = 0
    ) -> teaching.Teacher | None:
        device = torch.device("cpu")
        return teaching.prepare_teacher(
            self.config, MRPC, self.data, 25, 24, self.home, device, None, self.hear, stop, None, keeper, logged_to
        )

    def log(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Log))


@pytest.fixture
def asker(data: TaskData, tiny: Path, home: Path) -> Asker:
    settings = {"model": str(tiny / "teacher"), "training": "fine_tune", "epochs": 1, "batch_size": 32}
    return Asker(data, TeacherConfig.model_validate(settings), home)


def test_of_two_processes_that_need_the_same_teacher_one_trains_it_and_the_other_waits_for_it(
    asker: Asker, tmp_path: Path, holder: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace_home(asker, tmp_path / "elsewhere")
    first = elsewhere.ask()
    assert first is not None and first.folder is not None
    assert not list((tmp_path / "elsewhere" / "cache").iterdir()), "the lock's file goes when the teacher is there"
    other = holder(lock_file(asker.home / "cache", asker.key), first.folder, asker.home / "teachers" / asker.key)
    asker.when_waiting = lambda: other.stdin.write("\n") and other.stdin.flush()  # type: ignore[union-attr]
    monkeypatch.setattr(teaching, "fit", lambda *given, **options: pytest.fail("it is trained a second time"))
    found = asker.ask()
    assert found is not None and found.scores == first.scores
    assert asker.log().startswith("Another process is fine-tuning the same teacher; waiting for it.")
    assert any(isinstance(event, Phase) and event.text == "waiting for the teacher" for event in asker.events)


def replace_home(asker: Asker, home: Path) -> Asker:
    return Asker(asker.data, asker.config, home)


def test_a_process_that_dies_while_it_trains_a_teacher_leaves_it_to_the_one_that_waits(
    asker: Asker, holder: Callable[..., subprocess.Popen[str]]
) -> None:
    other = holder(lock_file(asker.home / "cache", asker.key))
    asker.when_waiting = other.kill
    found = asker.ask()
    assert found is not None and found.folder is not None and (found.folder / "scores.json").is_file()
    assert "Teacher: fine-tuning " in asker.log()


def test_a_teacher_is_kept_only_once_the_rows_of_its_fine_tuning_are_stored(asker: Asker, tmp_path: Path) -> None:
    """A run that dies then finds it kept, and measures none of them again."""
    answers = iter([False, False, True])
    seen: list[bool] = []

    def flush(seconds: float) -> bool:
        seen.append((asker.home / "teachers" / asker.key).exists())
        return next(answers)

    keeper = Keeper(tmp_path / "checkpoints", {}, asker.hear, flush, every_s=1e9)
    keeper.due = lambda evaluated: False  # type: ignore[method-assign]
    assert asker.ask(keeper=keeper) is not None
    assert seen == [False] * 3 and next(answers, None) is None
    assert (asker.home / "teachers" / asker.key).is_dir()


def test_a_run_whose_teacher_another_one_kept_meanwhile_says_where_its_own_curves_of_it_end(asker: Asker) -> None:
    assert asker.ask() is not None
    steps = max(event.step for event in asker.events if isinstance(event, Metrics))
    assert steps > 1
    for logged_to, said in ((0, False), (steps - 1, True), (steps, False)):  # begun by nobody, broken off, its own
        asker.events.clear()
        assert asker.ask(logged_to=logged_to) is not None
        words = f"had come to step {steps - 1} of {steps} of the same fine-tuning: its curves of it end there"
        assert (words in asker.log()) == said


def test_a_stop_ends_the_waiting_for_a_store_that_takes_no_rows(asker: Asker, tmp_path: Path) -> None:
    tried: list[float] = []
    keeper = Keeper(tmp_path / "checkpoints", {}, asker.hear, lambda seconds: bool(tried.append(seconds)))
    keeper.due = lambda evaluated: False  # type: ignore[method-assign]
    assert asker.ask(lambda: len(tried) == 2, keeper) is None
    assert not (asker.home / "teachers" / asker.key).exists()


def test_the_first_teacher_of_a_home_that_is_read_only_for_a_while_is_kept_after_all(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the folder of all teachers is waited for, not only what is written into it."""
    monkeypatch.setattr(whole_folder, "RETRY_S", 0.01)
    refused, mkdir = [], Path.mkdir

    def read_only(path: Path, *given: object, **named: object) -> None:
        if path.name == "teachers" and len(refused) < 2:
            refused.append(path)
            raise OSError(errno.EROFS, "Read-only file system")
        mkdir(path, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", read_only)
    assert asker.ask() is not None and len(refused) == 2
    assert (asker.home / "teachers" / asker.key / "scores.json").is_file()
    assert "Tried again until it works." in asker.log() and "could be kept after all" in asker.log()


def test_a_stop_ends_the_waiting_for_room_on_the_disk(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(whole_folder, "sync", full)
    monkeypatch.setattr(whole_folder, "RETRY_S", 0.01)
    assert asker.ask(stop=lambda: "cannot be kept" in asker.log()) is None
    assert not list((asker.home / "teachers").iterdir())


def test_a_stop_ends_the_waiting_for_a_teacher(asker: Asker, holder: Callable[..., subprocess.Popen[str]]) -> None:
    holder(lock_file(asker.home / "cache", asker.key))
    asked = iter([False, True])
    assert asker.ask(lambda: next(asked)) is None and next(asked, None) is None
