"""Processes of the engine: in a session of their own, with the engine on the path, in another folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from distill_gui.services.engine_start import leave_running, start_engine


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are a matter of POSIX")
def test_it_leads_a_session_of_its_own_and_finds_the_engine(tmp_path: Path) -> None:
    code = "import os, engine; print(os.getsid(0) == os.getpid(), os.getcwd(), os.environ['PYTHONUNBUFFERED'])"
    with (tmp_path / "out").open("w") as output:
        process = start_engine([sys.executable, "-c", code], tmp_path, subprocess.DEVNULL, output, subprocess.STDOUT)
    assert process.wait(20) == 0
    assert (tmp_path / "out").read_text().split() == ["True", os.path.realpath(tmp_path), "1"]


def test_what_is_left_running_is_forgotten_without_complaint(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    with (tmp_path / "out").open("w") as output:
        process = start_engine([sys.executable, "-c", "input()"], tmp_path, subprocess.PIPE, output, subprocess.STDOUT)
    leave_running(process)
    pid, stdin = process.pid, process.stdin
    del process
    assert not [warning for warning in recwarn if warning.category is ResourceWarning]
    assert stdin is not None
    stdin.close()
    os.waitpid(pid, 0)
