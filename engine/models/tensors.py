"""Reads tensors inside a model by name through forward hooks, so that a loss never edits a model. Knows no loss.

Names are those of ``engine.types.FeaturePlan``: ``hidden/3``, ``query/3``, ``key/3``, ``value/3``, ``module/<path>``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import ModelError
from engine.models.shape import body_of_shape, shape_from_json
from engine.types import Body

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

_PROJECTIONS = {
    "query": ("query", "q_lin", "q_proj"),
    "key": ("key", "k_lin", "k_proj"),
    "value": ("value", "v_lin", "v_proj"),
}


class _AllSeen(Exception):
    """Ends a forward pass of which nothing more is wanted."""


class Tap:
    """Holds the named tensors of a model's forward passes while it listens. ``whose`` begins the sentences of its errors.

    ``nothing_else`` ends each pass that is read as soon as the last tensor is there: nothing above it is computed, and the
    model's own answer never comes. With a ``module/<path>`` among the names passes are whole, as it may run more than once.
    Raises ModelError where the model has no such tensor.
    """

    def __init__(self, model: PreTrainedModel, names: Iterable[str], whose: str, nothing_else: bool = False) -> None:
        names = list(dict.fromkeys(names))
        self._seen: dict[str, Tensor] = {}
        self._listening = False
        ends_early = nothing_else and not any(name.startswith("module/") for name in names)
        self._enough = len(names) if ends_early else None
        modules = [(_module(model, name, whose), name) for name in names]
        self._handles = [self._hook(module, name) for module, name in modules]
        self._tell: Callable[[bool], None] = getattr(model, "reading_inside", lambda begins: None)

    def _hook(self, module: nn.Module, name: str) -> Any:
        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            if self._listening:
                self._seen[name] = _first_tensor(output)
                if len(self._seen) == self._enough:
                    raise _AllSeen

        return module.register_forward_hook(keep)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Forward passes inside this are read; others, such as an evaluation's, cost nothing."""
        self._seen = {}  # of a pass that failed, for want of memory for example: it would hold its whole graph
        self._listening = True
        self._tell(True)
        try:
            yield
        except _AllSeen:
            pass
        finally:
            self._listening = False
            self._tell(False)

    def take(self) -> dict[str, Tensor]:
        """The tensors of the last forward pass that was read, by name; they are forgotten here."""
        seen, self._seen = self._seen, {}
        return seen

    def close(self) -> None:
        """Leave the model as it was."""
        for handle in self._handles:
            handle.remove()


def body_of(model: PreTrainedModel, whose: str) -> Body:
    """What feature losses may know of a model. Raises ModelError where its layers cannot be told."""
    shape = shape_from_json(model.config.to_dict())
    if shape is None:
        raise ModelError(
            f"{whose}: feature losses need an encoder of layers; {type(model).__name__} does not say its layers."
        )
    return body_of_shape(shape, model.config.to_dict())


def _module(model: PreTrainedModel, name: str, whose: str) -> nn.Module:
    kind, _, place = name.partition("/")
    if kind == "module":
        known = dict(model.named_modules())
        if place not in known:
            close = difflib.get_close_matches(place, [path for path in known if path], n=3, cutoff=0.4)
            meant = f"; did you mean {' or '.join(f'“{path}”' for path in close)}?" if close else "."
            raise ModelError(f"{whose}: {type(model).__name__} has no module “{place}”{meant}")
        return known[place]
    if kind == "hidden" and place == "0":
        return _embeddings(model, whose)
    layer = _layers(model, whose)[int(place) - 1]
    if kind == "hidden":
        return layer
    for path, module in layer.named_modules():
        if path.rpartition(".")[2] in _PROJECTIONS[kind]:
            return module
    raise ModelError(f"{whose}: {type(model).__name__} has no {kind} projection that could be read.")


def _embeddings(model: PreTrainedModel, whose: str) -> nn.Module:
    found = getattr(model.base_model, "embeddings", None)
    if found is None:
        raise ModelError(f"{whose}: {type(model).__name__} has no module for all of its embeddings (layer 0).")
    return found


def _layers(model: PreTrainedModel, whose: str) -> nn.ModuleList:
    """The list of the encoder's layers: the outermost one as long as the config says."""
    from torch import nn

    shape = shape_from_json(model.config.to_dict())
    for module in model.base_model.modules():
        if shape is not None and isinstance(module, nn.ModuleList) and len(module) == shape.layers:
            return module
    raise ModelError(
        f"{whose}: {type(model).__name__} shares or hides its layers, so that they cannot be read one by one."
    )


def _first_tensor(output: Any) -> Tensor:
    if hasattr(output, "shape"):
        return output
    parts = output.values() if hasattr(output, "values") else output
    return next(part for part in parts if hasattr(part, "shape"))
