"""Checkpoints on disk: whole or not there, proved by checksums, the last two good ones and the best weights.

Safetensors and JSON, private to the user. Knows names, tensors and numbers; nothing of how a training goes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.training.whole_folder import reason_of, sync

if TYPE_CHECKING:
    from torch import Tensor

TENSORS, STATE = "tensors.safetensors", "state.json"
_NAME = re.compile(r"(?P<stage>[a-z]+)-(?P<step>\d{9,})")


class CannotKeep(Exception):
    """A checkpoint could not be written; the text is the reason, without a full stop."""


@dataclass(frozen=True)
class BestWeights:
    """The weights of the best evaluation; written once, in a file of their own, and named by every checkpoint after it."""

    step: int
    weights: Mapping[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """What was kept at a step of a stage. ``state`` is plain JSON; the tensors are on the CPU and nobody else's."""

    stage: str
    step: int
    state: dict[str, Any]
    tensors: dict[str, Tensor]
    best: dict[str, Tensor] | None


class CheckpointFolder:
    """The checkpoints of one run, in ``folder``; made when the first is written. ``tell`` is told of damaged ones."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.folder, self._tell = folder, tell
        self._good: list[Path] = []  # read or written by this process, the newest last
        self._best: dict[str, Any] = {}  # the note of the best weights' file

    def newest(self, stage: str) -> Checkpoint | None:
        """The newest whole checkpoint of a stage, None if there is none; damaged ones are passed over, and said so."""
        found = sorted(self._of(stage), key=lambda path: path.name, reverse=True)
        for position, path in enumerate(found):
            try:
                checkpoint, best = self._read(path, stage)
            except Exception as error:  # whatever damaged bytes bring about
                rest = "goes on from the one before" if position + 1 < len(found) else "there is none before it"
                self._tell(f"The checkpoint {path} is damaged ({error}); {rest}.")
                continue
            self._good, self._best = [path], best
            return checkpoint
        return None

    def write(
        self, stage: str, step: int, state: Mapping[str, Any], tensors: Mapping[str, Tensor], best: BestWeights | None
    ) -> None:
        """Keep a checkpoint: it is on the disk, whole, when this returns. Raises CannotKeep; then the others are untouched."""
        from safetensors import SafetensorError

        target = self.folder / f"{stage}-{step:09d}"
        part = target.with_name(f"{target.name}.part")
        try:
            if not self.folder.is_dir():
                self.folder.mkdir(mode=0o700)  # never its parents: a home that was removed meanwhile is not made anew
                sync(self.folder.parent)
            _remove(part)
            part.mkdir(mode=0o700)
            noted = self._keep_best(stage, best) if best is not None else None
            digest = _write_tensors(part / TENSORS, tensors)
            content = {"stage": stage, "step": step, "state": dict(state), "tensors": digest, "best": noted}
            _write_json(part / STATE, content)
            sync(part)
            _remove(target)  # a damaged one that was passed over
            part.rename(target)
            sync(self.folder)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                _remove(part)
            raise CannotKeep(reason_of(error)) from error
        self._best = noted or {}
        self._good = [*self._good[-1:], target]
        self.trim(2)

    def trim(self, count: int) -> None:
        """Leave the last ``count`` checkpoints this process knows to be good, with the best weights they name."""
        if not self._good:
            return
        self._good = self._good[-count:]
        wanted = {path.name for path in self._good}
        with suppress(OSError, ValueError, KeyError):
            wanted |= {best["file"] for path in self._good if (best := _content(path)["best"]) is not None}
            for path in self.folder.iterdir():
                if path.name not in wanted:
                    _remove(path)

    def clear(self) -> None:
        """Remove all checkpoints."""
        self._good, self._best = [], {}
        with suppress(OSError):
            shutil.rmtree(self.folder)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _of(self, stage: str) -> list[Path]:
        try:
            names = list(self.folder.iterdir())
        except OSError:
            return []
        return [path for path in names if (found := _NAME.fullmatch(path.name)) and found["stage"] == stage]

    def _read(self, path: Path, stage: str) -> tuple[Checkpoint, dict[str, Any]]:
        content = _content(path)
        if (content["stage"], f"{stage}-{content['step']:09d}") != (stage, path.name):
            raise ValueError("its name is not its content's")
        tensors = _read_tensors(path / TENSORS, content["tensors"])
        best = None
        if (noted := content["best"]) is not None:
            best = _read_tensors(self.folder / Path(noted["file"]).name, noted["sha256"])
        return Checkpoint(stage, int(content["step"]), content["state"], tensors, best), noted or {}

    def _keep_best(self, stage: str, best: BestWeights) -> dict[str, Any]:
        """The note of the best weights' file, which is written if it is not yet there."""
        file = f"{stage}-best-{best.step:09d}.safetensors"
        if self._best.get("file") == file:
            return self._best
        part = self.folder / f"{file}.part"
        try:
            digest = _write_tensors(part, best.weights)
            part.replace(self.folder / file)
        finally:
            with suppress(OSError):
                part.unlink()
        return {"file": file, "sha256": digest}


def newest_step(folder: Path) -> tuple[str, int] | None:
    """(stage, step) of the newest checkpoint in a run's ``checkpoints`` folder, None if there is none. Reads names alone."""
    try:
        found = [match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]
    except OSError:
        return None
    last = max(found, key=lambda match: (match["stage"] == "student", int(match["step"])), default=None)
    return None if last is None else (last["stage"], int(last["step"]))


def _write_tensors(file: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write and sync; returns the SHA-256 of the file."""
    from safetensors.torch import save_file

    seen: set[int] = set()
    apart = {}
    for name, tensor in tensors.items():
        kept = tensor.detach().to("cpu").contiguous()
        place = kept.untyped_storage().data_ptr()
        apart[name] = kept.clone() if place in seen else kept  # safetensors keeps no two names of one memory
        seen.add(place)
    save_file(apart, file)
    file.chmod(0o600)
    sync(file)
    return _digest(file)


def _read_tensors(file: Path, digest: str) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    if _digest(file) != digest:
        raise ValueError(f"{file.name} is not what was written")
    return {name: tensor.clone() for name, tensor in load_file(file).items()}


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, sort_keys=True)
    file.touch(0o600)
    with file.open("w", encoding="utf-8") as out:
        out.write(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n")
        out.flush()
        os.fsync(out.fileno())


def _content(path: Path) -> dict[str, Any]:
    """What a checkpoint's JSON says; its first line is the checksum of the second."""
    digest, text = (path / STATE).read_text(encoding="utf-8").splitlines()
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError(f"{STATE} is not what was written")
    content: dict[str, Any] = json.loads(text)
    return content


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
