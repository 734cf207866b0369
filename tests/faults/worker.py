"""``python -m engine`` with a witness: ``python -m tests.faults.worker work --home HOME …``; also what a forked child runs.

Everything is the engine's own; only a listener is added that writes what was emitted to HOME/witness.jsonl, or elsewhere
where the home's disk is what is tried.
"""

from __future__ import annotations

import inspect
import json
import os
import time
from pathlib import Path
from typing import Any

from engine.events import Event, Metrics
from tests.faults.moments import ANYWHERE, Moment, Reaper, arm
from tests.faults.witness import Witness

WITNESS = "witness.jsonl"


def add_listener(aside: Path, moment: Moment | None = None, pause_s: float = 0.0) -> Reaper:
    """Let the worker of this process be heard by a witness, who writes into the folder ``aside``, and end at ``moment``; each
    step takes ``pause_s`` longer."""
    import engine.cli.work as work

    execute = work.execute
    witness = Witness(aside / WITNESS)
    reaper = Reaper(moment, witness)
    arm(reaper)

    def heard(store: Any, run: Any, **options: Any) -> Any:
        witness.begin(run.id)
        reaper.passing(ANYWHERE)

        def listen(event: Event) -> None:
            witness.hear(event)
            reaper.hear(event)
            if pause_s and isinstance(event, Metrics):
                time.sleep(pause_s)

        return execute(store, run, listen=listen, **options)

    work.execute = heard  # type: ignore[assignment]
    return reaper


def main() -> None:
    import argparse
    import sys

    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--pause-s", type=float, default=0.0)
    known, rest = parser.parse_known_args()
    add_listener(known.home, pause_s=known.pause_s)
    sys.argv = ["distill", *rest, "--home", str(known.home)]
    from engine.__main__ import main as engine_main

    engine_main()


def run_forked(request: dict[str, Any]) -> int:
    """What a forked child does: the work of ``distill work``. Returns its exit status."""
    from engine.cli.work import work

    home, aside = Path(request["home"]), Path(request.get("aside", request["home"]))
    moment = Moment(**request["moment"]) if request.get("moment") else None
    reaper = add_listener(aside, moment, request.get("pause_s", 0.0))
    if patience_s := request.get("patience_s"):
        _be_impatient(patience_s)
    work(home, request.get("stay_s", 0.05), request["checkpoint_s"])
    (aside / f"passed-{os.getpid()}.json").write_text(json.dumps(dict(reaper.passed)))
    return 0


def _be_impatient(seconds: float) -> None:
    """Let whatever waits for a disk or a store give up after ``seconds``, as it does after ten minutes."""
    from engine.cli.patience import patiently
    from engine.store.writer import RunWriter
    from engine.training import distil, whole_folder

    for function in (RunWriter.__init__, patiently):
        named = [name for name, one in inspect.signature(function).parameters.items() if one.default is not one.empty]
        given = dict(zip(named, function.__defaults__ or (), strict=True))
        function.__defaults__ = tuple((given | {"patience_s": seconds}).values())
    distil.PATIENCE_S = whole_folder.PATIENCE_S = seconds


if __name__ == "__main__":
    main()
