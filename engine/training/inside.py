"""Where a teacher's inside comes from: asked of the live model at each step, or kept and brought along by each batch.

Whoever compares with it is handed tensors by name and does not know which. Knows models; no loss and no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from engine.errors import ModelError
from engine.models.forward import Forward
from engine.models.tensors import Tap, body_of
from engine.types import Body

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers import PreTrainedModel

WHOSE = "features, teacher"  # begins the sentences of what is wrong with a tensor's name


@dataclass(frozen=True)
class Wanted:
    """What a run's feature terms read of a teacher: the tensors' names; its body, and the path of the model below its head."""

    names: tuple[str, ...]
    body: Body
    trunk: str


class Inside(Protocol):
    """A teacher's inside. ``trunk`` is the path of the model below its head; ``output_order`` tells which of its outputs is
    each class of the task, None for the same order."""

    @property
    def body(self) -> Body: ...

    @property
    def trunk(self) -> str: ...

    @property
    def output_order(self) -> Sequence[int] | None: ...

    def want(self, names: Iterable[str]) -> None:
        """These tensors will be asked for. Raises ModelError where there is no such one."""

    def tensors(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The wanted tensors for a batch's ``teacher_inputs``, on their device."""

    def close(self) -> None:
        """Nothing more will be asked."""


class LiveInside:
    """Asks the model. It is put into eval mode on the device; its pass runs without gradients and ends with the last tensor
    that is wanted. ``precision`` is its autocast type, None for float32."""

    def __init__(self, model: PreTrainedModel, device: torch.device, precision: torch.dtype | None) -> None:
        self.body = body_of(model, "teacher.model")
        self.trunk: str = getattr(model, "base_model_prefix", "")
        self.output_order: Sequence[int] | None = getattr(model, "output_order", None)
        self._model, self._forward = model, Forward(model)
        self._device, self._precision = device, precision
        cast("nn.Module", model).to(device).eval()
        self._tap: Tap | None = None

    def want(self, names: Iterable[str]) -> None:
        self.close()
        self._tap = Tap(self._model, names, WHOSE, nothing_else=True)

    def tensors(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        import torch

        assert self._tap is not None, "nothing is wanted yet"
        half = torch.autocast(
            self._device.type, dtype=self._precision or torch.bfloat16, enabled=self._precision is not None
        )
        with torch.no_grad(), half, self._tap.listening():
            self._forward(inputs)
        return self._tap.take()

    def close(self) -> None:
        """Take the hooks off the model."""
        if self._tap is not None:
            self._tap.close()
            self._tap = None


class KeptInside:
    """Takes the tensors out of the batch, which brings them along (``TeacherRows``); there is no model."""

    def __init__(self, body: Body, trunk: str, output_order: Sequence[int] | None) -> None:
        self.body, self.trunk, self.output_order = body, trunk, output_order
        self._names: tuple[str, ...] = ()

    def want(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def tensors(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: inputs[name].float() for name in self._names}

    def close(self) -> None:
        pass


def must_be_of_rows(name: str, values: Tensor | None, mask: Tensor, where: str) -> Tensor:
    """``values`` where they are (rows, tokens, width) or (rows, width) for a batch's ``mask``, bool (rows, tokens).

    Raises ModelError, its sentence beginning with ``where``, where they are not.
    """
    path = name.removeprefix("module/")
    if values is None:
        text = f"{path} is never run by itself and gives no tensor; choose another module."
        raise ModelError(f"{where}: {text}")
    if values.dim() not in (2, 3) or values.shape[: values.dim() - 1] != mask.shape[: values.dim() - 1]:
        raise ModelError(
            f"{where}: {path} gives {tuple(values.shape)} for {len(mask)} rows of {mask.shape[1]} tokens; "
            "choose a module that gives (rows, tokens, width) or (rows, width)."
        )
    return values


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names of tensors in a sentence: the first few, and how many more there are."""
    shown = [name.removeprefix("module/") for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")
