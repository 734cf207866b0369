"""Makes modules without memory and without first weights, for those that are only looked at or filled from a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class _NoDrawing(TorchFunctionMode):
    """nn.Embedding draws its weights even where there is no memory, and torch then imports its compiler: two seconds."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", "") == nn.init.__name__ and func.__name__.endswith("_"):
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@contextmanager
def undrawn() -> Iterator[None]:
    """Modules made inside this lie on the meta device: names and shapes, no numbers. No random number is used up."""
    with torch.device("meta"), _NoDrawing():
        yield
