"""Makes what the contenders share, once, in the work folder: rows, a teacher fine-tuned by the product, first weights by seed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine import catalog
from engine.data.rows import Rows, load_rows
from engine.models.folder import TOKENIZER_FILES
from engine.types import Task
from tests.benchmarks import process
from tests.benchmarks.setting import Setting

SAMPLE_TOKENIZER = "sample/tokenizer"


@dataclass(frozen=True)
class Wanted:
    """What to make. ``source`` is a folder of rows, None for the task's own; ``model`` a folder or an ``LxH`` from scratch."""

    task: str
    source: str | None
    model: str
    tokenizer: str
    train_rows: int
    validation_rows: int | None
    teacher_epochs: int
    teacher_rate: float
    architecture: str


def real(data: Path, model: Path, rows: int) -> Wanted:
    """Rows of MRPC, a MiniLM-type encoder as teacher, a 2x128 student. Raises FileNotFoundError where they are not there."""
    for folder, option in ((data, "--data"), (model, "--model")):
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder {folder}; name one with {option}, or try --quick")
    return Wanted("mrpc", str(data.resolve()), str(model.resolve()), str(model.resolve()), rows, None, 2, 5e-5, "2x128")


def tiny() -> Wanted:
    """The product's sample and models made on the spot: to see that everything works, not to learn how fast it is."""
    tokenizer = str(catalog.assets_folder() / SAMPLE_TOKENIZER)
    return Wanted("tickets", None, "2x64", tokenizer, 96, 48, 1, 1e-3, "1x32")


def prepare(wanted: Wanted, seeds: Iterable[int], work: Path, epochs: int, threads: int) -> Setting:
    """The setting, its material made or found again under ``work``. Raises FailedError."""
    key = hashlib.sha256(json.dumps(asdict(wanted), sort_keys=True).encode()).hexdigest()[:12]
    folder = work / f"material-{key}"
    rows_folder, teacher, students = folder / "rows", folder / "teacher", folder / "students"
    task = catalog.tasks()[wanted.task]
    rows = load_rows(task, wanted.source)
    train = min(wanted.train_rows, len(rows[task.train_split]))
    _write_rows(task, rows[task.train_split], rows_folder / f"{task.train_split}.jsonl", train)
    validation = 0
    for name in task.evaluation_splits:
        count = min(wanted.validation_rows or len(rows[name]), len(rows[name]))
        _write_rows(task, rows[name], rows_folder / f"{name}.jsonl", count)
        validation += count
    if not teacher.is_dir():
        _make_teacher(wanted, rows_folder, folder, teacher, threads)
    setting = Setting(
        wanted.task, str(rows_folder), train, validation, str(teacher), str(students), wanted.architecture, epochs,
        threads=threads,
    )  # fmt: skip
    for seed in seeds:
        if not setting.student(seed).is_dir():
            _make_student(task, setting, seed)
    return setting


def _write_rows(task: Task, rows: Rows, file: Path, count: int) -> None:
    """The first ``count`` rows, in the product's own format."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            row = {name: texts[number] for name, texts in zip(task.text_columns, rows.texts, strict=True)}
            row[task.label_column] = rows.labels[number].item()
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _make_teacher(wanted: Wanted, rows_folder: Path, folder: Path, teacher: Path, threads: int) -> None:
    """Fine-tune through the product, in a home of its own, and take the kept teacher out of it."""
    home = folder / "teacher-home"
    shutil.rmtree(home, ignore_errors=True)
    config = folder / "teacher.toml"
    config.write_text(
        f"""
[task]
name = {json.dumps(wanted.task)}
source = {json.dumps(str(rows_folder))}
[teacher]
model = {json.dumps(wanted.model)}
tokenizer = {json.dumps(wanted.tokenizer)}
training = "fine_tune"
epochs = {wanted.teacher_epochs}
learning_rate = {wanted.teacher_rate}
[student]
architecture = "1x32"
[loss]
kind = "kl"
[training]
epochs = 1
device = "cpu"
""",
        encoding="utf-8",
    )
    process.run(["-m", "engine", "run", str(config), "--home", str(home)], threads, folder / "teacher.log")
    (kept,) = (home / "teachers").iterdir()
    part = folder / "teacher.part"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(kept, part)
    for name in TOKENIZER_FILES:
        if (Path(wanted.tokenizer) / name).is_file():
            shutil.copy(Path(wanted.tokenizer) / name, part / name)
    part.rename(teacher)
    shutil.rmtree(home)


def _make_student(task: Task, setting: Setting, seed: int) -> None:
    """The very weights that the product draws for this seed, as a folder for the others."""
    from engine.models.load import load_tokenizer, quiet_transformers
    from engine.models.student import random_classifier
    from engine.seeding import seed_everything
    from tests.benchmarks.arithmetic import shape_of

    quiet_transformers()
    tokenizer = load_tokenizer(setting.teacher, "teacher.model")
    seed_everything(seed)
    student = random_classifier(shape_of(setting.architecture, len(tokenizer)), task, tokenizer.pad_token_id)
    student.save_pretrained(setting.student(seed))
