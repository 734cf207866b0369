"""What each term of an objective does to the student: its share of the logits' gradient, and what the teacher changes in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.losses.objective import Objective
from engine.losses.term import Term

if TYPE_CHECKING:
    from torch import Tensor, nn


def gradient_shares(
    objective: Objective, student_logits: Tensor, teacher_logits: Tensor, target: Tensor
) -> dict[str, float]:
    """{"labels": …, "teacher": …, "influence": …}, each from 0; logits and target (examples, outputs).

    A term's share is the norm of its gradient with respect to the student's logits over the sum of all terms' norms.
    The influence is ‖g − g°‖ / (‖g‖ + ‖g°‖), g the whole gradient and g° that with a uniform teacher (all logits 0): between
    0, where the teacher's signal does not reach the student (the Taylor loss at T = 1, γ = 1), and 1, where it turns it around.
    """
    import torch

    def gradients(teacher: Tensor) -> dict[str, Tensor]:
        leaf = student_logits.detach().float().requires_grad_()
        terms = objective.terms(leaf, teacher, target)
        return {name: torch.autograd.grad(term.weighted, leaf, retain_graph=True)[0] for name, term in terms.items()}

    with torch.enable_grad():
        told, untold = gradients(teacher_logits), gradients(torch.zeros_like(teacher_logits))
    norms = torch.stack([gradient.norm() for gradient in told.values()])
    whole, blind = (torch.stack(list(found.values())).sum(0) for found in (told, untold))
    most = (whole.norm() + blind.norm()).clamp_min(1e-30)
    values = torch.cat([norms / norms.sum().clamp_min(1e-30), ((whole - blind).norm() / most)[None]]).tolist()
    return dict(zip([*told, "influence"], values, strict=True))


def parameter_shares(terms: dict[str, Term], parameters: Sequence[nn.Parameter]) -> dict[str, float]:
    """Each term's share of the student's gradient: the norm of its gradient over all ``parameters``, over the sum of all terms'.

    Also says what a feature term does, which never touches the logits. One backward pass a term; the graph is left whole.
    """
    import torch

    norms = []
    for term in terms.values():
        if not term.raw.requires_grad:  # a term that is over, such as a layer-by-layer transfer after its stages
            norms.append(torch.zeros((), device=term.raw.device))
            continue
        found = torch.autograd.grad(term.weighted, parameters, retain_graph=True, allow_unused=True)
        norms.append(torch.stack([gradient.norm() for gradient in found if gradient is not None]).norm())
    sizes = torch.stack([norm.float() for norm in norms])
    return dict(zip(terms, (sizes / sizes.sum().clamp_min(1e-30)).tolist(), strict=True))
