"""What is said before the start of a teacher's inner tensors: what they take in the cache, or what each step will ask live.

Torch-free; knows sizes, not where they come from.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.config import TeacherConfig
from engine.data.cache_room import LIMIT_VARIABLE, size_in_words
from engine.training.inside import listed

HALF_BYTES = 2  # of a float16


def inside_bytes(names: Sequence[str], tokens: float, hidden: int) -> float:
    """Bytes that the named tensors take for so many tokens of a teacher of this hidden size."""
    return len(names) * tokens * hidden * HALF_BYTES


def inside_notice(config: TeacherConfig, names: Sequence[str], size: float, about: str, limit: int) -> tuple[str, str]:
    """(level, sentence) on the tensors that the feature terms read. ``about`` says how sure ``size`` is ("at most", "about");
    ``limit`` is the cache's, in bytes."""
    takes, room = f"{about} {size_in_words(size)}", f"the cache's limit of {size_in_words(limit)} ({LIMIT_VARIABLE})"
    asked = f"each step asks the live teacher for {listed(names)}"
    if not names:
        return "fine", "teacher.keep = “tensors” keeps nothing more here: no feature term reads inside the teacher."
    if config.keep == "logits":
        remedy = f"“tensors” would ask it once for all runs and take {takes} of the cache"
        return "fine", f"{asked[0].upper()}{asked[1:]}, as teacher.keep is “logits”; {remedy}."
    if not limit:
        return "look", f"The cache keeps nothing ({LIMIT_VARIABLE} = 0), so {asked}."
    if size <= limit:
        many = "tensor is" if len(names) == 1 else "tensors are"
        return "fine", f"{len(names)} of the teacher's {many} kept for all runs, {takes}: within {room}."
    if about == "at most":
        return "look", f"The teacher's tensors take {takes}, more than {room}: if they do not fit, {asked}."
    return "look", f"The teacher's tensors would take {takes}, more than {room}, so {asked}."
