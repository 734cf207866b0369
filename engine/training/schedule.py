"""The learning rate over the steps; plain numbers, no torch."""

from __future__ import annotations


def rate_factor(step: int, total: int, warmup_share: float) -> float:
    """Factor of the peak rate at optimiser step ``step`` (from 0): linear rise over the warm-up, then linear fall to 0.

    Devlin et al. 2019 (BERT), appendix A.2. The first step has a rate above 0, so no step is wasted.
    """
    warmup = int(total * warmup_share)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return max(0.0, (total - step) / max(1, total - warmup))


def evaluation_steps(steps_per_epoch: int, epochs: int, per_epoch: int) -> set[int]:
    """After which steps (from 1) the validation rows are scored: ``per_epoch`` times, evenly, always at an epoch's end."""
    steps = set()
    for epoch in range(epochs):
        for part in range(1, per_epoch + 1):
            steps.add(epoch * steps_per_epoch + max(1, steps_per_epoch * part // per_epoch))
    return steps
