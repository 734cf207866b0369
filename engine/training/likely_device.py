"""Which device training will very likely choose, asked of the driver and of torch's files alone: CUDA is never touched here."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from engine.errors import EngineError


def likely_device(wish: str) -> tuple[str, str]:
    """(device, reason) for "auto", "cpu", "cuda" or "cuda:N". Raises EngineError for a GPU that cannot be there.

    Whether CUDA works in the end only torch can say, when the run starts.
    """
    if wish.startswith("cuda"):
        names, number = _gpus(), int(wish.partition(":")[2] or 0)
        if not built_for_gpus():
            raise EngineError(
                f"training.device: it is “{wish}”, but the installed PyTorch is built for the CPU alone; choose “auto” or "
                "“cpu”, or install a PyTorch with CUDA."
            )
        if names is not None and number >= len(names):
            many = f"there {'is only one' if len(names) == 1 else f'are only {len(names)}'}, counted from 0"
            raise EngineError(
                f"training.device: it is “{wish}”, but {many if names else 'no CUDA GPU was found'}; choose “auto” or “cpu”."
            )
    if wish != "auto":
        return wish, "chosen in the configuration"
    if names := _gpus():
        if built_for_gpus():
            return "cuda:0", f"fastest device found · bf16 · {names[0]}"
        return "cpu", f"the installed PyTorch is built for the CPU alone, so {names[0]} is not used"
    return "cpu", "no CUDA GPU found"


@cache
def built_for_gpus() -> bool:
    """Whether the installed torch has CUDA or ROCm in it; where that cannot be read, it may."""
    try:
        spec = find_spec("torch")  # finds it without importing it
        text = (Path(str(spec.origin)).parent / "version.py").read_text(encoding="utf-8") if spec else ""
    except (OSError, ValueError, ImportError):
        return True
    said = dict(re.findall(r"^(cuda|hip|rocm)\b[^=\n]*=\s*(\S+)", text, re.MULTILINE))
    return not said or any(value != "None" for value in said.values())


def _gpus() -> list[str] | None:
    """The names of the GPUs that the driver has; None where no driver can be asked (none, or another maker's)."""
    try:
        import pynvml

        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        return [str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(number))) for number in range(count)]
    except Exception:
        return None
