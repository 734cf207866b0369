"""Starts the window, or says in one sentence why it cannot. Loads Qt only once the machine is known to have all of it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from distill_gui import startup
from distill_gui.version import NAME, version

CANNOT = 2  # exit status of everything that is not a fault of the program


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, open the window, and give the process's exit status."""
    options = _parser().parse_args(arguments)
    if options.version:
        print(NAME, version())
        return 0
    if options.tour is not None and not os.environ.get("QT_QPA_PLATFORM"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # pictures need no display, and must not flash over one
    os.environ.setdefault(
        "PYDANTIC_DISABLE_PLUGINS", "__all__"
    )  # else it looks through all installed packages for some
    fault = startup.problem(os.environ)
    if fault is not None:
        return _refuse(fault)
    try:
        return _open(options)
    except ImportError as error:
        lacking = startup.missing_library(str(error))
        if lacking is None:
            raise
        return _refuse(lacking)


def _open(options: argparse.Namespace) -> int:
    from engine.errors import EngineError

    try:
        if options.tour is not None:
            from distill_gui.tour import run_tour

            return run_tour(options.tour, options.home)
        from distill_gui.app import run
        from engine.store.home import home_folder, make_private_folder

        make_private_folder(home_folder(options.home))  # a wrong --home is told here, not by a window without runs
        return run(home=options.home, theme=options.theme, sample=options.sample)
    except EngineError as error:
        return _refuse(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="distill-gui", description=f"{NAME}: launch knowledge distillations, watch them and compare them."
    )
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="where runs are kept (default: DISTILL_HOME)")
    parser.add_argument("--sample", action="store_true", help="queue the sample: three runs, offline")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="theme of this start (default: as chosen)")
    parser.add_argument("--tour", type=Path, metavar="FOLDER", help="render every place to pictures, without a display")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return CANNOT


if __name__ == "__main__":
    sys.exit(main())
