"""What can be done to a model folder, one thing at a time, so that it is no sound one any more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

from tests.faults.hostile.case import Place, replace_file

Make = Callable[[Place], None]


def with_settings(file: str = "config.json", **changes: Any) -> Make:
    """The file's settings with some changed; … takes one out."""

    def make(place: Place) -> None:
        path = place.teacher / file
        held = json.loads(path.read_text(encoding="utf-8"))
        held.update(changes)
        held = {key: value for key, value in held.items() if value is not ...}
        path.write_text(json.dumps(held), encoding="utf-8")

    return make


def with_file(name: str, content: str | bytes) -> Make:
    return lambda place: place.write(content, f"teacher/{name}")


def without(*names: str) -> Make:
    def make(place: Place) -> None:
        for name in names:
            (place.teacher / name).unlink()

    return make


def all_of(*parts: Make) -> Make:
    def make(place: Place) -> None:
        for part in parts:
            part(place)

    return make


def special(name: str, kind: str) -> Make:
    """A file of the model replaced by a folder, a pipe, a loop of links, or a link to ``kind``."""
    return lambda place: replace_file(place.teacher / name, kind)


def moved_out(name: str) -> Make:
    """The file itself is sound, but lies outside and is only linked."""

    def make(place: Place) -> None:
        shutil.move(place.teacher / name, place.outside / name)
        (place.teacher / name).symlink_to(place.outside / name)

    return make
