"""Every response and feature loss trains in bfloat16 on the GPU and begins where float32 on the CPU begins."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine import catalog
from tests.cuda.runs import train

TWO_CLASSES = [name for name, loss in catalog.losses().items() if "classification" in loss.kinds]


def begins_alike(toml: str, folder: Path, *settings: str) -> None:
    """A few steps here, one on the CPU: all finite, and the first step's terms within bfloat16's rounding of each other."""
    _, here = train(toml, folder / "here", *settings)
    _, there = train(toml, folder / "there", *settings, "training.device=cpu", "training.epochs=1")
    assert all(math.isfinite(value) for value in here.rows.values())
    assert len(here.curve("train/loss")) == 12
    terms = [name for name in there.at(1) if name.startswith(("train/loss", "train/raw"))]
    assert terms
    for name in terms:
        assert here.at(1)[name] == pytest.approx(there.at(1)[name], rel=0.08, abs=0.03), name


@pytest.mark.parametrize("kind", TWO_CLASSES)
def test_response_loss(kind: str, toml: str, tmp_path: Path) -> None:
    begins_alike(toml, tmp_path, f"loss.kind={kind}")


@pytest.mark.parametrize("kind", catalog.features())
def test_feature_loss(kind: str, toml: str, tmp_path: Path) -> None:
    begins_alike(f'{toml}\n[[features]]\nkind = "{kind}"\n', tmp_path)


@pytest.mark.parametrize("kind", ["kl", "none"])
def test_losses_have_deterministic_kernels_on_a_gpu(kind: str, toml: str, tmp_path: Path) -> None:
    """All feature losses at once: torch refuses where an operation has no kernel that sums in one order."""
    terms = "".join(f'\n[[features]]\nkind = "{name}"\n' for name in catalog.features()) if kind == "none" else ""
    kinds = TWO_CLASSES if kind == "kl" else ["none"]
    for name in kinds:
        _, heard = train(toml + terms, tmp_path / name, f"loss.kind={name}", "training.deterministic=true")
        assert "deterministic" in heard.facts["device_reason"]
        assert all(math.isfinite(value) for value in heard.rows.values())
