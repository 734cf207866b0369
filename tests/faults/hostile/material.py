"""The sound rows and the sound model that the cases spoil: small, and made here."""

from __future__ import annotations

from pathlib import Path

from engine.models.shape import EncoderShape
from tests.engine.conftest import write_bert

WORDS = ("the", "a", "cat", "dog", "sat", "ran", "on", "under", "mat", "tree")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
HEADER = "sentence1,sentence2,label"


def rows(count: int) -> str:
    """MRPC-shaped CSV: label 1 where both sentences speak of the same animal."""
    lines = [
        f"the {one} sat {place},a {other} ran,{int(one == other)}"
        for _, one, other, place in zip(
            range(count), ("cat", "dog", "cat", "dog") * count, ("cat", "cat", "dog", "dog") * count,
            ("on the mat", "under a tree", "there") * count, strict=False,
        )
    ]  # fmt: skip
    return "\n".join([HEADER, *lines]) + "\n"


def make(folder: Path) -> Path:
    """pairs/ with 24 training and 8 validation rows, teacher/ with an untrained 2x16 BERT and its tokenizer."""
    from transformers import BertTokenizer

    from engine.models.bert_tokenizer import read_bert_tokenizer

    (folder / "pairs").mkdir(parents=True)
    (folder / "pairs" / "train.csv").write_text(rows(24), encoding="utf-8")
    (folder / "pairs" / "validation.csv").write_text(rows(8), encoding="utf-8")
    tokenizer = BertTokenizer(vocab={word: number for number, word in enumerate(SPECIAL + WORDS)}, model_max_length=32)
    tokenizer.save_pretrained(folder / "teacher")
    assert read_bert_tokenizer(folder / "teacher"), "as most are, it is one that is read without transformers"
    write_bert(folder / "teacher", EncoderShape(2, 16, 2, 24, len(SPECIAL + WORDS), 32), seed=0)
    return folder
