"""One step by itself: batches in parts come to the same step, and a step without finite numbers changes nothing."""

from __future__ import annotations

from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine import catalog
from engine.losses.objective import Objective
from engine.training.loop import Course
from engine.training.portions import TooLittleMemory
from engine.training.step import Learner, Stepper

CPU = torch.device("cpu")


class Narrow(nn.Module):
    """A linear layer on a device with room for ``most`` rows."""

    def __init__(self, most: int = 1000) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.most, self.seen = nn.Linear(4, 3), most, list[int]()

    def forward(self, numbers: Tensor) -> Any:
        if len(numbers) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        self.seen.append(len(numbers))
        return SimpleNamespace(logits=self.layer(numbers))


class Features:
    """Stands in for a feature lesson: one term weighed by tokens, one that relates rows, each with what a step needs."""

    terms_by_name = MappingProxyType({"hidden": None, "rkd": None})
    weighed_by = MappingProxyType({"hidden": "tokens", "rkd": ""})

    def __init__(self) -> None:
        self.projectors = nn.ModuleDict()
        self.student_tap = SimpleNamespace(listening=lambda: torch.enable_grad())
        self.shares: list[float] = []
        self.state_now: dict[str, Tensor] = {}

    def valid(self, inputs: Any) -> Tensor:
        return inputs["numbers"] > 0

    def terms(self, inputs: Any, theirs: Any, progress: float, logit_terms: Any, share: float) -> Any:
        from engine.losses.term import Term

        self.shares.append(share)
        self.state_now = {"hidden/term": torch.tensor(float(len(self.shares)))}
        kept = inputs["numbers"][self.valid(inputs)]
        return {"hidden": Term(kept.mean(), 2.0), "rkd": Term(inputs["numbers"].mean(), 0.5)}

    def state(self) -> dict[str, Tensor]:
        return dict(self.state_now)

    def load(self, state: dict[str, Tensor]) -> None:
        self.state_now = dict(state)
        self.shares.clear()


def stepper(model: nn.Module, kind: str = "kl", features: Any = None, accumulate: int = 1) -> tuple[Stepper, list[str]]:
    torch.manual_seed(3)
    loss = catalog.losses()[kind]
    targets, teacher = torch.eye(3)[torch.arange(12) % 3], torch.randn(12, 3)
    said: list[str] = []
    learner = Learner(model, Objective(loss, loss.settings(kind=kind)), targets, teacher, features)
    return Stepper(learner, Course(1, 0.1, accumulate=accumulate), CPU, said.append), said


def batch(rows: int = 11) -> Any:
    torch.manual_seed(5)
    inputs = {"numbers": torch.randn(rows, 4)}
    return SimpleNamespace(inputs=inputs, teacher_inputs=inputs, indices=torch.arange(rows), padded=0)


@pytest.mark.parametrize("most, parts", [(6, [6, 5]), (4, [3, 3, 3, 2]), (1, [1] * 11)])
def test_a_batch_in_parts_comes_to_the_same_step(most: int, parts: list[int]) -> None:
    whole, narrow = Narrow(), Narrow(most)
    (one, _), (other, said) = stepper(whole), stepper(narrow)
    first, second = one.take(batch(), 0.1, 0.0), other.take(batch(), 0.1, 0.0, with_shares=True)
    assert narrow.seen == parts and other.rows_at_once == parts[0]
    assert first.values.keys() == second.values.keys()
    for name, value in first.values.items():
        torch.testing.assert_close(second.values[name], value, msg=name)
    torch.testing.assert_close(narrow.layer.weight, whole.layer.weight)
    torch.testing.assert_close(second.logits, first.logits.detach())
    assert second.rows.tolist() == list(range(11)) and second.shares.keys() == {"labels", "teacher"}
    assert said[-1].endswith(f"are now taken {parts[0]} at a time; batch size and loss stay the same.")
    narrow.seen.clear()
    other.take(batch(5), 0.1, 0.0)
    assert narrow.seen == ([5] if parts[0] >= 5 else [3, 2] if parts[0] == 3 else [1] * 5), (
        "it stays so, and is not said again"
    )
    assert len(said) == {6: 1, 3: 2, 1: 4}[parts[0]]


