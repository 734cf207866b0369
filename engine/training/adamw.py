"""AdamW over torch's fused kernel. Knows parameters and their gradients; no model and no schedule.

torch's own class comes to the same numbers, but building the first one imports torch's compiler, which takes as long as
importing torch itself: a third of the CPU time of a short run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

Group = dict[str, Any]


class AdamW:
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019, Algorithm 2), one kernel for all parameters of a group.

    Of a group ``lr`` may be changed between steps. ``state`` holds for each parameter that ever had a gradient ``step``,
    ``exp_avg`` and ``exp_avg_sq``, as torch's class names them.
    """

    def __init__(
        self, groups: Iterable[Group], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        self.param_groups: list[Group] = [
            {"lr": lr, "betas": betas, "eps": eps, "weight_decay": 0.01, **group, "params": list(group["params"])}
            for group in groups
        ]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}
        # A tensor that is not 0 makes the kernel leave everything as it was, without asking the device (torch's GradScaler).
        self.found_inf: Tensor | None = None

    def step(self, grad_scale: Tensor | None = None) -> None:
        """One step; gradients count divided by ``grad_scale``, a scalar on their device, and are so afterwards."""
        import torch

        for group in self.param_groups:
            used = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not used:
                continue
            states = [self.state.get(parameter) or self._begin(parameter) for parameter in used]
            steps = [state["step"] for state in states]
            with torch.no_grad():
                torch._foreach_add_(steps, 1)
                torch._fused_adamw_(
                    used,
                    [parameter.grad for parameter in used],
                    [state["exp_avg"] for state in states],
                    [state["exp_avg_sq"] for state in states],
                    [],
                    steps,
                    lr=group["lr"],
                    beta1=group["betas"][0],
                    beta2=group["betas"][1],
                    weight_decay=group["weight_decay"],
                    eps=group["eps"],
                    amsgrad=False,
                    maximize=False,
                    grad_scale=grad_scale,
                    found_inf=self.found_inf,
                )
                if self.found_inf is not None:
                    torch._foreach_sub_(steps, [self.found_inf] * len(steps))

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """``state`` by the number of the parameter in the order of the groups, and the groups with these numbers."""
        numbers = self._numbers()
        state = {numbers[parameter]: dict(kept) for parameter, kept in self.state.items()}
        groups = [
            {**group, "params": [numbers[parameter] for parameter in group["params"]]} for group in self.param_groups
        ]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        """Go on from a ``state_dict()``; its tensors may be anywhere."""
        for group, settings in zip(self.param_groups, kept["param_groups"], strict=True):
            group.update({name: value for name, value in settings.items() if name != "params"})
        self.state = {}
        for parameter, number in self._numbers().items():
            if number in kept["state"]:
                values = kept["state"][number]
                self.state[parameter] = {name: value.to(parameter.device).clone() for name, value in values.items()}

    def _begin(self, parameter: nn.Parameter) -> dict[str, Tensor]:
        import torch

        self.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
        }
        return self.state[parameter]

    def _numbers(self) -> dict[nn.Parameter, int]:
        every = [parameter for group in self.param_groups for parameter in group["params"]]
        return {parameter: number for number, parameter in enumerate(every)}
