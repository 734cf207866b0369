"""A teacher's answers by example: from the cache where they are, else asked of its model, which is loaded only then.

Knows the model only through the function that loads it; knows nothing of how a teacher is made or chosen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.array_cache import ArrayCache, Begin, Kept, Made, StopAsked, key_of
from engine.data.batches import evaluation_rows, padding_multiple
from engine.data.cache_room import size_in_words
from engine.data.pieces import Pieced, Pieces, fetch_in_pieces
from engine.data.split import Split
from engine.data.teacher_rows import TeacherRows
from engine.errors import ModelError
from engine.events import Emit, Log, Phase
from engine.free_memory import free_memory
from engine.training.evaluate import predict, predict_batches, tokens_at_once
from engine.training.inside import listed
from engine.training.inside_pass import VALUES, Put, read_inside
from engine.training.portions import Portions
from engine.types import Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

INSIDE_FORMAT = 2  # the same for the tensors of its inside
FORMAT = 2  # grows when the way a teacher is asked changes: what was kept before is then not found
TELL_EVERY_S = 0.5
# A piece of a pass takes about a second on one core, or on a GPU, where a pass is a matter of seconds anyway.
OPERATIONS_OF_A_PIECE = {"cpu": 5e10, "gpu": 5e13}
MOST_PIECES = 256
ROOM_TO_HELP = 8  # times the files of a teacher's weights: their numbers may be halves, and a pass takes memory too


class Answers:
    """What one teacher says to the rows of a task.

    ``content`` is the hash of the teacher's files, None where there are none to read: then nothing is kept, as without a
    ``cache``. ``load`` gives its model, unless there is a live ``model`` already; torch's random numbers are left as they
    were. ``name`` is what a person calls it. ``precision`` is the autocast type of its passes, None for float32.
    ``may_help`` tells whether another process that is asking the same may be helped, for which a second model is loaded.
    """

    def __init__(
        self,
        load: Callable[[], PreTrainedModel],
        content: str | None,
        name: str,
        task: Task,
        device: torch.device,
        precision: torch.dtype | None,
        cache: ArrayCache | None,
        emit: Emit,
        stop_requested: Callable[[], bool],
        model: PreTrainedModel | None = None,
        may_help: Callable[[], bool] = lambda: False,
    ) -> None:
        self._may_help = may_help
        self._load, self._model = load, model
        self._content, self._name, self._task, self._device = content, name, task, device
        self._cache, self._emit, self._stop_requested = cache, emit, stop_requested
        self._facts: dict[str, Any] = {}
        self._precision = precision
        self._portions = Portions(device, lambda text: emit(Log(text)))

    def model(self) -> PreTrainedModel:
        """The live model; loaded at the first call, kept until ``release``."""
        import torch

        if self._model is None:
            with torch.random.fork_rng(devices=[]):
                self._model = self._load()
        return self._model

    @property
    def content(self) -> str:
        """The hash of the teacher's files, "" where there are none to read."""
        return self._content or ""

    def release(self) -> None:
        """Let go of the model and its memory; whoever asks again has it loaded again."""
        self._model = None

    @property
    def parameters(self) -> int:
        """The number of the model's parameters; where nothing was asked yet, the model is loaded to count them."""
        if "parameters" not in self._facts:
            self._facts = self._facts_of(self.model())
        return int(self._facts["parameters"])

    @property
    def output_order(self) -> list[int] | None:
        """Which of the model's outputs is each class of the task, None for the same order; known as ``parameters`` is."""
        if "output_order" not in self._facts:
            self._facts = self._facts_of(self.model())
        order: list[int] | None = self._facts["output_order"]
        return order

    def logits(self, split: Split) -> NDArray[np.float32]:
        """Logits of every row of a split, in the rows' order and the task's order of classes, float32 (rows, outputs).

        Raises StopAsked if a stop was asked for meanwhile, ModelError for answers that are not finite numbers.
        """
        what = f"the teacher's answers on {split.name}"
        if self._content is None or self._cache is None:
            return self._ask(split)
        start = time.perf_counter()
        begin = lambda: self._pieces(split)  # noqa: E731
        fetched = fetch_in_pieces(self._cache, self.key(split), begin, what, self._stop_requested, self._may_help)
        self._facts = fetched.kept.about
        logits = np.array(fetched.kept.arrays["logits"])  # a copy: small, and torch wants arrays it may write to
        self._must_be_finite(logits, split)  # as earlier versions kept such
        self._tell(split, fetched, logits, time.perf_counter() - start)
        return logits

    def key(self, split: Split) -> str:
        """The key of a split's answers. Tokenizer, texts and length are in it as what they come to: the teacher's tokens."""
        return key_of(
            {
                "kind": "teacher's answers",
                "format": FORMAT,
                "kept": "logits",
                "teacher": self._content,
                "rows": split.encodings["teacher"].digest,
                "classes": self._task.labels,
                "outputs": self._task.outputs,
                "precision": f"{self._precision or 'float32'} on {self._device.type}",
                "torch": version("torch"),
                "transformers": version("transformers"),
            }
        )

    def inside(self, split: Split, names: Sequence[str]) -> dict[str, TeacherRows] | None:
        """The named tensors of the model's inside for every row of a split; None where they cannot be kept, which is said.

        Each is kept by itself, so that runs with other terms share it. Raises StopAsked, and ModelError for a tensor that is not
        of the rows.
        """
        if self._cache is None or self._content is None:
            return None
        start = time.perf_counter()
        keys = {name: self.inside_key(split, name) for name in names}

        def fill(missing: list[str], begin: Begin) -> None:
            self._read(split, missing, begin)

        what = f"the teacher's tensors on {split.name}"
        kept = self._cache.fetch_together(keys, fill, what, self._stop_requested)
        if kept is None:
            return None
        for found in kept.values():
            self._facts = {name: found.about[name] for name in ("parameters", "output_order")}
        starts = split.encodings["teacher"].starts
        rows = {
            name: TeacherRows(kept[name].arrays[VALUES], starts if kept[name].about["by_tokens"] else None)
            for name in names
        }
        self._tell_inside(split, kept, rows, time.perf_counter() - start)
        return rows

    def inside_key(self, split: Split, name: str) -> str:
        """The key of one tensor of a split; as of its answers, but for the order of the classes, which it does not have."""
        return key_of(
            {
                "kind": "teacher's tensor",
                "format": INSIDE_FORMAT,
                "kept": name,
                "teacher": self._content,
                "rows": split.encodings["teacher"].digest,
                "precision": f"{self._precision or 'float32'} on {self._device.type}",
                "torch": version("torch"),
                "transformers": version("transformers"),
            }
        )

    def _read(self, split: Split, names: Sequence[str], begin: Begin) -> None:
        model = self.model()
        about = self._about(split, "teacher's tensor") | self._facts_of(model)
        tell = self._teller("reading the teacher's tensors")

        def begin_one(name: str, kind: np.dtype[Any], shape: tuple[int, int], by_tokens: bool) -> Put:
            return begin(name, {VALUES: (kind, shape)}, about | {"tensor": name, "by_tokens": by_tokens}).put

        wide = read_inside(model, split, names, self._device, self._precision, begin_one, tell, self._portions)
        if wide:
            text = f"{listed(wide)} hold{'s' if len(wide) == 1 else ''} numbers beyond ±65,504, which float16 cannot"
            self._emit(Log(f"The teacher's {text}: kept in float32."))

    def _pieces(self, split: Split) -> Pieces:
        """The pass over a split in pieces of some seconds; what it comes to does not depend on who makes which."""
        model, encoding = self.model(), split.encodings["teacher"]
        batches = evaluation_rows(encoding, tokens_at_once(self._device), padding_multiple(self._device))
        facts = self._facts_of(model)
        operations = 2 * facts["parameters"] * len(encoding.tokens)
        least = OPERATIONS_OF_A_PIECE["cpu" if self._device.type == "cpu" else "gpu"]
        count = max(1, min(MOST_PIECES, len(batches), round(operations / least)))
        parts = [batches[first:end] for first, end in pairwise(np.linspace(0, len(batches), count + 1).astype(int))]
        tell = self._teller("asking the teacher")

        def make(number: int) -> NDArray[np.float32]:
            before = sum(len(rows) for part in parts[:number] for rows in part)
            after_batch = lambda done: tell(before + done, len(split))  # noqa: E731
            found = predict_batches(
                model, encoding, parts[number], self._device, self._precision, after_batch, self._portions
            )
            self._must_be_finite(found, split)  # before anything of it is kept
            return found

        def join(pieces: list[NDArray[np.float32]]) -> Made:
            logits = np.empty((len(split), pieces[0].shape[1]), np.float32)
            logits[np.concatenate(batches)] = np.concatenate(pieces)
            return {"logits": logits}, about | facts

        about = self._about(split, "teacher's answers")
        return Pieces(count, make, join, about)

    def _about(self, split: Split, kind: str) -> dict[str, Any]:
        """What is noted in the cache, for those who look into it."""
        return {
            "kind": kind,
            "teacher": self._name,
            "task": self._task.name,
            "split": split.name,
            "rows": len(split),
        }

    def _ask(self, split: Split) -> NDArray[np.float32]:
        tell = self._teller("asking the teacher")
        after_batch = lambda done: tell(done, len(split))  # noqa: E731
        found = predict(self.model(), split, self._device, self._precision, "teacher", after_batch, self._portions)
        self._must_be_finite(found, split)  # before anything of it is kept
        return found

    def _must_be_finite(self, found: NDArray[np.float32], split: Split) -> None:
        """Raises ModelError for answers from which nothing can be learnt."""
        spoilt = int((~np.isfinite(found).all(axis=1)).sum())
        if spoilt:
            raise ModelError(
                f"teacher.model: {self._name} answers {spoilt:,} of the {len(split):,} {split.name} rows with numbers that are not "
                "finite; its weights are damaged or too large, get it again or choose another teacher."
            )

    def _teller(self, phase: str) -> Callable[[int, int], None]:
        """Tells now and then how far a pass is, and ends it with StopAsked where a stop was asked for."""
        told = time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= TELL_EVERY_S:
                told = time.monotonic()
                self._emit(Phase(phase, done, total))
                if self._stop_requested():
                    raise StopAsked

        return tell

    def _tell(self, split: Split, fetched: Pieced, logits: NDArray[np.float32], seconds: float) -> None:
        rows, size = f"Teacher's answers on {len(split):,} {split.name} rows", size_in_words(logits.nbytes)
        if not fetched.made and fetched.kept.found:
            self._emit(Log(f"{rows}: from the cache."))
        elif fetched.made == fetched.count:
            self._emit(Log(f"{rows}: asked in {seconds:.1f} s ({size})."))
        else:
            shared = f"{fetched.made} of {fetched.count} pieces here, the others by another process or before"
            self._emit(Log(f"{rows}: asked in {seconds:.1f} s ({size}), {shared}."))

    def _tell_inside(
        self, split: Split, kept: Mapping[str, Kept], rows: Mapping[str, TeacherRows], seconds: float
    ) -> None:
        what = f"Teacher's tensors on {len(split):,} {split.name} rows ({listed(list(kept))})"
        size = size_in_words(sum(found.values.nbytes for found in rows.values()))
        read = sum(not found.found for found in kept.values())
        how = "from the cache" if not read else f"{read} of {len(kept)} read in {seconds:.1f} s"
        self._emit(Log(f"{what}: {how} ({size})."))

    @staticmethod
    def _facts_of(model: PreTrainedModel) -> dict[str, Any]:
        return {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "output_order": getattr(model, "output_order", None),
        }


def room_for_another(weights: Iterable[Path], device: torch.device) -> bool:
    """Whether a process may load a teacher only to help another one that asks it already: on the CPU, where cores are there for
    each of them, and if it makes memory no scarcer. A GPU would be shared."""
    size = sum(file.stat().st_size for file in weights)
    return device.type == "cpu" and 0 < ROOM_TO_HELP * size < free_memory()
