"""Says in one sentence what this machine lacks for a window, before Qt is loaded and aborts. Imports no Qt.

Qt ends the process without a Python error when its platform plugin does not load or no display answers.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

# the system libraries of Qt's own libraries and platform plugins, with the Debian package of each
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
HEADLESS = "without a window: distill-gui --tour FOLDER, or QT_QPA_PLATFORM=offscreen."


def problem(environment: Mapping[str, str]) -> str | None:
    """The sentence to say instead of opening a window, None if one will open. Looks on Linux only."""
    spec = find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        return "PySide6 is not installed in this Python: install the program again, as its README says."
    if not sys.platform.startswith("linux"):
        return None
    platforms = Path(next(iter(spec.submodule_search_locations))) / "Qt" / "plugins" / "platforms"
    if not platforms.is_dir():  # Qt from the distribution, which knows its own dependencies
        return None
    chosen = environment.get("QT_QPA_PLATFORM", "").strip()
    names = [part.partition(":")[0] for part in chosen.split(";")] if chosen else _usual(environment)
    if not names:
        return (
            "There is no display (DISPLAY and WAYLAND_DISPLAY are not set): log in to a desktop, or "
            f"apt install xvfb and start with xvfb-run; {HEADLESS}"
        )
    faults = [_fault(name, platforms, environment) for name in names]
    return None if None in faults else faults[0]


def missing_library(error: str, platform: str = "") -> str | None:
    """The sentence for a loader's error message, None if it is about something else than a system library.

    Names the packages of all libraries that ``platform`` (a Qt plugin) lacks, not only of the first.
    """
    found = re.search(r"(lib[\w.+-]+?\.so(?:\.\d+)*)", error)
    if found is None or not re.search(r"cannot open shared object|file too short|invalid ELF", error):
        return None
    wanted = [name for name in PACKAGES if _family(name) in ("", platform)]
    lacking = dict.fromkeys([found[1], *(name for name in wanted if not _loads(name))])
    packages = dict.fromkeys(PACKAGES[name] for name in lacking if name in PACKAGES)
    remedy = f"apt install {' '.join(packages)}" if packages else f"install the package that holds {found[1]}"
    return f"The system library {found[1]} is missing: {remedy} (Debian, Ubuntu); {HEADLESS}"


def _family(library: str) -> str:
    """The platform plugin that alone needs this library, "" if every window does."""
    if library.startswith("libwayland"):
        return "wayland"
    return "xcb" if re.match(r"libxcb|libX11-xcb|libxkbcommon-x11", library) else ""


def _usual(environment: Mapping[str, str]) -> list[str]:
    """The plugins Qt would try, in its order."""
    names = []
    if environment.get("WAYLAND_DISPLAY"):
        names.append("wayland")
    if environment.get("DISPLAY"):
        names.append("xcb")
    return names


def _fault(name: str, platforms: Path, environment: Mapping[str, str]) -> str | None:
    plugin = platforms / f"libq{name}.so"
    if not plugin.is_file():
        known = ", ".join(sorted(file.stem.removeprefix("libq") for file in platforms.glob("libq*.so")))
        return f"QT_QPA_PLATFORM is {name!r}, which is not installed: choose one of {known}."
    try:
        ctypes.CDLL(str(plugin))  # the loader looks up every library behind it and names the first that is missing
    except OSError as error:
        return missing_library(str(error), name) or f"Qt's {name} plugin does not load: {error}; {HEADLESS}"
    if name == "xcb" and not _x_answers():
        return f"The display {environment.get('DISPLAY', '')!r} does not answer: check DISPLAY; {HEADLESS}"
    if name == "wayland" and not _wayland_answers():
        return (
            f"The display {environment.get('WAYLAND_DISPLAY', '')!r} does not answer: check WAYLAND_DISPLAY; {HEADLESS}"
        )
    return None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _x_answers() -> bool:
    """Whether an X server accepts a connection on DISPLAY."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    for function in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
        function.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers = not xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return answers


def _wayland_answers() -> bool:
    """Whether a compositor accepts a connection on WAYLAND_DISPLAY."""
    client = ctypes.CDLL("libwayland-client.so.0")
    client.wl_display_connect.restype = ctypes.c_void_p
    client.wl_display_disconnect.argtypes = [ctypes.c_void_p]
    display = client.wl_display_connect(None)
    if not display:
        return False
    client.wl_display_disconnect(display)
    return True
