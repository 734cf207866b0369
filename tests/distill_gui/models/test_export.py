"""What can be exported, what would leave, and which folders are refused before anything is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from distill_gui.models.export import CAPTION_ROLE, COLOUR_ROLE, TRAILING_ROLE, ExportModel, count_text, size_text
from engine.analysis.export_record import ExportRecord, write_record
from engine.store import RunRecord, ScoreRow

Record = Callable[..., RunRecord]


@pytest.fixture
def kept(record: Record, tmp_path: Path) -> Record:
    """A run whose folder holds a student of 1,503 bytes and a note that does not leave."""

    def make(run: int, **changes: Any) -> RunRecord:
        folder = tmp_path / "runs" / str(run)
        (folder / "student").mkdir(parents=True, exist_ok=True)
        (folder / "student" / "model.safetensors").write_bytes(b" " * 1500)
        (folder / "student" / "config.json").write_text("{ }")
        (folder / "student" / "distillation.json").write_text("{}")
        config = {"loss": {"kind": "kl"}, "student": {"architecture": "3x384"}, "task": {"name": "mrpc"}}
        return record(run, **({"folder": folder, "config": config, "parameters": 17_400_000} | changes))

    return make


@pytest.fixture
def model(qtbot: QtBot) -> ExportModel:
    made = ExportModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


def test_only_ended_runs_with_a_student_newest_first(
    model: ExportModel, kept: Record, record: Record, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(model.runs_changed):
        model.update([kept(1), kept(3, state="stopped"), kept(4, state="running"), record(5, state="failed")])
    assert [model.run_at(model.index(row)) for row in range(model.rowCount())] == [3, 1]
    first = model.index(0)
    assert first.data(CAPTION_ROLE) == "stopped · MRPC · 3 × 384 · kl"
    assert first.data(TRAILING_ROLE) == "80.0" and first.data(COLOUR_ROLE) == 3
    assert "F1 80.0" in first.data(Qt.ItemDataRole.AccessibleTextRole)
    assert not model.index_of(4).isValid() and model.index_of(1).row() == 1


def test_feature_terms_are_named_in_list_and_header(model: ExportModel, kept: Record) -> None:
    features = [{"kind": "hidden"}, {"kind": "rkd"}]
    config = {"loss": {"kind": "kl"}, "student": {"architecture": "3x384"}, "task": {"name": "mrpc"}}
    model.update([kept(1, config={**config, "features": features})])
    assert model.line(1) == "MRPC · 3 × 384 · kl + hidden + rkd"
    assert model.index(0).data(CAPTION_ROLE) == model.line(1)


def test_a_run_that_starts_again_or_is_deleted_goes(model: ExportModel, kept: Record, qtbot: QtBot) -> None:
    model.update([kept(1), kept(2)])
    model.update([kept(1, state="running")])
    assert model.rowCount() == 1
    model.remove([2])
    assert model.rowCount() == 0
    with qtbot.assertNotEmitted(model.runs_changed):
        model.remove([7])


def test_a_renamed_run_changes_its_row_and_resets_nothing(model: ExportModel, kept: Record, qtbot: QtBot) -> None:
    model.update([kept(1), kept(2)])
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.update([kept(1, name="mine")])
    assert model.name(1) == "mine"


def test_figures_files_and_card(model: ExportModel, kept: Record) -> None:
    model.update([kept(1, state="stopped", step=3, total_steps=10)])
    model.set_scores(
        [ScoreRow(1, "student", "validation", "f1", 0.812), ScoreRow(2, "student", "validation", "f1", 0.5)]
    )
    assert model.files(1) == [("config.json", 3), ("model.safetensors", 1500)]
    facts = model.facts(1)
    assert (facts.parameters, facts.size, facts.score, facts.teacher_score) == ("17.4 M", "1.5 KB", "80.0", "90.0")
    assert facts.state == "stopped" and facts.state_note
    assert "| validation | F1 | 81.2 | – |" in model.card(1) and "50.0" not in model.card(1)
    assert [name for name, _, _ in model.formats()] == ["huggingface"]


def test_the_default_folder_is_a_plain_name_in_the_home(model: ExportModel, kept: Record) -> None:
    model.update([kept(1, name="../../etc/passwd \n λ <b>"), kept(2, name="///")])
    folder = Path(model.default_folder(1))
    assert folder.parent == Path.home() / "distilled" and folder.name == "etc-passwd-b"
    assert Path(model.default_folder(2)).name == "run-2"


def test_the_default_folder_of_a_second_run_of_a_name_is_another(
    model: ExportModel, kept: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    model.update([kept(1, name="same"), kept(2, name="same")])
    folder = Path(model.default_folder(1))
    folder.mkdir(parents=True)
    write_record(folder, ExportRecord(1, "same", "huggingface", (), 6, 0.0))
    assert model.default_folder(1) == str(folder), "its own earlier export may be replaced"
    assert Path(model.default_folder(2)) == folder.with_name("same-2")
    (folder / "distill_export.json").write_text("")
    assert Path(model.default_folder(1)) == folder.with_name("same-1")


def test_folders_are_judged_in_sentences(model: ExportModel, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "earlier").mkdir()
    write_record(tmp_path / "earlier", ExportRecord(1, "old one", "huggingface", (), 6, 0.0))
    assert model.trouble_with(str(tmp_path / "new")) == model.trouble_with(str(tmp_path / "empty")) == ""
    assert (
        model.trouble_with(str(tmp_path / "earlier")) == "" and model.replaces(str(tmp_path / "earlier")) == "old one"
    )
    (tmp_path / "mixed").mkdir()
    write_record(tmp_path / "mixed", ExportRecord(1, "old one", "huggingface", ("a",), 6, 0.0))
    (tmp_path / "mixed" / "mine").write_text("")
    for name in ("~nobody-of-this-name", "~nobody-of-this-name/x", "/x\0y"):
        assert model.replaces(name) == "", "typed on the way to something else"
    assert model.trouble_with("~/distilled/x") == "" and model.replaces("") == ""
    for folder, part in ((" ", "Name a folder"), ("relative", "whole path"), (str(tmp_path / "file"), "is a file"),
                         (str(tmp_path / "full"), "not empty"), (str(tmp_path / "link"), "a link"),
                         ("/x\0y", "null character"), ("~nobody-of-this-name/x", "no person"),
                         (str(tmp_path / "mixed"), "also mine")):  # fmt: skip
        assert part in model.trouble_with(folder), folder


def test_a_folder_that_goes_with_its_run_is_refused(model: ExportModel, kept: Record, tmp_path: Path) -> None:
    model.update([kept(1)])
    for name in ("runs/1/mine", "teachers/mine"):
        assert "is deleted; choose one of your own" in model.trouble_with(str(tmp_path / name))
    assert model.trouble_with(str(tmp_path / "mine")) == ""


def test_an_exported_folder_tells_what_was_checked(model: ExportModel, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert model.checked(str(tmp_path)) == ""
    write_record(tmp_path, ExportRecord(1, "x", "huggingface", ("config.json",), 6, 0.0))
    assert "exactly, on 6 fixed rows" in model.checked(str(tmp_path))
    write_record(tmp_path, ExportRecord(1, "x", "huggingface", ("config.json",), 6, 3e-7))
    assert "to 3e-07" in model.checked(str(tmp_path))


def test_loading_lines_are_python_whatever_the_folder_is_called(model: ExportModel) -> None:
    folder = '/tmp/it\'s "here"\\n'
    lines = model.loading_lines(folder)
    compile(lines, "lines", "exec")
    assert repr(folder) in lines


def test_sizes_in_the_unit_a_person_would_take() -> None:
    assert [count_text(count) for count in (71_000, 17_400_000)] == ["71 K", "17.4 M"]
    assert [size_text(count) for count in (12, 1500, 17_500_000, 2_100_000_000)] == [
        "12 B",
        "1.5 KB",
        "17.5 MB",
        "2.1 GB",
    ]
