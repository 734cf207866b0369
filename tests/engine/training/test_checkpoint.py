"""Checkpoints on disk: whole or not there; damage is noticed and passed over; the last two and the best are kept."""

from __future__ import annotations

import random
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.training import checkpoint
from engine.training.checkpoint import BestWeights, CannotKeep, CheckpointFolder, newest_step


def tensors(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    shared = torch.randn(3, 4)
    return {
        "model/a": shared,
        "model/tied": shared,
        "model/turned": shared.T,
        "step": torch.tensor(float(seed)),
        "random/cpu": torch.get_rng_state(),
        "half": torch.randn(2).bfloat16(),
    }


def write(folder: CheckpointFolder, step: int, best: int | None = None, stage: str = "student") -> None:
    weights = BestWeights(best, {"a": torch.full((2,), float(best))}) if best is not None else None
    folder.write(stage, step, {"seconds": 0.1 + step, "score": float("nan")}, tensors(step), weights)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def folder(tmp_path: Path, said: list[str]) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "checkpoints", said.append)


def names(folder: CheckpointFolder) -> list[str]:
    return sorted(path.name for path in folder.folder.iterdir())


def test_what_was_written_is_read_back_to_the_last_bit(folder: CheckpointFolder, said: list[str]) -> None:
    assert folder.newest("student") is None and newest_step(folder.folder) is None
    write(folder, 7, best=5)
    found = CheckpointFolder(folder.folder, said.append).newest("student")
    assert found is not None and found.step == 7 and found.state["seconds"] == 7.1
    expected = tensors(7)
    assert found.tensors.keys() == expected.keys()
    assert all(torch.equal(found.tensors[name], value) for name, value in expected.items())
    assert all(found.tensors[name].dtype == value.dtype for name, value in expected.items())
    assert found.best is not None and found.best["a"].tolist() == [5.0, 5.0]
    assert said == [] and newest_step(folder.folder) == ("student", 7)


def test_the_last_two_stay_with_the_best_weights_they_name(folder: CheckpointFolder) -> None:
    for step, best in ((2, 2), (4, 2), (6, 6), (8, 6), (10, 6)):
        write(folder, step, best)
    assert names(folder) == ["student-000000008", "student-000000010", "student-best-000000006.safetensors"]
    folder.trim(1)
    assert names(folder) == ["student-000000010", "student-best-000000006.safetensors"]
    folder.clear()
    assert not folder.folder.exists()


def test_the_best_weights_are_written_once(folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    honest = checkpoint._write_tensors

    def note(file: Path, what: Mapping[str, torch.Tensor]) -> str:
        written.append(file.name)
        return honest(file, what)

    monkeypatch.setattr(checkpoint, "_write_tensors", note)
    for step in (2, 4, 6):
        write(folder, step, best=2)
    again = CheckpointFolder(folder.folder, print)
    again.newest("student")
    write(again, 8, best=2)
    assert sum("best" in name for name in written) == 1


def test_a_new_stage_takes_the_place_of_the_one_before(folder: CheckpointFolder) -> None:
    write(folder, 90, best=90, stage="teacher")
    write(folder, 1)
    write(folder, 2)
    assert names(folder) == ["student-000000001", "student-000000002"] and folder.newest("teacher") is None


@pytest.mark.parametrize("seed", range(12))
def test_any_flipped_byte_is_noticed_and_the_one_before_is_read(
    folder: CheckpointFolder, said: list[str], seed: int
) -> None:
    chance = random.Random(seed)
    write(folder, 2, best=2)
    write(folder, 4, best=4)
    files = [path for path in sorted(folder.folder.rglob("*4*")) if path.is_file()]
    files += list((folder.folder / "student-000000004").iterdir())
    file = chance.choice(files)
    content = bytearray(file.read_bytes())
    place = chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(8)
    file.write_bytes(bytes(content))
    found = folder.newest("student")
    assert found is not None and found.step == 2 and found.best is not None and found.best["a"].tolist() == [2.0, 2.0]
    assert len(said) == 1 and "student-000000004 is damaged" in said[0] and "goes on from the one before" in said[0]
    write(folder, 4, best=4)  # the damaged one gives way
    assert (after := folder.newest("student")) is not None and after.step == 4 and len(said) == 1


@pytest.mark.parametrize("name", ["tensors.safetensors", "state.json"])
def test_a_missing_or_cut_off_file_is_damage(folder: CheckpointFolder, said: list[str], name: str) -> None:
    write(folder, 2)
    file = folder.folder / "student-000000002" / name
    file.write_bytes(file.read_bytes()[:20])
    assert folder.newest("student") is None and "there is none before it" in said[0]
    file.unlink()
    assert folder.newest("student") is None and len(said) == 2


def test_a_note_that_names_a_file_elsewhere_reads_nothing_there(folder: CheckpointFolder, tmp_path: Path) -> None:
    import hashlib
    import json

    write(folder, 2, best=2)
    (tmp_path / "student-best-000000002.safetensors").write_bytes(b"secret")
    state = folder.folder / "student-000000002" / "state.json"
    content: dict[str, Any] = json.loads(state.read_text().splitlines()[1])
    content["best"]["file"] = "../student-best-000000002.safetensors"
    text = json.dumps(content, sort_keys=True)
    state.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n")
    found = folder.newest("student")
    assert found is not None and found.best is not None and found.best["a"].tolist() == [2.0, 2.0]


def test_a_disk_that_refuses_leaves_the_others_untouched(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 2, best=2)
    before = names(folder)

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "sync", full)
    with pytest.raises(CannotKeep, match="No space left on device"):
        write(folder, 4, best=4)
    assert names(folder) == before
    monkeypatch.undo()
    assert (found := folder.newest("student")) is not None and found.step == 2


def test_a_death_while_writing_leaves_the_one_before(folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Death(BaseException):
        pass

    def die(path: Path) -> None:
        raise Death

    write(folder, 2, best=2)
    for step, place in ((4, "sync"), (6, "_write_json"), (8, "_digest")):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, place, lambda *given: die(given[0]))
            with pytest.raises(Death):
                write(folder, step, best=step)
        found = CheckpointFolder(folder.folder, print).newest("student")
        assert found is not None and found.step == 2
    write(folder, 10, best=10)
    write(folder, 12, best=10)
    assert names(folder) == ["student-000000010", "student-000000012", "student-best-000000010.safetensors"]


def test_everything_is_private(folder: CheckpointFolder) -> None:
    write(folder, 2, best=2)
    for path in [folder.folder, *folder.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_trimming_before_anything_was_read_removes_nothing(folder: CheckpointFolder) -> None:
    write(folder, 2)
    CheckpointFolder(folder.folder, print).trim(1)
    assert names(folder) == ["student-000000002"]
