"""What all contenders share: rows, teacher, first weights, loss, epochs, threads. Every measured process reads it; no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

PADDED = 128  # tokens, for the contenders that pad to a fixed length


@dataclass(frozen=True)
class Setting:
    """Paths are absolute. ``students`` holds a folder ``seed-N`` for every seed: the weights the product itself begins with."""

    task: str
    rows_folder: str
    train_rows: int
    validation_rows: int
    teacher: str
    students: str
    architecture: str
    epochs: int
    batch_size: int = 32
    learning_rate: float = 3e-4
    label_weight: float = 0.5
    temperature: float = 2.0
    max_length: int = PADDED
    threads: int = 1
    teacher_keep: str = "logits"
    features: str = ""  # [[features]] of ours

    def student(self, seed: int) -> Path:
        return Path(self.students) / f"seed-{seed}"

    def with_label_weight(self, weight: float) -> Setting:
        return replace(self, label_weight=weight)

    def write(self, file: Path) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        return file

    @classmethod
    def read(cls, file: Path) -> Setting:
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def toml(self, seed: int) -> str:
        """The product's configuration of the same run. ``keep = "last"``: the others' final student is their last one too."""
        return f"""
name = "benchmark"
[task]
name = {json.dumps(self.task)}
source = {json.dumps(self.rows_folder)}
max_length = {self.max_length}
[teacher]
model = {json.dumps(self.teacher)}
keep = {json.dumps(self.teacher_keep)}
[student]
architecture = {json.dumps(self.architecture)}
[loss]
kind = "kl"
lambda = {self.label_weight}
temperature = {self.temperature}
[training]
epochs = {self.epochs}
batch_size = {self.batch_size}
learning_rate = {self.learning_rate}
seed = {seed}
keep = "last"
device = "cpu"
{self.features}"""
