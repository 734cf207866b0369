"""A teacher's answers by example: from the cache where they are, else asked of its model, which is loaded only then.

Knows the model only through the function that loads it; knows nothing of how a teacher is made or chosen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.array_cache import ArrayCache, Kept, Made, StopAsked, key_of
from engine.data.cache_room import size_in_words
from engine.data.split import Split
from engine.events import Emit, Log, Phase
from engine.training.evaluate import precision_of, predict
from engine.types import Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

FORMAT = 1  # grows when the way a teacher is asked changes: what was kept before is then not found
TELL_EVERY_S = 0.5


class Answers:
    """What one teacher says to the rows of a task.

    ``content`` is the hash of the teacher's files, None where there are none to read: then nothing is kept, as without a
    ``cache``. ``load`` gives its model, unless there is a live ``model`` already; torch's random numbers are left as they
    were. ``name`` is what a person calls it.
    """

    def __init__(
        self,
        load: Callable[[], PreTrainedModel],
        content: str | None,
        name: str,
        task: Task,
        device: torch.device,
        cache: ArrayCache | None,
        emit: Emit,
        stop_requested: Callable[[], bool],
        model: PreTrainedModel | None = None,
    ) -> None:
        self._load, self._model = load, model
        self._content, self._name, self._task, self._device = content, name, task, device
        self._cache, self._emit, self._stop_requested = cache, emit, stop_requested
        self._facts: dict[str, Any] = {}

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

        Raises StopAsked if a stop was asked for meanwhile.
        """
        what = f"the teacher's answers on {split.name}"
        if self._content is None or self._cache is None:
            return self._ask(split)
        start = time.perf_counter()
        kept = self._cache.fetch(self.key(split), lambda: self._make(split), what, self._stop_requested)
        self._facts = kept.about
        logits = np.array(kept.arrays["logits"])  # a copy: small, and torch wants arrays it may write to
        self._tell(split, kept, logits, time.perf_counter() - start)
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
                "precision": f"{precision_of(self._device)} on {self._device.type}",
                "torch": version("torch"),
                "transformers": version("transformers"),
            }
        )

    def _make(self, split: Split) -> Made:
        logits = self._ask(split)
        about = {
            "kind": "teacher's answers",
            "teacher": self._name,
            "task": self._task.name,
            "split": split.name,
            "rows": len(split),
        }
        return {"logits": logits}, about | self._facts_of(self.model())

    def _ask(self, split: Split) -> NDArray[np.float32]:
        told = time.monotonic()

        def after_batch(done: int) -> None:
            nonlocal told
            if time.monotonic() - told >= TELL_EVERY_S:
                told = time.monotonic()
                self._emit(Phase("asking the teacher", done, len(split)))
                if self._stop_requested():
                    raise StopAsked

        return predict(self.model(), split, self._device, "teacher", after_batch)

    def _tell(self, split: Split, kept: Kept, logits: NDArray[np.float32], seconds: float) -> None:
        rows = f"Teacher's answers on {len(split):,} {split.name} rows"
        if kept.found:
            self._emit(Log(f"{rows}: from the cache."))
        else:
            self._emit(Log(f"{rows}: asked in {seconds:.1f} s ({size_in_words(logits.nbytes)})."))

    @staticmethod
    def _facts_of(model: PreTrainedModel) -> dict[str, Any]:
        return {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "output_order": getattr(model, "output_order", None),
        }
