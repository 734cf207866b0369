"""Checks an exported classifier against the stored one: the same logits on fixed rows. Knows no run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.types import Task

LARGEST_DIFFERENCE = 1e-6

# Short, long, empty of words, other scripts, digits and signs: what a tokenizer or a mask could get wrong.
ROWS = (
    ("The invoice was paid twice last month.", "We were charged two times."),
    ("Nothing.", "Everything changed after the meeting on 3 May 2021, or so the minutes say."),
    ("He said, “it’s 50 % off – isn’t it?”", "A discount of one half was announced."),
    ("naïve façade, Zürich, 東京, Ωmega", "Plain words only"),
    ("?!", "…"),
    ("a " * 150, "b " * 150),
)


def largest_difference(stored: Path, exported: Path, task: Task, max_length: int) -> float:
    """Largest absolute difference of logits between the two folders over ``ROWS``, each run by itself.

    ``exported`` is loaded by plain transformers. Raises ModelError if it does not load whole or differs by more than
    ``LARGEST_DIFFERENCE``.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    from engine.models.load import load_classifier, load_tokenizer  # the catalogue looks into this file

    logging.disable_progress_bar()
    model, info = AutoModelForSequenceClassification.from_pretrained(
        exported, local_files_only=True, output_loading_info=True
    )
    if info["missing_keys"] or info["unexpected_keys"]:
        names = sorted([*info["missing_keys"], *info["unexpected_keys"]])
        raise ModelError(f"The exported student does not load whole ({', '.join(names[:3])}); nothing was kept.")
    tokenizer = AutoTokenizer.from_pretrained(exported, local_files_only=True)
    reference = load_classifier(str(stored), task, "the stored student", weights_only=False, trained_head=True)
    reference_tokenizer = load_tokenizer(str(stored), "the stored student")
    largest = 0.0
    for row in ROWS:
        texts = row[: len(task.text_columns)]
        ours = _logits(reference, reference_tokenizer, texts, max_length)
        theirs = _logits(model, tokenizer, texts, max_length)
        if ours.shape != theirs.shape:
            raise ModelError(
                "The exported student has another number of outputs than the stored one; nothing was kept."
            )
        largest = max(largest, float((ours - theirs).abs().max()))
    if not largest <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"The exported student's logits differ by {largest:g} from the stored one's; nothing was kept."
        )
    return largest


def _logits(model: nn.Module, tokenizer: Any, texts: tuple[str, ...], max_length: int) -> Tensor:
    """Logits of one row, shape (1, outputs), in float32."""
    import torch

    encoded = tokenizer(*texts, truncation=True, max_length=max_length, return_tensors="pt")
    with torch.inference_mode():
        logits: Tensor = model.eval()(**encoded).logits
    return logits.float()
