"""Where a fine-tuned teacher is kept: equal inputs find it again, other inputs never do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import catalog
from engine.config import TeacherConfig, parse_config
from engine.data.split import TaskData, load_task_data
from engine.training import teaching
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
    for _ in range(2):
        made = teaching.prepare_teacher(config, MRPC, data, 25, 24, home, device, lambda event: None, lambda: False)
        assert made is not None
        assert [kept.name for kept in (home / "teachers").iterdir()] == [teacher_key(config, MRPC, data, 24)]
