"""TextBrewer 0.2.1 (Apache-2.0): its GeneralDistiller with a live teacher, as in its own examples; needs the extra ``bench``."""

from __future__ import annotations

import time
from typing import Any

import torch
from textbrewer import DistillationConfig, GeneralDistiller, TrainingConfig
from torch.utils.data import DataLoader
from transformers import get_linear_schedule_with_warmup

from tests.benchmarks.peer import Lesson, Outcome, evaluate


def train(lesson: Lesson) -> Outcome:
    """Train the lesson's student in place.

    Its KD loss is a cross-entropy at T without the others' T², which goes into the weight. Before each evaluation it also
    saves the student, as it always does.
    """
    setting = lesson.setting
    seen: list[tuple[dict[str, float], float]] = []
    spent = 0.0

    def look(model: Any, step: int) -> None:
        nonlocal spent
        begun = time.perf_counter()
        seen.append(evaluate(lesson))
        spent += time.perf_counter() - begun

    def student_says(batch: Any, outputs: Any) -> dict[str, Any]:
        return {"logits": outputs.logits, "losses": outputs.loss}

    def teacher_says(batch: Any, outputs: Any) -> dict[str, Any]:
        return {"logits": outputs.logits}

    distiller = GeneralDistiller(
        TrainingConfig(output_dir=str(lesson.folder / "textbrewer"), device="cpu"),
        DistillationConfig(
            temperature=setting.temperature,
            kd_loss_weight=(1 - setting.label_weight) * setting.temperature**2,
            hard_label_weight=setting.label_weight,
        ),
        lesson.teacher,
        lesson.student,
        teacher_says,
        student_says,
    )
    optimiser = torch.optim.AdamW(lesson.decayed(), lr=setting.learning_rate)
    rows: Any = lesson.train
    loader = DataLoader(rows, setting.batch_size, shuffle=True, collate_fn=lesson.collate)
    schedule = {"num_warmup_steps": int(0.1 * lesson.total_steps), "num_training_steps": lesson.total_steps}
    with distiller:
        distiller.train(
            optimiser, loader, num_epochs=setting.epochs, scheduler_class=get_linear_schedule_with_warmup,
            scheduler_args=schedule, max_grad_norm=1.0, callback=look,
        )  # fmt: skip
    return Outcome(0.0, spent, *seen[-1])
