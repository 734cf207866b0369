"""A table of rows, such as an embedding, of which the training's examples use a small part: only that part is trained.

A row that no example names has no gradient and no moments, so that all AdamW ever does to it is to shrink it: after steps
with learning rates lr and weight decay wd it is w·∏(1 − lr·wd). That is put in when somebody looks at the whole table: an
evaluation, a copy of the weights, the end. Same mathematics, a fraction of the bytes a step. Knows no text and no tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

LARGEST_SHARE = 0.5  # of the rows may be used: with more there is too little to gain


def table_of(model: nn.Module, used: Tensor | None, device: torch.device) -> UsedRows | None:
    """The model's input table reduced to its ``used`` rows, int64 and distinct; None where that does not apply or not pay.

    Only on the CPU: a GPU has the bandwidth, and would have to be asked after each step whether it was taken.
    """
    from torch import nn

    find = getattr(model, "get_input_embeddings", None)
    if used is None or device.type != "cpu" or find is None:
        return None
    table = find()
    if type(table) is not nn.Embedding or not table.weight.requires_grad or "forward" in vars(table):
        return None
    if table.max_norm is not None or table.scale_grad_by_freq or table.sparse:
        return None
    names = [name for name, weight in model.named_parameters(remove_duplicate=False) if weight is table.weight]
    if len(names) != 1 or len(used) > LARGEST_SHARE * table.num_embeddings:
        return None  # also somebody else's weights: their gradient may reach every row
    return UsedRows(table, used)


def moments_for(parameter: Tensor, kept: Tensor, used: Tensor | None) -> Tensor:
    """Kept moments in the shape of a parameter: a run may go on where its table is reduced and was not, or the other way."""
    if used is None or kept.dim() != 2 or kept.shape == parameter.shape:
        return kept
    if len(kept) != len(used):
        return kept[used]
    whole = kept.new_zeros(parameter.shape)
    whole[used] = kept
    return whole


class UsedRows:
    """While this is on, the parameter of ``table`` is (used, width), and its state dict still the whole table.

    In training mode it must be asked for ``used`` rows only; in evaluation mode for any.
    """

    def __init__(self, table: nn.Embedding, used: Tensor) -> None:
        import torch
        from torch import nn

        self._table, self.used = table, used
        self._rest = table.weight.detach().clone()  # as it was at the beginning, in its unused rows
        self._place = torch.full((table.num_embeddings,), -1)
        self._place[used] = torch.arange(len(used))
        self._padding = None if table.padding_idx is None else int(self._place[table.padding_idx])
        if self._padding == -1:
            self._padding = None
        self._shrunk = 1.0  # ∏(1 − lr·wd) so far; a float has the 53 bits that keep the product from drifting
        self._whole: Tensor | None = None
        table.weight = nn.Parameter(table.weight.detach()[used])
        table.forward = self._forward  # type: ignore[method-assign,assignment]
        self._hooks = [
            table.register_state_dict_post_hook(
                partial(self._give_whole)
            ),  # torch marks the hook, a method takes no mark
            table.register_load_state_dict_pre_hook(self._take_used),
        ]

    def stepped(self, lr: float, weight_decay: float) -> None:
        """An optimiser step was taken."""
        self._shrunk *= 1 - lr * weight_decay
        self._whole = None

    def whole(self) -> Tensor:
        """The whole table as it is now, (rows, width)."""
        import torch

        if self._whole is None:
            with (
                torch.inference_mode(False),
                torch.no_grad(),
            ):  # who asks may want no gradient; what is made here outlives that
                whole = self._rest * self._shrunk
                whole[self.used] = self._table.weight
            self._whole = whole  # only now: an evaluation asks in several threads at once
        return self._whole

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint must hold beside the model's state dict, so that it does not matter when it was written."""
        import torch

        shrunk = torch.tensor(self._shrunk, dtype=torch.float64)
        return {"rest": self._rest, "used": self.used, "shrunk": shrunk}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a ``state()``; without one the loaded weights are the beginning."""
        if state:
            self._rest, self._shrunk, self._whole = state["rest"].clone(), float(state["shrunk"]), None

    def close(self) -> None:
        """Give the table its whole parameter back."""
        from torch import nn

        whole = self.whole()
        for hook in self._hooks:
            hook.remove()
        del self._table.forward
        self._table.weight = nn.Parameter(whole)

    def _forward(self, rows: Tensor) -> Tensor:
        from torch.nn.functional import embedding

        if self._table.training:
            return embedding(self._place[rows], self._table.weight, self._padding)
        return embedding(rows, self.whole())

    def _give_whole(self, table: nn.Module, state: dict[str, Any], prefix: str, metadata: Any) -> None:
        state[f"{prefix}weight"] = self.whole()

    def _take_used(self, table: nn.Module, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Loaded weights are a beginning: what has shrunk so far is in them."""
        whole = state.get(f"{prefix}weight")
        if whole is None or len(whole) != len(self._rest):
            return
        self._rest, self._shrunk, self._whole = whole.detach().clone(), 1.0, None
        state[f"{prefix}weight"] = whole[self.used]
