"""The ``distill`` command, also ``python -m engine``. Knows only the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; a person's mistake is printed as its sentence and ends with status 2, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without λ shows “?” rather than a traceback
    from engine.cli.app import app
    from engine.errors import EngineError

    try:
        app()
    except EngineError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
