"""``python -m tests.faults``: kills, full disks, damaged files, a long life. Prints a table of counts; exit status 1 if
anything was lost."""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults import damage, disk, kills, long_life, memory, windows
from tests.faults.hostile.campaign import malformed_input
from tests.faults.material import ENVIRONMENT, make_material
from tests.faults.outcome import Outcome, as_markdown, as_text, write_json
from tests.faults.window_process import adopt_orphans
from tests.faults.zygote import Zygote

# Part → how often by default, how often with --short.
PARTS = {
    "kills": (100, 7), "seen": (20, 2), "windows": (50, 3), "both": (20, 1), "memory": (10, 1), "disk": (12, 2), "store": (200, 20),
    "checkpoints": (200, 40), "cache": (200, 40), "lives": (1000, 100), "hostile": (300, 3),
}  # fmt: skip
Work = Callable[[int, random.Random], Outcome]


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"what to try, of {', '.join(PARTS)}; all if none is named")
    add("--count", type=int, help="how often each part is tried, instead of its own number")
    add("--short", action="store_true", help="a few of each")
    add("--seed", type=int, default=0, help="of all that is drawn (0)")
    add("--json", type=Path, help="write the counts there")
    add("--markdown", type=Path, help="write the table there as Markdown")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; choose of {', '.join(PARTS)}")
    chosen.parts = chosen.parts or list(PARTS)
    return chosen


def main(arguments: list[str] | None = None) -> int:
    chosen = options(arguments)
    os.environ.update(ENVIRONMENT)
    adopt_orphans()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Zygote() as zygote:
        material = make_material(Path(folder))
        work: dict[str, Work] = {
            "kills": lambda n, chance: kills.kill_trainings(zygote, material, n, chance),
            "seen": lambda n, chance: windows.kill_trainings_under_a_window(zygote, material, n, chance),
            "windows": lambda n, chance: windows.kill_windows(zygote, material, n, chance),
            "both": lambda n, chance: windows.kill_trainings_under_a_window(zygote, material, n, chance, both=True),
            "memory": lambda n, chance: memory.want_of_memory(zygote, material, n, chance),
            "disk": lambda n, chance: disk.trouble_the_disk(zygote, material, n, chance),
            "store": lambda n, chance: damage.damage_stores(material, n, chance),
            "checkpoints": damage.damage_checkpoints,
            "cache": damage.damage_cache,
            "lives": lambda n, chance: long_life.live_long(n),
            "hostile": lambda n, chance: malformed_input(n),
        }
        for part in chosen.parts:
            count = chosen.count or PARTS[part][chosen.short]
            before = zygote.cpu_s()
            outcome = work[part](count, random.Random(f"{chosen.seed} {part}"))
            outcome.cpu_s += zygote.cpu_s() - before
            outcomes.append(outcome)
            print(as_text([outcome]), flush=True)
            about = {"seed": chosen.seed, "cores": os.cpu_count(), "system": platform.platform(), "at": time.time()}
            if chosen.json:
                write_json(chosen.json, outcomes, about)
            if chosen.markdown:
                chosen.markdown.write_text(as_markdown(outcomes) + "\n", encoding="utf-8")
    broken = sum(len(outcome.wrong) for outcome in outcomes)
    cpu_s = sum(outcome.cpu_s for outcome in outcomes)
    print(
        f"\n{broken} promises broken; {cpu_s:.0f} s of CPU." if broken else f"\nNothing was lost; {cpu_s:.0f} s of CPU."
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
