"""What safetensors files say they hold, and whether that is what a model of this kind has. No weight is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.files import opened
from engine.models.outline import Outline
from engine.models.shape import PLAIN_ATTENTION
from engine.visible import cut, on_one_line

_FLOATS = ("F16", "BF16", "F32", "F64")
FORMER = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}  # as TensorFlow called them


@dataclass(frozen=True)
class TensorHeader:
    """Type (F32, BF16 …) and shape of a stored tensor."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        count = 1
        for extent in self.shape:
            count *= extent
        return count


def headers_of(files: Sequence[Path], key: str) -> dict[str, TensorHeader]:
    """Every tensor of these files by name. Raises ModelError where one is not a whole safetensors file."""
    from safetensors import SafetensorError, safe_open

    found: dict[str, TensorHeader] = {}
    for file in files:
        try:
            with opened(file):  # a pipe or a device is refused before the library waits for it
                pass
            with safe_open(file, framework="np") as content:  # checks lengths, offsets, types and the file's end
                for name in content.keys():  # noqa: SIM118 - not a dict
                    part = content.get_slice(name)
                    found[name] = TensorHeader(part.get_dtype(), tuple(part.get_shape()))
        except (OSError, SafetensorError, ValueError, MemoryError) as error:
            reason = getattr(error, "strerror", None) or error
            cut_off = "not fully covered" in str(error) or "InvalidHeaderLength" in str(error)
            said = "the file is cut off, or is none" if cut_off else cut(on_one_line(str(reason)), 200)
            raise ModelError(f"{key}: {file} is not a sound safetensors file ({said}); get it again.") from None
    return found


def must_be_of(
    model: Outline, stored: dict[str, TensorHeader], reference: str, key: str, with_head: bool = False
) -> None:
    """Raises ModelError where stored tensors are not those of ``model``: other names, sizes, types.

    ``with_head`` asks for those of its head as well, and that none is drawn anew.
    """
    base = f"{model.prefix}."
    wanted = {
        name.removeprefix(base): size for name, size in model.weights.items() if with_head or name.startswith(base)
    }
    held = {_named(name).removeprefix(base): header for name, header in stored.items()}
    known = [name for name in held if name in wanted]
    if not known:
        raise ModelError(f"{key}: none of the weights in {reference} are of the model its config.json describes.")
    for name in known:
        if held[name].shape != wanted[name]:
            shapes = " × ".join(map(str, held[name].shape)), " × ".join(map(str, wanted[name]))
            raise ModelError(
                f"{key}: in {reference} the weights of {name} are {shapes[0]}, by its config.json they are {shapes[1]}; its files "
                "do not belong together."
            )
        if held[name].dtype not in _FLOATS:
            raise ModelError(
                f"{key}: in {reference} the weights of {name} are {held[name].dtype}, not floating-point numbers."
            )
    # Newer kinds are stored under other names than their modules have, so only for these is a missing name a missing weight.
    if model.kind not in PLAIN_ATTENTION:
        return
    lacking = [name for name in wanted if name not in held and (with_head or "pooler" not in name)]
    body = [name for name in lacking if f"{base}{name}" in model.weights and "pooler" not in name]
    if body:
        raise ModelError(f"{key}: {reference} lacks the weights of {', '.join(body[:3])}; its files are not complete.")
    if lacking:
        raise ModelError(
            f'{key}: {reference} lacks the weights of {", ".join(lacking[:3])}; choose training = "fine_tune".'
        )


def _named(name: str) -> str:
    for former, now in FORMER.items():
        name = name.replace(former, now)
    return name
