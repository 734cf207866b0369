"""Whether the teacher's outputs stand in the order of the task's classes: measured over permutations, on labelled rows.

Numpy only; knows no model. A silent fault otherwise: the student would be taught the opposite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.diagnosis.chance import dependence, log_probabilities
from engine.diagnosis.finding import Finding, shown
from engine.types import Task

ALL_PERMUTATIONS = 6  # classes up to which every order is tried; above, the best is found as an assignment
FALSE_ALARM = 0.001  # how often an order that is right may be called wrong, over all orders together


@dataclass(frozen=True)
class OrderTest:
    """``order[c]`` is the output (as the teacher is read now) that fits class c best; ``wrong``: surely better than as read.

    ``confirmed``: as it is read is surely better than every other order.
    """

    order: tuple[int, ...]
    wrong: bool
    confirmed: bool
    accuracy_as_read: float
    accuracy_reordered: float
    dependence_reordered: float


def try_orders(logits: NDArray[Any], labels: NDArray[np.int64]) -> OrderTest:
    """Try other orders of the outputs of ``logits`` (rows, classes) against the ``labels``.

    What is compared is each row's log-probability of its own label, less what that output gives on average, paired row by
    row; the bound allows for the number of orders tried (Bonferroni).
    """
    log_p = log_probabilities(logits)
    classes = log_p.shape[1]
    centred = log_p - log_p.mean(axis=0)
    fit = np.stack([centred[labels == number].sum(axis=0) for number in range(classes)])  # (class, output)
    as_read = tuple(range(classes))
    best, next_best = _best_two(fit)
    order = best if _fit(fit, best) > _fit(fit, as_read) else as_read
    surely = NormalDist().inv_cdf(1 - FALSE_ALARM / max(1.0, _orders(classes) - 1))
    right = np.asarray(logits).argmax(axis=1) == labels
    reordered = np.asarray(logits)[:, order].argmax(axis=1) == labels
    knows = dependence(log_p[:, order], labels)
    wrong = (
        order != as_read
        and _paired(centred, labels, order, as_read) > surely
        and knows > surely
        and reordered.mean() > right.mean()
    )
    rival = next_best if best == as_read else best
    confirmed = order == as_read and rival != as_read and _paired(centred, labels, as_read, rival) > surely
    return OrderTest(order, bool(wrong), confirmed, float(right.mean()), float(reordered.mean()), knows)


def order_findings(
    task: Task, logits: NDArray[Any], labels: NDArray[np.int64], names: dict[int, str], output_order: list[int] | None
) -> tuple[list[Finding], OrderTest]:
    """The findings about the order. ``logits`` as they are read now; ``names`` are the teacher's id2label,
    ``output_order`` which of its outputs each class is read from (None: the same)."""
    found = try_orders(logits, labels)
    read = output_order or list(range(task.outputs))
    numbers = {
        "rows": len(labels),
        "order": list(found.order),
        "accuracy_as_read": found.accuracy_as_read,
        "accuracy_reordered": found.accuracy_reordered,
        "names": [shown(names.get(number, "")) for number in range(task.outputs)],
    }
    if found.wrong:
        class_of = {read[output]: task.labels[number] for number, output in enumerate(found.order)}
        means = ", ".join(f"its output {number} means {class_of[number]}" for number in sorted(class_of))
        table = ", ".join(f'"{number}": "{class_of[number]}"' for number in sorted(class_of))
        text = (
            f"The teacher's outputs stand in another order than the task's classes: {means} "
            f"(accuracy {found.accuracy_reordered:.2f} so, {found.accuracy_as_read:.2f} as read now, on {len(labels)} rows)."
        )
        remedy = f'In the teacher\'s config.json write "id2label": {{{table}}}.'
        return [Finding("stop", "label_order", "Label order", text, remedy, "teacher.model", numbers)], found
    said = [str(names.get(number, "")).strip() for number in range(task.outputs)]
    if output_order is not None:
        text = f"The teacher's outputs stand in another order ({_list(said)}) and are read by their names as {_list(task.labels)}"
        level, remedy = ("fine", "") if found.confirmed else ("look", "Make sure that the names are right.")
    elif _says_nothing(said):
        text = "The teacher's config.json does not name its outputs; they are read in the task's order"
        level, remedy = "fine", ""
        if not found.confirmed:
            level, remedy = "look", f"Make sure that its outputs are {_list(task.labels)}, in this order."
    elif [name.casefold() for name in said] == [label.casefold() for label in task.labels]:
        text = f"The teacher's outputs are named in the task's order ({_list(task.labels)})"
        level, remedy = "fine", ""
    else:
        text = f"The teacher calls its outputs {_list(said)}; they are read as {_list(task.labels)}, in this order"
        level, remedy = "fine", ""
        if not found.confirmed:
            level, remedy = "look", "Make sure that they mean this, or rename them in its config.json (id2label)."
    measured = "the rows confirm it" if found.confirmed else f"{len(labels)} rows could not confirm it"
    finding = Finding(level, "label_order", "Label order", f"{text}; {measured}.", remedy, "teacher.model", numbers)  # type: ignore[arg-type]
    return [finding], found


def _best_two(fit: NDArray[np.float64]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The order with the largest sum of ``fit[class, output]``, and the next; above ``ALL_PERMUTATIONS`` classes the
    next is the best that moves some pair of neighbouring classes."""
    classes = len(fit)
    if classes <= ALL_PERMUTATIONS:
        ranked = sorted(permutations(range(classes)), key=lambda order: -_fit(fit, order))
        return ranked[0], ranked[min(1, len(ranked) - 1)]
    from scipy.optimize import linear_sum_assignment

    best = tuple(int(output) for output in linear_sum_assignment(fit, maximize=True)[1])
    swapped = [_swapped(best, one, other) for one in range(classes) for other in range(one)]
    return best, max(swapped, key=lambda order: _fit(fit, order))


def _swapped(order: tuple[int, ...], one: int, other: int) -> tuple[int, ...]:
    changed = list(order)
    changed[one], changed[other] = changed[other], changed[one]
    return tuple(changed)


def _fit(fit: NDArray[np.float64], order: tuple[int, ...]) -> float:
    return float(fit[np.arange(len(fit)), list(order)].sum())


def _paired(
    centred: NDArray[np.float64], labels: NDArray[np.int64], order: tuple[int, ...], other: tuple[int, ...]
) -> float:
    """By how many standard errors an order fits the rows better than another; 0 where all rows say the same of both."""
    rows = np.arange(len(labels))
    gain = centred[rows, np.array(order)[labels]] - centred[rows, np.array(other)[labels]]
    spread = float(gain.std(ddof=1)) if len(gain) > 1 else 0.0
    return float(gain.mean()) / (spread / math.sqrt(len(gain))) if spread > 1e-12 else 0.0


def _orders(classes: int) -> float:
    return min(1e9, float(math.factorial(min(classes, 20))))


def _says_nothing(names: list[str]) -> bool:
    return all(not name or name.lower().startswith("label_") for name in names)


def _list(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(shown(name) for name in names[:6]) + (", …" if len(names) > 6 else "")
