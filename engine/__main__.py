"""The ``distill`` command, also ``python -m engine``. Knows only the command line."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import suppress
from typing import Any

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main() -> None:
    """Run the command line; a person's mistake is printed as its sentence and ends with status 2, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without λ shows “?” rather than a traceback
    try:
        from engine.cli.app import app
        from engine.errors import EngineError
        from engine.visible import sentence, visible, without_secrets
    except KeyboardInterrupt:  # while it loads; what comes later typer and the commands see to
        sys.exit(130)

    status: Any = 0
    try:
        app()
    except SystemExit as end:
        status = end.code
    except EngineError as error:
        print(sentence(str(error)), file=sys.stderr)
        status = 2
    except BrokenPipeError:
        status = 1
    except Exception as error:
        status = 1
        if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
            _give_up_on_stdout(error)
        else:  # a bug keeps its traceback; a token or an escape sequence in it goes nowhere
            sys.stderr.write(visible(without_secrets(traceback.format_exc())))
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:  # Python would say it too, in its own words
        _give_up_on_stdout(error)
        status = status or 1
    sys.exit(status)


def _give_up_on_stdout(error: OSError) -> None:
    """What is left of the output goes nowhere; that is said, unless whoever read it has gone."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            print(f"The output cannot be written: {error.strerror}.", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
