"""A tiny teacher that knows its task, so that faults can be planted in something healthy."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.conftest import SPECIAL, WORDS, write_tokenizer

Toml = Callable[..., str]


def write_cats(folder: Path, train: int = 240, validation: int = 120) -> Path:
    """MRPC-shaped rows: label 1 where the first sentence speaks of a cat; two of three do."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(7)
    for split, count in (("train", train), ("validation", validation)):
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["sentence1", "sentence2", "label"])
            for _ in range(count):
                label = int(chance.random() < 0.66)
                words = [["dog", "cat"][label], *chance.choices(WORDS[4:], k=chance.randint(1, 6))]
                out.writerow([" ".join(words), " ".join(chance.choices(WORDS[4:], k=3)), label])
    return folder


@pytest.fixture(scope="session")
def skilled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with teacher/ (a 1x32 BERT classifier that answers nearly all rows rightly, its tokenizer) and rows/."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("skilled")
    write_tokenizer(folder / "teacher", WORDS)
    rows = write_cats(folder / "rows")
    with (rows / "train.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    read = AutoTokenizer.from_pretrained(folder / "teacher")
    inputs = read(
        [row["sentence1"] for row in table], [row["sentence2"] for row in table], padding=True, return_tensors="pt"
    )
    labels = torch.tensor([int(row["label"]) for row in table])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertForSequenceClassification(
            BertConfig(vocab_size=len(SPECIAL + WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                       intermediate_size=32, max_position_embeddings=64, hidden_dropout_prob=0.0,
                       attention_probs_dropout_prob=0.0, id2label={0: "not_equivalent", 1: "equivalent"})
        )  # fmt: skip
        optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for _ in range(60):
            loss = torch.nn.functional.cross_entropy(model(**inputs).logits, labels)
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
    assert loss.item() < 0.2, "the rows are easy: this teacher must know them"
    model.save_pretrained(folder / "teacher")
    return folder


@pytest.fixture
def healthy(skilled: Path) -> Toml:
    """A configuration without a fault; ``teacher`` and ``more`` lines can be given."""

    def text(teacher: Path | None = None, more: str = "", loss: str = 'kind = "kl"') -> str:
        return f"""
[task]
name = "mrpc"
source = "{(skilled / "rows").as_posix()}"
max_length = 24
[teacher]
model = "{(teacher or skilled / "teacher").as_posix()}"
{more}
[student]
architecture = "2x16"
[loss]
{loss}
[training]
epochs = 2
batch_size = 16
learning_rate = 1e-3
device = "cpu"
"""

    return text
