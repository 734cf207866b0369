"""Who is measured, by the name of its line. Knows how none of them trains."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Contender:
    """``tool`` is "ours", "trainer" or "textbrewer"; ``padded``: to 128 tokens; ``packages`` must be installed for it."""

    title: str
    tool: str
    padded: bool = False
    warm: bool = False
    packages: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        return [name for name in self.packages if find_spec(name) is None]


REFERENCE = "trainer"  # (a), whose score decides which speeds count
CONTENDERS = {
    "trainer": Contender("(a) Trainer, live teacher", "trainer", packages=("accelerate",)),
    "ours_empty": Contender("ours, cache empty", "ours"),
    "trainer_128": Contender("(b) Trainer, padded to 128", "trainer", padded=True, packages=("accelerate",)),
    "ours_full": Contender("ours, cache full", "ours", warm=True),
    "textbrewer": Contender("(c) TextBrewer, as its examples", "textbrewer", padded=True, packages=("textbrewer",)),
    "textbrewer_dynamic": Contender("(c′) TextBrewer, dynamic", "textbrewer", packages=("textbrewer",)),
}
