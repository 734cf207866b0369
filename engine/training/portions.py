"""Passes that only look at rows, in as many parts as the memory needs; and what it looks like when a memory is too small.

Knows inputs of (rows, tokens) and a function that looks at them; nothing of models and scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from engine.errors import EngineError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# torch has a type of its own for a GPU's memory only; the second is what its CPU part says, the third cuBLAS.
_SIGNS = ("out of memory", "can't allocate memory", "cublas_status_alloc_failed")

Found = TypeVar("Found")


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of a GPU or of the machine is too small."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(sign in said for sign in _SIGNS))


class TooLittleMemory(EngineError):
    """Not even one row by itself fits."""

    def __init__(self, device: torch.device, tokens: int, doing: str, remedy: str) -> None:
        super().__init__(
            f"The memory of {device} is too small for even one row of {tokens} tokens {doing}. Choose {remedy}, or another "
            "device; or close what else takes this memory."
        )


def forget_failed_pass(device: torch.device) -> None:
    """Give back what a pass held that failed. To be called when its exception is no longer being handled: that holds it too."""
    import torch

    if device.type == "cuda":
        torch.cuda.empty_cache()


class Portions:
    """Whoever looks at rows asks for ``each`` portion; what is learnt of the memory holds for the next batches too.

    ``tell`` is told in a sentence when they become smaller.
    """

    def __init__(self, device: torch.device, tell: Callable[[str], None] = lambda text: None) -> None:
        self._device, self._tell = device, tell
        self._places: int | None = None  # rows times tokens that fit, None while everything does
        self.several = True
        """Whether several batches fit at a time, as far as is known."""

    def one_at_a_time(self) -> None:
        """Several batches at a time did not fit."""
        self.several = False
        self._tell(
            "Memory ran out while several batches were looked at side by side: they are now taken one at a time."
        )

    def each(
        self, inputs: Mapping[str, Tensor], look: Callable[[dict[str, Tensor]], Found]
    ) -> Iterator[tuple[slice, Found]]:
        """What ``look`` finds in the rows of ``inputs``, moved to the device, and in which of them; in one part where it fits.

        The parts are as wide as the whole. Raises TooLittleMemory.
        """
        rows, width = next(iter(inputs.values())).shape[:2]
        start = 0
        while start < rows:
            size = min(rows - start, max(1, self._places // width) if self._places else rows)
            cut = slice(start, start + size)
            try:
                found = look({name: values[cut].to(self._device, non_blocking=True) for name, values in inputs.items()})
            except (RuntimeError, MemoryError) as error:
                if not ran_out_of_memory(error):
                    raise
                if size == 1:
                    remedy = "a smaller task.max_length or a smaller model"
                    raise TooLittleMemory(self._device, width, "that is only looked at", remedy) from error
            else:
                yield cut, found
                start += size
                continue
            forget_failed_pass(self._device)
            size = -(-size // 2)
            self._places = size * width
            self._tell(
                "The device ran out of memory while rows were scored or asked about: they are now taken "
                f"{size} of {width} tokens at a time; what is found stays the same."
            )
