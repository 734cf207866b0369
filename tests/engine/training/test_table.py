"""Training the used rows of a table alone comes to what training the whole table would, the unused rows included."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine import catalog
from engine.losses.objective import Objective
from engine.training.loop import Course
from engine.training.step import Learner, Stepper
from engine.training.table import moments_for, table_of

CPU = torch.device("cpu")
ROWS, WIDTH, PADDING = 40, 6, 0
USED = torch.tensor([0, 3, 5, 8, 21, 39])


class Bag(nn.Module):
    """Rows of a table, added up and classified."""

    def __init__(self, padding: int | None = PADDING, tied: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(ROWS, WIDTH, padding)
        self.head = nn.Linear(WIDTH, 3)
        if tied:
            self.other = nn.Linear(WIDTH, ROWS)
            self.other.weight = self.table.weight

    def get_input_embeddings(self) -> nn.Module:
        return self.table

    def forward(self, rows: Tensor) -> Any:
        return SimpleNamespace(logits=self.head(self.table(rows).sum(1)))


def stepper(model: nn.Module, used: Tensor | None) -> Stepper:
    loss = catalog.losses()["none"]
    targets = torch.eye(3)[torch.arange(12) % 3]
    learner = Learner(model, Objective(loss, loss.settings(kind="none")), targets, used=used)
    return Stepper(learner, Course(1, 0.1, weight_decay=0.3, clip_norm=0.5), CPU, lambda text: None)


def batch(number: int) -> Any:
    chance = torch.Generator().manual_seed(number)
    inputs = {"rows": USED[torch.randint(len(USED), (12, 4), generator=chance)]}
    return SimpleNamespace(inputs=inputs, teacher_inputs=inputs, indices=torch.arange(12), padded=0)


def steps(taker: Stepper, numbers: range) -> list[Any]:
    return [taker.take(batch(number), 0.1 / (number + 1), 0.0) for number in numbers]


@pytest.mark.parametrize("padding", [PADDING, None, 7])
def test_it_is_the_mathematics_of_the_whole_table(padding: int | None) -> None:
    plain, reduced = Bag(padding), Bag(padding)
    reference = torch.optim.AdamW([{"params": list(plain.parameters())[:2], "weight_decay": 0.3},
                                   {"params": [plain.head.bias], "weight_decay": 0.0}], fused=False, foreach=False)  # fmt: skip
    taker = stepper(reduced, USED)
    assert taker.table is not None and reduced.table.weight.shape == (len(USED), WIDTH)
    for number in range(20):
        taken = taker.take(batch(number), 0.1 / (number + 1), 0.0)
        loss = nn.functional.cross_entropy(plain(**batch(number).inputs).logits, torch.arange(12) % 3)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
        for group in reference.param_groups:
            group["lr"] = 0.1 / (number + 1)
        reference.step()
        reference.zero_grad()
        torch.testing.assert_close(taken.values["loss"], loss.detach(), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(taken.values["gradient_norm"], norm, rtol=1e-5, atol=1e-6)
        if number % 7 == 3:  # looked at now and then, or not: it makes no difference
            torch.testing.assert_close(reduced.state_dict()["table.weight"], plain.table.weight.detach())
    reduced.eval()
    with torch.inference_mode():
        reduced(USED[:, None])  # as an evaluation does; what it made serves others too
    everything = torch.arange(ROWS)[:, None]
    torch.testing.assert_close(reduced(everything).logits, plain(everything).logits)
    unused = [row for row in range(ROWS) if row not in USED.tolist()]
    assert not torch.equal(plain.table.weight[unused], Bag(padding).table.weight[unused]), "decay reaches them"
    torch.testing.assert_close(reduced.state_dict()["table.weight"][unused], plain.table.weight[unused].detach())


def test_the_model_is_afterwards_as_it_was_found() -> None:
    model = Bag()
    taker = stepper(model, USED)
    seen: list[tuple[int, ...]] = []
    model.table.register_forward_hook(lambda module, given, output: seen.append(tuple(output.shape)))
    steps(taker, range(3))
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    taker.close()
    assert seen == [(12, 4, WIDTH)] * 3 and "forward" not in vars(model.table)
    assert model.table.weight.shape == (ROWS, WIDTH) and model.table.weight.requires_grad
    assert list(kept) == list(Bag().state_dict())
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    steps(stepper(model, None), range(2))  # and trains whole


def test_kept_and_taken_up_again_it_goes_on_to_the_last_bit_wherever_it_was_cut() -> None:
    whole = Bag()
    steps(stepper(whole, USED), range(9))
    for cuts in ([4], [1, 2, 3, 8]):
        model, kept = Bag(), None
        for start, end in zip([0, *cuts], [*cuts, 9], strict=True):
            taker = stepper(model, USED)
            assert taker.table is not None
            if kept is not None:
                weights, state, moments = kept
                model.load_state_dict(weights)
                taker.table.load(state)
                taker.optimiser.load_state_dict(moments)
            steps(taker, range(start, end))
            weights = {name: value.clone() for name, value in model.state_dict().items()}
            kept = weights, taker.table.state(), taker.optimiser.state_dict()
            model = Bag()
        assert kept is not None
        assert all(torch.equal(value, kept[0][name]) for name, value in whole.state_dict().items())


def test_where_it_does_not_apply_nothing_is_changed() -> None:
    assert table_of(Bag(), None, CPU) is None
    assert table_of(nn.Linear(2, 2), USED, CPU) is None, "inputs that are no rows of a table"
    assert table_of(Bag(tied=True), USED, CPU) is None, "other gradients reach every row"
    assert table_of(Bag(), torch.arange(30), CPU) is None, "too little to gain"
    assert table_of(Bag(), USED, torch.device("cuda")) is None
    frozen = Bag()
    frozen.table.weight.requires_grad_(False)
    assert table_of(frozen, USED, CPU) is None


def test_a_step_that_was_not_taken_shrinks_nothing() -> None:
    model = Bag()
    taker = stepper(model, USED)
    steps(taker, range(1))
    before = model.state_dict()["table.weight"].clone()
    with torch.no_grad():
        model.head.bias[0] = float("nan")
    steps(taker, range(1))
    assert torch.equal(model.state_dict()["table.weight"], before)


def test_a_run_may_go_on_where_the_table_is_not_reduced_and_the_other_way_round() -> None:
    whole = torch.zeros(ROWS, WIDTH)
    whole[USED] = torch.randn(len(USED), WIDTH)
    assert torch.equal(moments_for(whole, whole[USED], USED), whole)
    assert torch.equal(moments_for(whole[USED], whole, USED), whole[USED])
    assert moments_for(whole, whole, USED) is whole and moments_for(whole[0], whole[0], USED) is not None
