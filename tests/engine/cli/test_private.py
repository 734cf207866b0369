"""What the program writes into its home is for its owner alone, whatever the umask."""

from __future__ import annotations

import gc
import os
import stat
import sys
from pathlib import Path

import pytest

from engine.__main__ import main


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_all_of_a_home_is_private_after_runs_backups_trash_and_repair(
    home: Path, toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")  # so that the threads found best are remembered in the home
    monkeypatch.setattr("engine.device._fastest_threads", lambda: 1)
    (tmp_path / "run.toml").write_text(toml, encoding="utf-8")
    before = os.umask(0o022)
    try:
        for command in (
            ("run", str(tmp_path / "run.toml"), "--set", "loss.kind=kl"),
            ("run", str(tmp_path / "run.toml"), "--queue"),
            ("work", "--stay-s", "0"),
            ("store", "backup"),
            ("discard", "2"),
        ):
            monkeypatch.setattr(sys, "argv", ["distill", *command])
            try:
                main()
            except SystemExit as end:
                assert not end.code, capsys.readouterr().err
        gc.collect()  # as the end of each command does
        content = (home / "runs.db").read_bytes()
        (home / "runs.db").write_bytes(b"\0" * 100 + content[100:])
        monkeypatch.setattr(sys, "argv", ["distill", "store", "repair"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        assert os.umask(0o022) == 0o022, "the umask itself is as it was"
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [home, *home.rglob("*")]}
    names = {path.name for path in modes}
    assert {
        "runs.db",
        "log.txt",
        "model.safetensors",
        "scores.json",
        "threads.json",
        "backups",
        "trash",
        "damaged",
    } <= names
    assert {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
