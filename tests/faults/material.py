"""What the faults are tried on: a tiny model, tokenizer and rows, and configurations that differ in what a step depends on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from engine import catalog
from engine.config import DistillationConfig, parse_config
from tests.engine.conftest import TINY, WORDS, write_bert, write_pairs, write_tokenizer

ENVIRONMENT = {
    "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip

# 44 rows in batches of 4: 11 steps an epoch. Every case is an own way to be unequal after a resume.
_SMALL = ["training.batch_size=4", "teacher.batch_size=4", "teacher.epochs=2", "training.epochs=8"]
CASES: dict[str, list[str]] = {
    "kl": [],
    "features": ["loss.kind=taylor", "loss.gamma=0.5"],  # with a dynamic α and projectors, see config_of
    "a teacher as it is": ["teacher.training=as_is"],
    "labels only": ["loss.kind=none", "training.keep=last"],
    "early end": ["training.patience=6", "training.evaluations_per_epoch=2"],
    "token batches": ["training.batch_tokens=96", "training.accumulate=2"],
}
_FEATURES = '\n[[features]]\nkind = "hidden"\ndynamic = true\n[[features]]\nkind = "rkd"\nschedule = "fall"\n'


def make_material(folder: Path) -> Path:
    """Write teacher/ (an untrained 4x32 BERT and its tokenizer), answering/ (the like with a head) and pairs/ (rows, also
    labelled ones to test on) into ``folder``, unless they are there."""
    if (folder / "pairs" / "test.csv").is_file():
        return folder
    for name, task in (("teacher", None), ("answering", catalog.tasks()["mrpc"])):
        write_tokenizer(folder / name, WORDS)
        write_bert(folder / name, TINY, task=task)
    write_pairs(folder / "pairs")
    shutil.copy(folder / "pairs" / "validation.csv", folder / "pairs" / "test.csv")
    return folder


def config_of(material: Path, case: str, *more: str) -> DistillationConfig:
    """The configuration of a case, with further overrides (``training.epochs=60``)."""
    text = f"""
[task]
name = "mrpc"
source = "{(material / "pairs").as_posix()}"
max_length = 24
[teacher]
model = "{(material / ("answering" if "teacher.training=as_is" in CASES[case] else "teacher")).as_posix()}"
training = "fine_tune"
learning_rate = 1e-3
[student]
architecture = "2x16"
[loss]
kind = "kl"
[training]
learning_rate = 1e-3
device = "cpu"
"""
    return parse_config(text + (_FEATURES if case == "features" else ""), overrides=[*_SMALL, *CASES[case], *more])


def environment() -> dict[str, str]:
    """The environment of every process the harness starts: one thread, no network, no display."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, **ENVIRONMENT, "PYTHONPATH": path}
