"""What can be said of the device without torch: a GPU that cannot be used is refused before a run is stored."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.errors import EngineError
from engine.training import likely_device as module
from engine.training.likely_device import built_for_gpus, likely_device


@pytest.mark.parametrize(
    "line, has",
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = None", False),
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None", True),
        ("cuda: Optional[str] = None\nhip: Optional[str] = '6.4'", True),
        ("something else", True),
    ],
)
def test_what_torch_is_built_for_is_read_from_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, has: bool
) -> None:
    (tmp_path / "version.py").write_text(f"__version__ = '2.13.0'\ndebug = False\n{line}\n")
    monkeypatch.setattr(module, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    assert built_for_gpus.__wrapped__() is has


def test_the_installed_one_is_read_as_it_says_of_itself() -> None:
    import torch

    assert built_for_gpus.__wrapped__() is (torch.version.cuda is not None or torch.version.hip is not None)


def test_a_gpu_that_cannot_be_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus: list[str] | None = ["H100"]
    monkeypatch.setattr(module, "_gpus", lambda: gpus)
    monkeypatch.setattr(module, "built_for_gpus", lambda: True)
    assert likely_device("auto") == ("cuda:0", "fastest device found · bf16 · H100")
    assert likely_device("cuda") == ("cuda", "chosen in the configuration")
    with pytest.raises(EngineError, match=r"^training.device: it is “cuda:1”, but there is only one, counted from 0"):
        likely_device("cuda:1")
    gpus = []
    with pytest.raises(EngineError, match="no CUDA GPU was found"):
        likely_device("cuda")
    gpus = None
    assert likely_device("cuda")[0] == "cuda", "another maker's, or one that only torch can find"
    gpus = ["H100"]
    monkeypatch.setattr(module, "built_for_gpus", lambda: False)
    with pytest.raises(EngineError, match="built for the CPU alone"):
        likely_device("cuda:0")
    assert likely_device("auto") == ("cpu", "the installed PyTorch is built for the CPU alone, so H100 is not used")