@pytest.mark.parametrize("kind", ["kl", "taylor", "mse_logits", "none"])
@pytest.mark.parametrize("accumulate, parts", [(2, [6, 5]), (4, [3, 3, 3, 2]), (50, [1] * 11)])
def test_accumulated_parts_come_to_the_same_step(kind: str, accumulate: int, parts: list[int]) -> None:
    whole, parted = Narrow(), Narrow()
    (one, _), (other, said) = stepper(whole, kind), stepper(parted, kind, accumulate=accumulate)
    for _ in range(3):
        first, second = one.take(batch(), 0.1, 0.0), other.take(batch(), 0.1, 0.0)
        for name, value in first.values.items():
            torch.testing.assert_close(second.values[name], value, msg=name)
    assert parted.seen == 3 * parts and other.rows_at_once is None and said == []
    torch.testing.assert_close(parted.layer.weight, whole.layer.weight)


def test_accumulated_parts_that_do_not_fit_are_halved() -> None:
    narrow = Narrow(3)
    taker, said = stepper(narrow, accumulate=2)
    taker.take(batch(), 0.1, 0.0)
    assert narrow.seen == [3, 3, 3, 2] and taker.rows_at_once == 3 and len(said) == 1
    narrow.seen.clear()
    taker.take(batch(5), 0.1, 0.0)
    assert narrow.seen == [3, 2], "never fewer parts than were asked for"
    narrow.seen.clear()
    taker.take(batch(4), 0.1, 0.0)
    assert narrow.seen == [2, 2]


def test_terms_are_weighed_by_what_they_are_means_of_and_those_that_relate_rows_are_named() -> None:
    features, parted = Features(), Features()
    one, _ = stepper(Narrow(), features=features)
    other, said = stepper(Narrow(6), features=parted)
    first, second = one.take(batch(), 0.1, 0.0), other.take(batch(), 0.1, 0.0)
    torch.testing.assert_close(second.values["raw/hidden"], first.values["raw/hidden"])
    torch.testing.assert_close(second.values["loss/hidden"], first.values["loss/hidden"])
    assert sum(parted.shares) == pytest.approx(1) and len(parted.shares) == 2 and features.shares == [1.0]
    assert said == [
        "The device ran out of memory: each step's rows are now taken 6 at a time. The batch size stays the same, but the "
        "term rkd relates the rows of a batch to each other and now sees only those of a part."
    ]


def test_what_a_failed_pass_left_in_the_dynamic_weights_is_undone() -> None:
    class Late(Narrow):
        def forward(self, numbers: Tensor) -> Any:
            if len(self.seen) == 1:
                self.seen.append(0)
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().forward(numbers)

    features = Features()
    taker, said = stepper(Late(), features=features)
    taker.rows_at_once = 6
    taker.take(batch(), 0.1, 0.0)
    assert len(features.shares) == 4 and sum(features.shares) == pytest.approx(1), "only those of the second attempt"
    assert len(said) == 1 and taker.rows_at_once == 3


def test_one_row_that_does_not_fit_is_the_end() -> None:
    taker, said = stepper(Narrow(0))
    with pytest.raises(TooLittleMemory, match="one row of 4 tokens that is trained on"):
        taker.take(batch(), 0.1, 0.0)
    assert taker.rows_at_once == 1 and len(said) == 4


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_step_without_finite_numbers_changes_nothing_nor_does_any_after_it_on_a_gpu(
    on_device: bool, bad: float
) -> None:
    """On a GPU the flag stays up until the next report, up to ten steps later; here it is made to act on the CPU."""
    model = Narrow()
    taker, _ = stepper(model)
    if on_device:
        taker.flag = torch.zeros(())
    taker.take(batch(), 0.1, 0.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = {name: value.clone() for name, value in taker.optimiser.state[model.layer.weight].items()}
    spoiled = batch()
    spoiled.inputs["numbers"][3] = bad
    taker.take(spoiled, 0.1, 0.0)
    if on_device:
        taker.take(batch(), 0.1, 0.0)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    now = taker.optimiser.state[model.layer.weight]
    assert all(torch.equal(value, now[name]) for name, value in state.items())


def test_the_flag_changes_no_number_while_all_is_well() -> None:
    plain, flagged = Narrow(), Narrow()
    (one, _), (other, _) = stepper(plain), stepper(flagged)
    other.flag = torch.zeros(())
    for _ in range(3):
        one.take(batch(), 0.1, 0.0)
        other.take(batch(), 0.1, 0.0)
    assert torch.equal(plain.layer.weight, flagged.layer.weight)
