"""What is not on this machine: sizes from the hub's list, the sentence without a network, folders in place of cached ids."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.config import parse_config
from engine.diagnosis.downloads import Missing, download_finding, on_this_machine
from tests.engine.diagnosis.conftest import Toml

MODEL = Missing("teacher.model", "somebody/model", "model")


def answering(monkeypatch: pytest.MonkeyPatch, sizes: dict[str, int]) -> None:
    about = SimpleNamespace(siblings=[SimpleNamespace(rfilename=name, size=size) for name, size in sizes.items()])

    def say(self: Any, reference: str, **_: Any) -> Any:
        return about

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", say)
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", say)


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(self: Any, reference: str, **_: Any) -> Any:
        raise error

    monkeypatch.setattr("huggingface_hub.HfApi.model_info", fail)


def test_only_what_would_be_fetched_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {
        "model.safetensors": 440_000_000, "pytorch_model.bin": 441_000_000, "config.json": 600, "vocab.txt": 231_000,
        "onnx/model.onnx": 9**9, "coreml/model.safetensors": 9**9, "README.md": 10_000,
    })  # fmt: skip
    found = download_finding(MODEL, False)
    assert found.level == "look" and found.numbers["bytes"] == 440_231_600 and "440 MB" in found.text
    tokenizer = download_finding(Missing("student.tokenizer", "somebody/model", "tokenizer"), False)
    assert tokenizer.numbers["bytes"] == 231_000


def test_a_pickle_counts_where_it_is_all_there_is_and_was_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"pytorch_model.bin": 441_000_000, "config.json": 600})
    assert download_finding(MODEL, True).numbers["bytes"] == 441_000_600


def test_the_tasks_own_part_of_a_data_set(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {"mrpc/train-0.parquet": 650_000, "qqp/train-0.parquet": 33_000_000})
    missing = Missing("task.source", "somebody/rows", "rows", "mrpc")
    assert download_finding(missing, False).numbers["bytes"] == 650_000


def test_without_a_network_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ConnectionError("no route"))
    found = download_finding(MODEL, False)
    assert found.level == "look" and "no network" in found.text and found.numbers["bytes"] is None


def test_what_the_hub_has_not_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    for kind, words in ((RepositoryNotFoundError, "none of that name"), (GatedRepoError, "let in")):
        failing(monkeypatch, kind.__new__(kind))
        found = download_finding(MODEL, False)
        assert found.level == "stop" and words in found.text


def test_folders_are_left_and_hub_ids_are_missing(
    healthy: Toml, skilled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    config = parse_config(healthy())
    assert on_this_machine(config) == (config, [])
    named = parse_config(healthy(Path("somebody/model")).replace("source =", "#"))
    same, missing = on_this_machine(named)
    assert same == named
    assert [(thing.key, thing.kind) for thing in missing] == [("task.source", "rows"), ("teacher.model", "model")]


def test_what_was_downloaded_before_is_read_from_its_folder(
    healthy: Toml, skilled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "huggingface_hub.try_to_load_from_cache", lambda reference, name, **_: str(skilled / "teacher" / name)
    )
    config, missing = on_this_machine(parse_config(healthy(Path("somebody/model"))))
    assert not missing and config.teacher is not None and config.teacher.model == str(skilled / "teacher")
