"""The exported folder loads with plain transformers, gives the same logits, and carries no one's paths."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.analysis.export_record import read_record
from engine.errors import DataError, ModelError
from engine.exporters import parity
from engine.exporters.huggingface import export
from engine.store.records import RunRecord, ScoreRow


def logits_of(folder: Path, *texts: str) -> list[float]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
    values: list[float] = model(**tokenizer(*texts, return_tensors="pt")).logits[0].tolist()
    return values


def test_plain_transformers_gives_the_same_logits(kept_run: RunRecord, tmp_path: Path) -> None:
    target = tmp_path / "out" / "student"
    files = export(kept_run, [ScoreRow(5, "student", "validation", "f1", 0.8)], target)
    names = {file.name for file in files}
    assert {"model.safetensors", "config.json", "tokenizer.json", "README.md", "distill_export.json"} <= names
    assert all(file.parent == target and file.is_file() for file in files)
    pair = ("The cat was here.", "A cat is the best")
    assert logits_of(target, *pair) == logits_of(kept_run.folder / "student", *pair)
    assert [entry.name for entry in target.parent.iterdir()] == ["student"]


def test_the_record_says_what_was_checked(kept_run: RunRecord, tmp_path: Path) -> None:
    files = export(kept_run, [], tmp_path / "out")
    record = read_record(tmp_path / "out")
    assert record is not None and record.run == 5 and record.name == kept_run.name
    assert record.rows_checked == len(parity.ROWS) and record.largest_difference <= parity.LARGEST_DIFFERENCE
    assert set(record.files) == {file.name for file in files} - {"distill_export.json"}


def test_no_path_of_the_person_leaves(kept_run: RunRecord, tmp_path: Path) -> None:
    config = kept_run.folder / "student" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"_name_or_path": str(Path.home() / "models")}))
    words = kept_run.folder / "student" / "tokenizer_config.json"
    words.write_text(json.dumps(json.loads(words.read_text()) | {"local_files_only": True}))
    for file in export(kept_run, [], tmp_path / "out"):
        assert str(Path.home()).encode() not in file.read_bytes(), file.name
    assert not (tmp_path / "out" / "distillation.json").exists()
    assert "local_files_only" not in (tmp_path / "out" / "tokenizer_config.json").read_text()


def test_only_plain_files_of_known_kinds_are_copied(kept_run: RunRecord, tmp_path: Path) -> None:
    student = kept_run.folder / "student"
    (student / "modeling_evil.py").write_text("raise SystemExit")
    (student / "pytorch_model.bin").write_bytes(b"pickle")
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (student / "linked.json").symlink_to(secret)
    with pytest.raises(ModelError, match="a link out of its folder"):
        export(kept_run, [], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (student / "linked.json").unlink()
    names = {file.name for file in export(kept_run, [], tmp_path / "out")}
    assert not names & {"modeling_evil.py", "pytorch_model.bin"}


def test_an_earlier_export_is_replaced_and_anything_else_is_not(kept_run: RunRecord, tmp_path: Path) -> None:
    export(kept_run, [], tmp_path / "out")
    export(replace(kept_run, name="again"), [], tmp_path / "out")
    record = read_record(tmp_path / "out")
    assert record is not None and record.name == "again"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="no earlier export"):
        export(kept_run, [], tmp_path / "mine")
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_the_run_s_own_student_is_never_the_target(kept_run: RunRecord) -> None:
    with pytest.raises(DataError, match="no earlier export"):
        export(kept_run, [], kept_run.folder / "student")


def test_an_export_into_the_run_s_own_folder_would_go_with_it_and_is_refused(
    kept_run: RunRecord, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(kept_run.folder, home / "runs" / "7")
    with pytest.raises(DataError, match="from which this program deletes"):
        export(replace(kept_run, folder=home / "runs" / "7"), [], home / "runs" / "7" / "exported")
    assert not (home / "runs" / "7" / "exported").exists()


def test_a_run_without_a_student_is_refused(kept_run: RunRecord, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has kept no student; choose a run that is finished"):
        export(replace(kept_run, folder=tmp_path / "empty", state="failed"), [], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_that_differ_are_noticed_and_nothing_is_kept(
    kept_run: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil as real

    from safetensors.torch import load_file, save_file

    from engine.exporters import huggingface

    def spoil(source: Path, target: Path) -> None:
        real.copyfile(source, target)
        if target.suffix == ".safetensors":
            weights = load_file(target)
            weights["classifier.bias"] = weights["classifier.bias"] + 1e-3
            save_file(weights, target, metadata={"format": "pt"})

    class Spoiling:
        copyfile = staticmethod(spoil)
        disk_usage = staticmethod(real.disk_usage)

    monkeypatch.setattr(huggingface, "shutil", Spoiling)
    with pytest.raises(ModelError, match=r"logits differ by 0\.001"):
        export(kept_run, [], tmp_path / "out")
    assert not (tmp_path / "out").exists() and [p.name for p in tmp_path.iterdir()] == ["home"]


def test_a_missing_tensor_is_noticed(kept_run: RunRecord, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = kept_run.folder / "student" / "model.safetensors"
    weights = load_file(file)
    weights.pop("classifier.weight")
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"does not load whole \(classifier\.weight\)"):
        export(kept_run, [], tmp_path / "out")


def test_too_little_room_is_said_before_writing(
    kept_run: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from engine.exporters import huggingface

    monkeypatch.setattr(huggingface.shutil, "disk_usage", lambda place: SimpleNamespace(free=1000))
    with pytest.raises(DataError, match="only 0 MB are free"):
        export(kept_run, [], tmp_path / "deep" / "out")
    assert not (tmp_path / "deep").exists()
