"""One malformed input: what it is called, how its files are made, and what is typed. Knows no outcome."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BASE = """name = "base"
[task]
name = "mrpc"
source = "pairs"
max_length = 24
[teacher]
model = "teacher"
training = "fine_tune"
epochs = 1
[student]
architecture = "1x16"
[loss]
kind = "kl"
lambda = 0.5
[training]
epochs = 1
batch_size = 16
device = "cpu"
"""
CONFIG = "run.toml"


@dataclass(frozen=True)
class Place:
    """A case's own ``folder``, with sound rows in pairs/ and a sound model in teacher/; ``outside`` lies beside it.

    ``marker`` is a file that exists only if something out of a file was run as code.
    """

    folder: Path
    outside: Path
    marker: Path

    @property
    def pairs(self) -> Path:
        return self.folder / "pairs"

    @property
    def teacher(self) -> Path:
        return self.folder / "teacher"

    def write(self, content: str | bytes, name: str = CONFIG) -> None:
        """Write a file of the case."""
        data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        (self.folder / name).write_bytes(data)


@dataclass(frozen=True)
class Case:
    """``make`` brings the files about; ``arguments`` are typed after ``distill``; ``says`` must stand in the sentence."""

    group: str
    name: str
    make: Callable[[Place], None]
    says: str = ""
    arguments: tuple[str, ...] = ("run", CONFIG)

    @property
    def title(self) -> str:
        return f"{self.group}: {self.name}"


def replaced(*pairs: tuple[str, str], base: str = BASE) -> str:
    """``BASE`` with each piece of text replaced. A piece that is not there is a mistake of the corpus."""
    for old, new in pairs:
        assert old in base, old
        base = base.replace(old, new, 1)
    return base


def furnish(material: Path, root: Path) -> Place:
    """A new place for one case, with copies of the sound material."""
    folder, outside = root / "case", root / "outside"
    folder.mkdir(parents=True)
    outside.mkdir()
    for name in ("pairs", "teacher"):
        shutil.copytree(material / name, folder / name)
    place = Place(folder, outside, root / "executed")
    place.write(BASE)
    return place


def replace_file(file: Path, kind: str) -> None:
    """Put a folder, a pipe, a loop of links, or a link to ``kind`` where a file was."""
    file.unlink(missing_ok=True)
    match kind:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "loop":
            file.symlink_to(file.name)
        case target:
            file.symlink_to(target)
