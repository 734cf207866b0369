"""Which files of a kept student leave."""

from __future__ import annotations

from pathlib import Path

from engine.analysis.student_folder import leaving_files


def test_weights_config_and_tokenizer_leave_and_nothing_else(tmp_path: Path) -> None:
    for name in ("model.safetensors", "config.json", "vocab.txt", "spiece.model",
                 "distillation.json", "run.py", "weights.bin", "note.md"):  # fmt: skip
        (tmp_path / name).write_text("")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "config.json")
    assert [file.name for file in leaving_files(tmp_path)] == [
        "config.json",
        "model.safetensors",
        "spiece.model",
        "vocab.txt",
    ]
    assert leaving_files(tmp_path / "none") == []
