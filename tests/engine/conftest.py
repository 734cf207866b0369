"""A tiny model, tokenizer and task folder, so that whole runs take a second."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.models.load import task_settings
from engine.models.shape import EncoderShape
from engine.types import Task

if TYPE_CHECKING:
    from transformers import BertConfig

WORDS = [
    "the", "a", "cat", "dog", "sat", "ran", "on", "under", "mat", "tree", "big", "small", "red", "blue", "and", "or", "not",
    "very", "now", "then",
]  # fmt: skip
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def write_tokenizer(folder: Path, words: list[str]) -> Path:
    """A WordPiece tokenizer that knows these words."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate(SPECIAL + words)}
    backend = BertWordPieceTokenizer(vocabulary, lowercase=True)
    PreTrainedTokenizerFast(
        tokenizer_object=backend._tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_input_names=["input_ids", "token_type_ids", "attention_mask"], model_max_length=64,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def write_berts_tokenizer(folder: Path) -> None:
    """The same words as BERT's own tokenizer, which is read without transformers."""
    from transformers import BertTokenizer

    vocabulary = {word: number for number, word in enumerate(SPECIAL + WORDS)}
    BertTokenizer(vocab=vocabulary, model_max_length=64).save_pretrained(folder)


def write_pairs(folder: Path, train: int = 44, validation: int = 20) -> Path:
    """MRPC-shaped CSV files: label 1 where both sentences speak of the same animal."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(5)
    for split, count in (("train", train), ("validation", validation)):
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["sentence1", "sentence2", "label"])
            for _ in range(count):
                pair = [chance.choice(["cat", "dog"]) for _ in range(2)]
                texts = [" ".join([animal, *chance.choices(WORDS[4:], k=chance.randint(1, 9))]) for animal in pair]
                out.writerow([*texts, int(pair[0] == pair[1])])
    return folder


def encoder_config(shape: EncoderShape, task: Task | None = None, padding: int = 0) -> BertConfig:
    """A BERT config of this shape, with the task's outputs; ``padding`` is the tokenizer's padding token."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.token_types,
        pad_token_id=padding,
        **(task_settings(task) if task is not None else {}),
    )


def write_bert(folder: Path, shape: EncoderShape, seed: int = 1, task: Task | None = None) -> Path:
    """An untrained BERT of this shape, without a head unless it is given a task for one."""
    import torch
    from transformers import BertForSequenceClassification, BertModel

    torch.manual_seed(seed)
    (BertForSequenceClassification if task else BertModel)(encoder_config(shape, task)).save_pretrained(folder)
    return folder


TINY = EncoderShape(4, 32, 4, 48, len(SPECIAL + WORDS), 64)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with teacher/ (an untrained 4x32 BERT without a head, and its tokenizer) and pairs/ (rows)."""
    folder = tmp_path_factory.mktemp("tiny")
    write_tokenizer(folder / "teacher", WORDS)
    write_bert(folder / "teacher", TINY)
    write_pairs(folder / "pairs")
    return folder


@pytest.fixture
def toml(tiny: Path) -> str:
    """A small but whole configuration; the last line belongs to [training]."""
    return f"""
[task]
name = "mrpc"
source = "{(tiny / "pairs").as_posix()}"
max_length = 24
[teacher]
model = "{(tiny / "teacher").as_posix()}"
training = "fine_tune"
epochs = 1
batch_size = 16
learning_rate = 1e-3
[student]
architecture = "2x16"
[loss]
kind = "kl"
[training]
epochs = 2
batch_size = 16
learning_rate = 1e-3
device = "cpu"
"""
