"""Types a case's command, here or as a process of its own, and says what was wrong with how the program took it."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import traceback
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import NoReturn
from unittest.mock import patch

from tests.faults.hostile.case import Case, Place
from tests.faults.hostile.tree import differences, tree
from tests.faults.hostile.watch import watching

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 30
LONGEST = 6000  # characters of all that is said
# What a terminal would obey, or would show in another order than it is written; a new line and a tab are text.
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
INSIDE = re.compile(r"Traceback|<class '|object at 0x|NoneType|KeyError|AttributeError|TypeError|pydantic|Errno")


class _Hung(BaseException):
    """The case took longer than PATIENCE_S."""


def faults_here(case: Case, place: Place, home: Path) -> list[str]:
    """Run ``case`` in this process; every way in which it was not taken as it must be."""
    case.make(place)
    before = tree(place.folder.parent), tree(home)
    out, err = _stream(), _stream()
    with (
        chdir(place.folder),
        patch.object(sys, "argv", ["distill", *_arguments(case, home)]),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(b""), encoding="utf-8")),
        redirect_stdout(out),
        redirect_stderr(err),
        watching(place.folder, place.outside) as seen,
    ):
        status = _status()
    said, told = _text(out), _text(err)
    return [
        *_faults_of(case, status, said, told),
        *seen,
        *_changes(place, home, before),
    ]


def faults_as_process(case: Case, place: Place, home: Path) -> list[str]:
    """Run ``case`` as a person does, in a process of its own."""
    case.make(place)
    before = tree(place.folder.parent), tree(home)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "engine", *_arguments(case, home)],
            cwd=place.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=4 * PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [f"still running after {4 * PATIENCE_S} s"]
    said, told = (content.decode("utf-8", "replace") for content in (done.stdout, done.stderr))
    return [*_faults_of(case, done.returncode, said, told), *_changes(place, home, before)]


def _arguments(case: Case, home: Path) -> list[str]:
    takes_home = case.arguments[0] != "check"
    return [*case.arguments, *(["--home", str(home)] if takes_home else [])]


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace", newline="")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    held = stream.buffer
    assert isinstance(held, io.BytesIO)
    return held.getvalue().decode("utf-8", "replace")


def _status() -> int:
    from engine.__main__ import main

    def hung(number: int, frame: FrameType | None) -> NoReturn:
        raise _Hung

    former = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        main()
    except SystemExit as end:
        return int(str(end.code or 0))
    except _Hung:
        print(f"still running after {PATIENCE_S} s", file=sys.stderr)
        return -1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    return 0


def _faults_of(case: Case, status: int, out: str, err: str) -> list[str]:
    found = []
    if status != 2:
        found.append(f"exit status {status}, not 2")
    if len(err.split()) < 4:
        found.append("no sentence")
    if case.says and case.says not in err:
        found.append(f"does not say “{case.says}”")
    if control := OBEYED.search(out + err):
        found.append(f"U+{ord(control[0]):04X} reaches the terminal")
    if inside := INSIDE.search(err):
        found.append(f"speaks of its inside: {inside[0]}")
    if len(out + err) > LONGEST:
        found.append(f"{len(out + err):,} characters long")
    return [*found, f"said: {err.strip()[-1200:]}"] if found else []


def _changes(place: Place, home: Path, before: tuple[dict[str, str], dict[str, str]]) -> list[str]:
    found = [f"beside the case: {text}" for text in differences(before[0], tree(place.folder.parent))]
    found += [f"in the home: {text}" for text in differences(before[1], tree(home))]
    if place.marker.exists():
        found.append("code out of a file was run")
    return found
