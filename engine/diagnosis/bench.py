"""What the doctor's parts share: the findings so far, and what is measured on. Knows no finding of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine import catalog
from engine.config import DistillationConfig
from engine.data.split import Split
from engine.diagnosis.finding import Diagnosis, Finding
from engine.diagnosis.sample import Sample
from engine.errors import EngineError
from engine.losses.objective import Objective
from engine.types import Task

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")


@dataclass
class Examination:
    diagnosis: Diagnosis

    def tell(self, *findings: Finding) -> None:
        self.diagnosis.findings += findings

    def attempt(self, check: str, title: str, key: str, look: Callable[[], Result]) -> Result | None:
        """The result of ``look``; None where it raised a person's mistake, which is a finding then."""
        try:
            return look()
        except EngineError as error:
            where, colon, rest = str(error).partition(": ")
            named = bool(colon) and "." in where and " " not in where
            self.tell(Finding("stop", check, title, rest if named else str(error), "", where if named else key))
            return None

    def drop(self, check: str, *keys: str) -> None:
        """Take back what the check said about these keys: it has been measured."""
        self.diagnosis.findings = [
            found for found in self.diagnosis.findings if not (found.check == check and found.key in keys)
        ]


@dataclass(frozen=True)
class Bench:
    """What everything is measured on."""

    config: DistillationConfig
    task: Task
    sample: Sample
    device: torch.device
    precision: torch.dtype | None
    threads: int

    @property
    def train(self) -> Split:
        return self.sample.data.train

    @property
    def objective(self) -> Objective:
        return Objective(catalog.losses()[self.config.loss.kind], self.config.loss, self.task.kind)
