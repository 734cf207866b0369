"""What stops a window from opening is said in one sentence, with what to install: never an abort of Qt."""

import sys
from pathlib import Path

import pytest

from distill_gui import startup

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="displays and system libraries are Linux matters"
)


def loads_all_but(*missing: str):
    return lambda library: library not in missing


def test_a_missing_library_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_loads", loads_all_but("libEGL.so.1"))
    said = startup.missing_library("libEGL.so.1: cannot open shared object file: No such file or directory")
    assert said is not None
    assert "libEGL.so.1 is missing: apt install libegl1 (Debian" in said
    assert "--tour" in said
    assert "\n" not in said


def test_all_libraries_a_platform_lacks_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libGL.so.1", "libwayland-cursor.so.0")
    monkeypatch.setattr(startup, "_loads", loads_all_but(*lacking))
    said = startup.missing_library("libxcb-cursor.so.0: cannot open shared object file", "xcb")
    assert said is not None
    assert "apt install libxcb-cursor0 libgl1 libxcb-icccm4 (" in said


def test_a_library_without_a_known_package_is_still_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_loads", loads_all_but())
    said = startup.missing_library("libodd-2.so.7: cannot open shared object file")
    assert said is not None
    assert "install the package that holds libodd-2.so.7" in said


@pytest.mark.parametrize(
    "error", ["No module named 'numpy'", "cannot import name 'x' from 'PySide6'", "undefined symbol: q"]
)
def test_other_faults_are_no_matter_of_libraries(error: str) -> None:
    assert startup.missing_library(error) is None


@LINUX
def test_no_display_is_told_with_both_ways_out() -> None:
    said = startup.problem({})
    assert said is not None
    assert "no display" in said
    assert "apt install xvfb" in said
    assert "--tour FOLDER" in said


@LINUX
def test_offscreen_needs_no_display() -> None:
    assert startup.problem({"QT_QPA_PLATFORM": "offscreen"}) is None
    assert startup.problem({"QT_QPA_PLATFORM": "offscreen:enable_fonts"}) is None


@LINUX
def test_an_unknown_platform_is_told_with_those_there_are() -> None:
    said = startup.problem({"QT_QPA_PLATFORM": "nosuch"})
    assert said is not None
    assert "'nosuch'" in said
    assert "offscreen" in said


@LINUX
def test_one_platform_that_works_is_enough() -> None:
    assert startup.problem({"QT_QPA_PLATFORM": "nosuch;offscreen"}) is None


def test_python_without_qt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "find_spec", lambda name: None)
    assert "PySide6 is not installed" in (startup.problem({"DISPLAY": ":0"}) or "")


def test_other_systems_are_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup.sys, "platform", "darwin")
    assert startup.problem({}) is None


@LINUX
def test_every_library_of_the_x_plugin_has_a_package() -> None:
    """What the plugin of the installed Qt links to, read from the file itself."""
    spec = startup.find_spec("PySide6")
    assert spec is not None and spec.submodule_search_locations
    qt = Path(next(iter(spec.submodule_search_locations))) / "Qt"
    linked: set[str] = set()
    for file in ("plugins/platforms/libqxcb.so", "lib/libQt6XcbQpa.so.6", "lib/libQt6Gui.so.6"):
        content = (qt / file).read_bytes()
        linked |= {name for name in startup.PACKAGES if name.encode() + b"\0" in content}
        named = {part.decode() for part in content.split(b"\0") if part.startswith(b"lib") and part[-1:].isdigit()}
        unknown = {name for name in named if ".so." in name and "Qt6" not in name} - set(startup.PACKAGES)
        assert unknown <= {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libpthread.so.0"}
    assert {"libxcb-cursor.so.0", "libEGL.so.1"} <= linked
