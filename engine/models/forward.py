"""Calls a model with a batch's inputs so that nothing on the way asks the device for a value. Knows models, no training.

transformers looks whether a mask of shape (rows, tokens) leaves anything out (``mask.all()`` in its masking_utils) to do
without it where it can: on a GPU the processor then waits at every step until all that it launched is done. A batch knows
by itself whether it has padding; and a mask that is given in its final shape is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from engine.models.compiled import Compiled

if TYPE_CHECKING:
    from torch import Tensor, nn

MASK = "attention_mask"
SAME = 0.1  # of what a mask does to the logits: a smaller difference is one of rounding


class Forward:
    """Calls ``model``. What it gives is what the model gives for the same inputs.

    With ``compiled`` batches of its shape go that way, until that fails: then ``tell`` is told so in a sentence, once.
    """

    def __init__(
        self, model: nn.Module, compiled: Compiled | None = None, tell: Callable[[str], None] = lambda text: None
    ) -> None:
        self._model, self.compiled, self._tell = model, compiled, tell
        self._takes_final_masks = takes_final_masks(model)

    def __call__(self, inputs: Mapping[str, Tensor], padded: bool = True, as_it_is: bool = False) -> Any:
        """The model's output with ``logits``; ``padded`` tells whether any place of the inputs holds no token.

        ``as_it_is`` takes the model's own way, for a graph that is walked more than once.
        """
        import torch

        if self.compiled is not None and not as_it_is and self.compiled.takes(inputs):
            try:
                return SimpleNamespace(logits=self.compiled(self.prepared(inputs)))
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # whatever a compiler may raise: there is another way
                self._tell(f"Compiled no longer, as that failed ({reason_of(error)}); training goes on as it is.")
                self.plain()
        return self._model(**self.prepared(inputs, padded))

    def plain(self) -> None:
        """From now on nothing is compiled."""
        if self.compiled is not None:
            self.compiled.close()
            self.compiled = None

    def prepared(self, inputs: Mapping[str, Tensor], padded: bool = True) -> dict[str, Tensor]:
        """The inputs as the model is called with them."""
        if MASK not in inputs or not self._takes_final_masks:
            return dict(inputs)
        if not padded:
            return {name: values for name, values in inputs.items() if name != MASK}
        return {**inputs, MASK: final_mask(inputs[MASK])}


def reason_of(error: BaseException) -> str:
    """What a compiler said, in one short line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__


def final_mask(mask: Tensor) -> Tensor:
    """A mask (rows, tokens) as attention takes it, bool (rows, 1, 1, tokens): every head, every token looks at the same places."""
    return mask.bool()[:, None, None, :]


def takes_final_masks(model: nn.Module) -> bool:
    """Whether a mask in its final shape comes to the same as one of (rows, tokens), seen on two short rows; as does no mask to
    one that leaves nothing out. Draws no random number."""
    import torch

    if getattr(getattr(model, "config", None), "_attn_implementation", "") != "sdpa":
        return False  # attention of its own: other masks
    device = next(model.parameters()).device
    if device.type == "meta":
        return False
    tokens = torch.tensor([[1, 2, 3, 4], [1, 2, 3, 4]], device=device)
    mask = torch.ones_like(tokens)
    mask[1, 2:] = 0
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            by_rows, final = (
                model(input_ids=tokens, attention_mask=given).logits for given in (mask, final_mask(mask))
            )
            full, none = model(input_ids=tokens[:1], attention_mask=mask[:1]).logits, model(input_ids=tokens[:1]).logits
    except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError):
        return False  # it takes masks of one shape only, or other inputs
    finally:
        model.train(was_training)
    # The two rows differ by the mask alone: what that does is the measure of what is no difference, whatever the precision.
    effect = (by_rows[1] - by_rows[0]).abs().max()
    off = torch.stack([(by_rows - final).abs().max(), (full - none).abs().max()]).max()
    return bool(off <= SAME * effect)
