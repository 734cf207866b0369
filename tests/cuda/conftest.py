"""A GPU or a reason why not; tiny models and rows of its own. No network, no window.

``DISTILL_CUDA_TESTS_ON=cpu`` runs on the CPU what holds there as well, to see that the suite itself is not broken.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.engine.conftest import SPECIAL, WORDS, write_pairs, write_tokenizer

STANDS_IN = os.environ.get("DISTILL_CUDA_TESTS_ON", "") == "cpu"


@pytest.fixture(scope="session")
def device() -> torch.device:
    if STANDS_IN:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA GPU here: python -m pytest tests/cuda on a machine that has one (tests/cuda/README.md)")
    return torch.device("cuda", 0)


@pytest.fixture(scope="session")
def gpu(device: torch.device) -> torch.device:
    """For what only a GPU can show."""
    if device.type != "cuda":
        pytest.skip("only a GPU can show this")
    return device


@pytest.fixture(autouse=True)
def nothing_stays_on_the_gpu() -> Iterator[None]:
    """Each test begins with an empty device, torch's switches as they are at the start of a process."""
    yield
    torch.use_deterministic_algorithms(False)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.set_sync_debug_mode(0)
        torch.cuda.empty_cache()


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with teacher/ (4x32 with a head, no dropout), student/ (2x32, no dropout) and pairs/ (44 rows of training)."""
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("cuda")
    for name, layers in (("teacher", 4), ("student", 2)):
        write_tokenizer(folder / name, WORDS)
        torch.manual_seed(layers)
        shape = BertConfig(
            vocab_size=len(SPECIAL + WORDS), hidden_size=32, num_hidden_layers=layers, num_attention_heads=4,
            intermediate_size=48, max_position_embeddings=64, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
            initializer_range=0.2, id2label={0: "not_equivalent", 1: "equivalent"}, num_labels=2,
        )  # fmt: skip
        BertForSequenceClassification(shape).save_pretrained(folder / name)
    write_pairs(folder / "pairs")
    return folder


@pytest.fixture
def toml(material: Path, device: torch.device) -> str:
    """A whole configuration without dropout; the last line belongs to [training]."""
    return f"""
[task]
name = "mrpc"
source = "{(material / "pairs").as_posix()}"
max_length = 24
[teacher]
model = "{(material / "teacher").as_posix()}"
[student]
architecture = "{(material / "student").as_posix()}"
init = "pretrained"
[loss]
kind = "kl"
[training]
epochs = 4
batch_size = 16
learning_rate = 1e-3
device = "{device.type}"
"""
