"""``python -m tests.faults.hostile``: every malformed input there is, through the real command line; prints counts as a table."""

from __future__ import annotations

import argparse
import os
import sys

from tests.faults.hostile.campaign import malformed_input
from tests.faults.outcome import as_markdown, as_text


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.hostile", description=__doc__)
    parser.add_argument("--examples", type=int, default=300, help="how many of each generated kind (default 300)")
    parser.add_argument("--only", default="", help="hand-written cases whose title holds this text, and nothing else")
    given = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    done = malformed_input(given.examples, given.only, say=lambda text: print(text, file=sys.stderr, flush=True))
    print(as_text([done]) if sys.stdout.isatty() else as_markdown([done]))
    return 1 if done.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
