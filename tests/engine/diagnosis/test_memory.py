"""The forecast of memory: weights by count, activations by measurement, against what is free."""

from __future__ import annotations

import pytest
import torch

from engine import catalog
from engine.diagnosis.memory import Phase, activation_bytes, free_bytes, memory_finding, training_bytes
from engine.models.recompute import recompute_layers
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from tests.engine.diagnosis.conftest import Toml
from tests.engine.diagnosis.test_tokens import sample_of

CPU = torch.device("cpu")


def test_weights_gradients_moments_and_on_the_cpu_the_best() -> None:
    assert training_bytes(1000, CPU) == 20_000
    assert training_bytes(1000, torch.device("cuda")) == 16_000


def test_layers_that_recompute_keep_their_inputs_and_the_inside_of_one(healthy: Toml) -> None:
    encoding = sample_of(healthy()).data.train.encodings["student"]
    places = 16 * int(encoding.lengths.max())

    def of(layers: int, recompute: bool) -> int:
        model = random_classifier(EncoderShape(layers, 32, 4, 128, 40), catalog.tasks()["mrpc"])
        if recompute:
            recompute_layers(model)
        return activation_bytes(model, encoding, 16, CPU, None)

    assert of(1, True) >= of(1, False), "of one layer nothing is saved"
    assert of(8, True) < of(8, False) / 3
    more = (of(8, True) - of(4, True)) / 4
    assert 0.75 * places * 32 * 4 <= more <= 1.5 * places * 32 * 4, "a layer more is its input more: 32 numbers a token"


def test_activations_grow_with_rows_and_layers(healthy: Toml) -> None:
    encoding = sample_of(healthy()).data.train.encodings["student"]
    task = catalog.tasks()["mrpc"]

    def of(layers: int, rows: int) -> int:
        shape = EncoderShape(layers, 32, 4, 128, 40)
        return activation_bytes(random_classifier(shape, task), encoding, rows, CPU, None)

    assert of(2, 64) == 2 * of(2, 32)
    one, two, four = of(1, 16), of(2, 16), of(4, 16)
    assert four - two == pytest.approx(2 * (two - one), rel=0.05)
    # A layer keeps about 34 bytes at half precision a token and unit (Korthikanti et al. 2022, §4.1), at float32 up to
    # twice that, and a dropout's mask as wide as its numbers: between these bounds, attention's own included.
    tokens = 16 * int(encoding.lengths.max())
    assert 34 * tokens * 32 < two - one < 160 * tokens * 32


def test_against_what_is_free() -> None:
    phases = [Phase("student", 400, 300, 100), Phase("teacher", 900, 100, 0)]
    for free, level in ((10_000, "fine"), (1_150, "look"), (1_000, "stop")):
        found = memory_finding(phases, 50, free, "cpu")
        assert found.level == level and found.numbers["need"] == 1_050 and found.key == "teacher.batch_size"
        assert bool(found.remedy) == (level != "fine")


def test_a_gpu_takes_batches_in_parts_unless_the_weights_do_not_fit() -> None:
    assert memory_finding([Phase("student", 400, 3000, 0)], 0, 1000, "cuda:0").level == "look"
    assert memory_finding([Phase("student", 4000, 300, 0)], 0, 1000, "cuda:0").level == "stop"
    assert memory_finding([Phase("student", 4, 3, 0)], 0, 1000, "cuda:0", ["taken in parts"]).level == "look"


def test_something_is_free_here() -> None:
    assert free_bytes(CPU) > 50_000_000
