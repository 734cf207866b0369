"""The order of the teacher's outputs: planted permutations are found, and nothing else is called one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from engine import catalog
from engine.diagnosis.label_order import order_findings, try_orders

MNLI, MRPC = catalog.tasks()["mnli"], catalog.tasks()["mrpc"]


def knowing(rows: int, classes: int, strength: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (rows, classes) that lean to the label by ``strength`` standard deviations, and the labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=rows)
    return random.normal(size=(rows, classes)) + strength * np.eye(classes)[labels], labels


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_permutation_of_three_is_found(order: tuple[int, ...]) -> None:
    logits, labels = knowing(256, 3, 2.0)
    planted = np.empty_like(logits)
    planted[:, list(order)] = logits  # output order[c] now speaks of class c
    found = try_orders(planted, labels)
    assert found.order == order
    assert found.wrong == (order != (0, 1, 2)) and found.confirmed == (order == (0, 1, 2))
    assert found.accuracy_reordered > 0.7


@pytest.mark.parametrize("classes", [7, 20])
def test_many_classes_are_an_assignment(classes: int) -> None:
    logits, labels = knowing(40 * classes, classes, 3.0)
    order = np.random.default_rng(3).permutation(classes)
    planted = np.empty_like(logits)
    planted[:, order] = logits
    found = try_orders(planted, labels)
    assert found.order == tuple(order) and found.wrong
    assert try_orders(logits, labels).confirmed


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_teacher_that_knows_nothing_has_no_order(classes: int) -> None:
    for seed in range(60):
        logits, labels = knowing(256, classes, 0.0, seed)
        assert not try_orders(logits, labels).wrong


def test_a_lopsided_teacher_at_chance_is_not_called_swapped() -> None:
    # The other class is commoner, so swapping would score much better; it would still know nothing.
    random = np.random.default_rng(4)
    labels = (random.random(256) < 0.7).astype(int)
    logits = np.tile([2.0, -2.0], (256, 1)) + 0.1 * random.normal(size=(256, 2))
    found = try_orders(logits, labels)
    assert not found.wrong and found.accuracy_as_read < 0.4


def test_a_biased_teacher_that_knows_is_left_as_it_is() -> None:
    logits, labels = knowing(256, 2, 1.5)
    logits[:, 0] += 4  # nearly always says class 0, but says it louder where it is true
    assert not try_orders(logits, labels).wrong


def test_few_rows_are_no_proof() -> None:
    logits, labels = knowing(6, 2, 0.5, seed=1)
    found = try_orders(logits[:, ::-1], labels)
    assert not found.wrong and not found.confirmed


def test_the_words_and_the_remedy() -> None:
    logits, labels = knowing(256, 3, 2.0)
    names = {number: f"LABEL_{number}" for number in range(3)}
    (finding,), _ = order_findings(MNLI, logits[:, [2, 0, 1]], labels, names, None)
    assert finding.level == "stop" and finding.key == "teacher.model"
    # output 0 of this teacher is what the task calls class 2, and so on
    assert f"its output 0 means {MNLI.labels[2]}" in finding.text
    assert f'"0": "{MNLI.labels[2]}", "1": "{MNLI.labels[0]}", "2": "{MNLI.labels[1]}"' in finding.remedy
    assert finding.numbers["order"] == [1, 2, 0]


def test_wrong_names_are_told_by_the_real_outputs() -> None:
    """The names say swapped, so outputs are read swapped; but the names are wrong."""
    logits, labels = knowing(256, 2, 2.0)
    names = {0: "equivalent", 1: "not_equivalent"}
    (finding,), _ = order_findings(MRPC, logits[:, [1, 0]], labels, names, [1, 0])
    assert finding.level == "stop" and '"0": "not_equivalent", "1": "equivalent"' in finding.remedy


@pytest.mark.parametrize(
    ("names", "order", "strength", "level"),
    [
        (["not_equivalent", "equivalent"], None, 2.0, "fine"),
        (["not_equivalent", "equivalent"], None, 0.0, "fine"),  # what it is worth is told elsewhere
        (["LABEL_0", "LABEL_1"], None, 2.0, "fine"),
        (["LABEL_0", "LABEL_1"], None, 0.0, "look"),
        (["no", "yes"], None, 2.0, "fine"),
        (["no", "yes"], None, 0.0, "look"),
        (["equivalent", "not_equivalent"], [1, 0], 2.0, "fine"),
        (["equivalent", "not_equivalent"], [1, 0], 0.0, "look"),
    ],
)  # fmt: skip
def test_names_are_believed_as_far_as_rows_confirm_them(
    names: list[str], order: list[int] | None, strength: float, level: str
) -> None:
    logits, labels = knowing(256, 2, strength)
    (finding,), _ = order_findings(MRPC, logits, labels, dict(enumerate(names)), order)
    assert finding.level == level and bool(finding.remedy) == (level != "fine")


def test_names_out_of_a_file_are_plain_and_short() -> None:
    logits, labels = knowing(64, 2, 0.0)
    (finding,), _ = order_findings(MRPC, logits, labels, {0: "\x1b[31mred", 1: "y" * 500}, None)
    assert "\x1b" not in finding.text and len(finding.text) < 300


def test_a_constant_output_is_no_crash() -> None:
    labels = np.array([0, 1] * 20)
    found = try_orders(np.zeros((40, 2)), labels)
    assert not found.wrong and not found.confirmed
