"""A model's forward pass through torch.compile, over a few lengths so that few are compiled. Knows models, no training.

The model itself, its weights' names and its hooks stay as they are: only this call goes another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

# Rows are padded to one of these lengths, each at most half as long again as the one before: every length is compiled once.
RUNGS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
SMALL = 25_000_000  # weights of an encoder below which a GPU waits for launches more than it computes


class Compiled:
    """For batches of exactly ``rows`` rows that are no longer than the longest rung.

    ``graphs`` lets torch record each length's kernels and launch them as one (CUDA graphs, mode “reduce-overhead”).
    """

    def __init__(self, model: nn.Module, rows: int, graphs: bool, backend: str = "inductor") -> None:
        import torch
        import torch._dynamo

        torch._dynamo.reset()  # what other runs of this process compiled counts towards torch's limit, and holds memory
        torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 4 * len(RUNGS))
        self.rows, self.graphs = rows, graphs
        self._padding = int(getattr(getattr(model, "config", None), "pad_token_id", None) or 0)
        how: dict[str, Any] = {"mode": "reduce-overhead"} if graphs else {}
        self._run = torch.compile(model.forward, dynamic=False, backend=backend, **how)

    def takes(self, inputs: Mapping[str, Tensor]) -> bool:
        """Whether a batch has the shape that is compiled for."""
        rows, length = inputs["input_ids"].shape
        return rows == self.rows and length <= RUNGS[-1]

    def __call__(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The logits (rows, outputs); inputs of (rows, tokens) or, a mask, (rows, 1, 1, tokens)."""
        import torch

        if self.graphs:
            torch.compiler.cudagraph_mark_step_begin()
        logits: Tensor = self._run(**self.padded(inputs)).logits
        return logits.clone() if self.graphs else logits  # the next launch of the graph writes to the same place

    def padded(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The inputs padded to the next rung: nothing attends to what is added."""
        from torch.nn.functional import pad

        length = inputs["input_ids"].shape[1]
        more = rung(length) - length
        if not more:
            return dict(inputs)
        return {
            name: pad(values, (0, more), value=self._padding if name == "input_ids" else 0)
            for name, values in inputs.items()
        }

    def close(self) -> None:
        """Forget all that was compiled, and the memory that graphs hold."""
        import torch._dynamo

        torch._dynamo.reset()


def rung(length: int) -> int:
    """The length that rows of this length are padded to; beyond the longest rung their own."""
    return next((found for found in RUNGS if found >= length), length)


def is_small(model: nn.Module) -> bool:
    """Whether a GPU spends a step of the model mostly waiting for launches."""
    base = getattr(model, "base_model", model)
    encoder = getattr(base, "encoder", None) or getattr(base, "transformer", None) or base
    return sum(weight.numel() for weight in encoder.parameters()) <= SMALL
