"""Bounds against the literature's own numbers, and the permutation test against permutations."""

from __future__ import annotations

import numpy as np
import pytest

from engine.diagnosis.chance import dependence, fisher, log_probabilities, wilson


def test_wilson_against_published_intervals() -> None:
    # Newcombe 1998, table I, method 3 (score without continuity correction)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=1e-4)


def test_fisher_holds_what_it_promises() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        first = random.normal(size=40)
        second = 0.6 * first + 0.8 * random.normal(size=40)  # correlation 0.6
        low, high = fisher(float(np.corrcoef(first, second)[0, 1]), 40)
        held += low < 0.6 < high
    assert 0.92 < held / 400 < 0.98
    assert fisher(0.9, 3) == (-1.0, 1.0)
    low, high = fisher(1.0, 50)
    assert 0.99 < low < high <= 1


def test_log_probabilities_are_a_distribution_at_any_size() -> None:
    found = log_probabilities(np.array([[1e4, -1e4, 0.0], [1.0, 2.0, 3.0]], np.float32))
    assert np.isfinite(found).all() and np.allclose(np.exp(found).sum(axis=1), 1)


def test_dependence_is_the_z_of_all_permutations() -> None:
    random = np.random.default_rng(1)
    log_p = log_probabilities(random.normal(size=(60, 3)))
    labels = random.choice(3, size=60, p=[0.7, 0.2, 0.1])
    dealt = [log_p[np.arange(60), random.permutation(labels)].sum() for _ in range(20000)]
    own = log_p[np.arange(60), labels].sum()
    assert dependence(log_p, labels) == pytest.approx((own - np.mean(dealt)) / np.std(dealt), abs=0.05)


def test_lopsided_outputs_that_know_nothing_are_no_dependence() -> None:
    random = np.random.default_rng(2)
    labels = (random.random(300) < 0.7).astype(int)
    constant = np.tile([-2.0, 2.0], (300, 1))
    assert dependence(log_probabilities(constant), labels) == 0.0
    found = [dependence(log_probabilities(constant + random.normal(size=(300, 2))), labels) for _ in range(200)]
    assert abs(np.mean(found)) < 0.3 and 0.8 < np.std(found) < 1.2
