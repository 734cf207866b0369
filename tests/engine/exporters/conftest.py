"""A built table with every kind of cell and hostile names, and a run that has kept a tiny student."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import catalog
from engine.analysis.cells import Block, Cell, Column, Footnote, Gradient, Other, Row, Table
from engine.store.records import RunRecord
from engine.types import Task

HOSTILE = '=cmd|"a"&<b>\\input{x}_$% `x` [l](j)'


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def table() -> Table:
    columns = (
        Column("mrpc", "MRPC", "f1", 3.668, ("validation",)),
        Column("mnli", "MNLI (m/mm)", "accuracy", 392.702, ("validation_matched", "validation_mismatched")),
        Column("own", HOSTILE, "accuracy", None, ("validation",)),
    )
    published = Row(
        "p", "Vanilla KD", "published",
        {"mrpc": Cell("published", values=(71.1,), marks=("b",)), "mnli": Cell("published", values=(70.2, 70.3)),
         "own": Cell("blank")},
        parameters_m=4.0, marks=("a", "†"),
    )  # fmt: skip
    none = Row(
        "n", "No teacher", "own",
        {"mrpc": Cell("result", values=(81.6,), spreads=(0.2,), seeds=3, rank=2),
         "mnli": Cell("running", progress=0.62), "own": Cell("failed")},
        parameters_m=4.386, is_baseline=True,
    )  # fmt: skip
    kl = Row(
        "k", f"Vanilla KD · λ .3 · {HOSTILE}", "own",
        {"mrpc": Cell("result", values=(82.0,), spreads=(None,), seeds=1, rank=1, delta=0.4,
                      others=(Other("accuracy", 75.0, None),), runs=(7,)),
         "mnli": Cell("result", values=(74.0, None), spreads=(1.25, None), seeds=2, delta=-0.1), "own": Cell("empty")},
        parameters_m=4.386,
    )  # fmt: skip
    notes = (
        Footnote("a", "another table's row"),
        Footnote("b", f"71.1 is accuracy {HOSTILE}"),
        Footnote("†", "more data"),
    )
    return Table(columns, (Block("2x128", "2 × 128", (published, none, kl)),), notes, "the paper", "test server")


@pytest.fixture
def whole_table(table: Table) -> Table:
    """The same with its gradient columns, a name that is cut, and runs that do not count."""
    (block,) = table.blocks
    published, none, kl = block.rows
    kl = replace(kl, gradient=Gradient(41.34, 0.125, 3), more=("batch 64", "layers 1↔2", HOSTILE),
                 cells=kl.cells | {"mrpc": replace(kl.cells["mrpc"], left_out=("stopped", "stopped", "failed"))})  # fmt: skip
    block = replace(block, rows=(published, none, kl))
    return replace(table, blocks=(block,), has_gradient=True, left_out=("stopped", "stopped", "failed"))


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task of sentence pairs, the only one in the catalogue."""
    made = Task(
        name="pairs", title="Pairs", about="are the two sentences alike", text_columns=("sentence1", "sentence2"),
        kind="classification", metrics=("f1", "accuracy"), labels=("no", "yes"),
    )  # fmt: skip
    monkeypatch.setattr(catalog, "tasks", lambda: {"pairs": made})
    return made


@pytest.fixture
def kept_run(tmp_path: Path, task: Task) -> RunRecord:
    """A finished run whose folder holds a student of some 20 thousand parameters, as training keeps it."""
    folder = tmp_path / "home" / "runs" / "5"
    _keep_student(folder / "student")
    config: dict[str, Any] = {
        "name": "Pairs <b>run</b>",
        "task": {"name": "pairs", "source": str(Path.home() / "secret" / "pairs"), "max_length": 32},
        "teacher": {"model": str(Path.home() / "models" / "big"), "training": "fine_tune", "epochs": 3,
                    "batch_size": 32, "learning_rate": 5e-5, "seed": 0},
        "student": {"architecture": "1x32", "init": "random"},
        "loss": {"kind": "kl", "lambda": 0.3, "temperature": 2.0},
        "training": {"epochs": 2, "batch_size": 32, "learning_rate": 5e-5, "seed": 1, "keep": "best"},
    }  # fmt: skip
    toml = f'name = "Pairs"\n[task]\nsource = "{Path.home() / "secret" / "pairs"}"\nnote = "```"\n'
    return RunRecord(
        id=5, revision=9, name=config["name"], state="finished", phase="", phase_done=0, phase_total=0, reason="",
        created_at=1.7e9, started_at=1.7e9, ended_at=1.7e9 + 60, config=config, toml=toml, task="pairs", loss="kl",
        architecture="1x32", seed=1, teacher=config["teacher"]["model"], step=40, total_steps=40, steps_per_epoch=20,
        batch_size=32, key_metric="f1", best_score=0.8, best_step=20, teacher_score=0.9, parameters=20_000,
        teacher_parameters=22_700_000, device="cpu", device_reason="no GPU", pid=None, pid_started=None, colour=0,
        note="", folder=folder,
    )  # fmt: skip


def _keep_student(folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "##e", "##s", "the", "was"]
    tokenizer = Tokenizer(models.WordPiece({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, id2label={0: "no", 1: "yes"}, label2id={"no": 0, "yes": 1},
        problem_type="single_label_classification",
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    (folder / "distillation.json").write_text(json.dumps({"config": {"home": str(Path.home())}}), encoding="utf-8")
