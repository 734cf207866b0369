"""The ``distill`` command, also ``python -m engine``. Knows only the command line."""

from __future__ import annotations

import sys
import traceback


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

    try:
        app()
    except EngineError as error:
        print(sentence(str(error)), file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
    except Exception:  # a bug keeps its traceback; a token or an escape sequence in it goes nowhere
        sys.stderr.write(visible(without_secrets(traceback.format_exc())))
        sys.exit(1)


if __name__ == "__main__":
    main()
