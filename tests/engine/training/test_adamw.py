"""The optimiser comes to the numbers of torch's own, to the last bit, and does not bring torch's compiler along."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from engine.training.adamw import AdamW


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3), nn.Linear(3, 3))


def groups(of: nn.Module) -> list[dict[str, object]]:
    matrices = [p for p in of.parameters() if p.dim() == 2]
    return [
        {"params": matrices, "weight_decay": 0.1},
        {"params": [p for p in of.parameters() if p.dim() < 2], "weight_decay": 0.0},
    ]


def backward(of: nn.Sequential, number: int, whole: bool = True) -> None:
    inputs = torch.randn(4, 5, generator=torch.Generator().manual_seed(number))
    (of if whole else of[:3])(inputs).square().sum().backward()


def test_steps_are_those_of_torch_also_where_a_parameter_has_no_gradient_at_first() -> None:
    ours, theirs = model(), model()
    mine, reference = AdamW(groups(ours)), torch.optim.AdamW(groups(theirs), fused=True)
    for number in range(6):
        for given, optimiser in ((ours, mine), (theirs, reference)):
            for group in optimiser.param_groups:
                group["lr"] = 0.1 / (number + 1)
            backward(given, number, whole=number > 1)
            optimiser.step()
            optimiser.zero_grad()
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    kept, known = mine.state_dict(), reference.state_dict()
    assert kept["state"].keys() == known["state"].keys()
    for number, values in kept["state"].items():
        assert all(
            torch.equal(values[name], known["state"][number][name]) for name in ("step", "exp_avg", "exp_avg_sq")
        )


def test_a_scale_divides_the_gradients_where_they_lie() -> None:
    ours, theirs = model(), model()
    mine, reference = AdamW(groups(ours)), AdamW(groups(theirs))
    for number in range(3):
        backward(ours, number)
        backward(theirs, number)
        for parameter in theirs.parameters():
            assert parameter.grad is not None
            parameter.grad /= 4.0
        mine.step(torch.tensor(4.0))
        reference.step()
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b) and torch.equal(a.grad, b.grad)  # type: ignore[arg-type]
        mine.zero_grad()
        reference.zero_grad()


def test_it_goes_on_from_its_state() -> None:
    whole, pieces = model(), model()
    one, first = AdamW(groups(whole)), AdamW(groups(pieces))
    for number in range(4):
        backward(whole, number)
        backward(pieces, number)
        one.step()
        first.step()
        one.zero_grad()
        first.zero_grad()
        kept, first = first.state_dict(), AdamW(groups(pieces))
        first.load_state_dict(kept)
        kept["state"][0]["exp_avg"].zero_()  # what was handed over is nobody else's
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), pieces.parameters(), strict=True))


@pytest.mark.parametrize("raised", [0.0, 1.0])
def test_a_raised_flag_leaves_everything_as_it_was(raised: float) -> None:
    ours = model()
    optimiser = AdamW(groups(ours))
    backward(ours, 0)
    optimiser.step()
    before = [p.detach().clone() for p in ours.parameters()]
    optimiser.found_inf = torch.tensor(raised)
    optimiser.step()
    same = [torch.equal(p, was) for p, was in zip(ours.parameters(), before, strict=True)]
    assert all(same) if raised else not any(same)
    assert {float(state["step"]) for state in optimiser.state.values()} == {1.0 if raised else 2.0}


def test_a_step_leaves_the_compiler_out() -> None:
    code = (
        "import sys, torch; from engine.training.adamw import AdamW\n"
        "p = torch.nn.Parameter(torch.ones(3)); o = AdamW([{'params': [p]}]); p.sum().backward(); o.step(); o.zero_grad()\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
