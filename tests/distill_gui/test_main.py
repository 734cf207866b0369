"""The command ``distill-gui``, as a process: options, one sentence and exit status 2 where there can be no window."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="displays and system libraries are Linux matters"
)
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def distill_gui(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a machine without a display, but for what ``environment`` adds."""
    bare = {key: value for key, value in os.environ.items() if key not in DISPLAYS}
    return subprocess.run(
        [sys.executable, "-m", "distill_gui", *arguments],
        env=bare | environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    return sentence


def test_the_version_needs_no_display() -> None:
    done = distill_gui("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("Distillation Studio ")


def test_help_names_every_option() -> None:
    done = distill_gui("--help")
    assert done.returncode == 0
    for option in ("--home", "--sample", "--theme", "--tour", "--version"):
        assert option in done.stdout


def test_a_wrong_option_is_told_with_those_there_are() -> None:
    done = distill_gui("--theme", "sepia")
    assert done.returncode == 2
    assert "system" in done.stderr
    assert "Traceback" not in done.stderr


@LINUX
def test_without_a_display() -> None:
    sentence = refused(distill_gui())
    assert "no display" in sentence
    assert "distill-gui --tour FOLDER" in sentence


@LINUX
def test_with_a_display_that_does_not_answer() -> None:
    """Qt itself would abort the process here."""
    assert "':59871' does not answer" in refused(distill_gui(DISPLAY=":59871"))


@LINUX
def test_with_an_unknown_platform() -> None:
    """Qt itself would abort the process here."""
    assert "'nosuch', which is not installed" in refused(distill_gui(QT_QPA_PLATFORM="nosuch"))


@LINUX
@pytest.mark.parametrize(
    ("library", "package", "platform"),
    [("libxcb-cursor.so.0", "libxcb-cursor0", "xcb"), ("libEGL.so.1", "libegl1", "offscreen")],
)
def test_with_a_system_library_that_does_not_load(tmp_path: Path, library: str, package: str, platform: str) -> None:
    (tmp_path / library).touch()  # an empty file is found before the true one, and is no library
    said = refused(distill_gui(LD_LIBRARY_PATH=str(tmp_path), QT_QPA_PLATFORM=platform))
    assert f"{library} is missing: apt install" in said
    assert package in said


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    done = distill_gui("--home", str(blocked / "home"), QT_QPA_PLATFORM="offscreen")
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def test_importing_the_window_leaves_the_engines_weight_out() -> None:
    code = (
        "import sys, distill_gui.__main__, distill_gui.windows.main_window, distill_gui.panels as p; p.discover();"
        "print(*{'torch', 'transformers', 'datasets', 'sklearn', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
