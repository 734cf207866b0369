"""The whole examination, in the order it is told: the check, downloads, teacher, tokens, loss terms, memory, time.

Nothing is trained, downloaded or written: models are loaded, measured and thrown away. Knows the parts, not their reasons.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine import catalog
from engine.config import DistillationConfig
from engine.data.rows import load_rows
from engine.device import choose_device, choose_precision, choose_threads
from engine.diagnosis.asking import judge_teacher
from engine.diagnosis.bench import Bench, Examination
from engine.diagnosis.downloads import Missing, download_finding, on_this_machine
from engine.diagnosis.finding import Diagnosis, Finding
from engine.diagnosis.models import teacher_at_hand
from engine.diagnosis.reading import judge_tokens, strange_tokenizers
from engine.diagnosis.rehearsal import judge_training
from engine.diagnosis.sample import take_sample
from engine.errors import Fault
from engine.models.load import quiet_transformers
from engine.training.lesson import must_align
from engine.training.portions import TooLittleMemory, ran_out_of_memory
from engine.training.preflight import Preview, preview

if TYPE_CHECKING:
    from torch import nn

_TITLES = {
    "task.source": "Rows", "teacher.model": "Teacher", "student.architecture": "Student", "student.tokenizer": "Tokenizers",
    "loss.kind": "Loss",
}  # fmt: skip


def examine(config: DistillationConfig | None, faults: list[Fault], home: Path, rows: int = 256) -> Diagnosis:
    """Look at a configuration that may have ``faults`` already; ``rows`` are sampled for what is measured.

    ``home`` is where fine-tuned teachers are kept; it is only read. Whatever a person can mend is a finding, never raised.
    """
    begun = time.perf_counter()
    found = preview(config, faults, home)
    examination = Examination(Diagnosis(device=found.device, device_reason=found.device_reason))
    examination.tell(*_of_the_check(found))
    if config is not None and found.ready:
        try:
            _measure_all(config, found, home, rows, examination)
        except (RuntimeError, TooLittleMemory) as error:  # torch has no narrower type for the CPU's
            if not isinstance(error, TooLittleMemory) and not ran_out_of_memory(error):
                raise
            text = "The memory was too small even for the few rows measured here."
            remedy = "Choose a smaller model, batch size or length."
            examination.tell(Finding("stop", "memory", "Memory", text, remedy, "training.batch_size"))
    examination.diagnosis.seconds = time.perf_counter() - begun
    return examination.diagnosis


def _of_the_check(found: Preview) -> list[Finding]:
    """What ``check`` says, as findings: faults first."""
    faults = [
        Finding("stop", "config", fault["key"] or "File", fault["message"], "", fault["key"]) for fault in found.faults
    ]
    notices = [
        Finding(notice["level"], "config", _TITLES.get(notice["key"], "Check"), notice["text"], "", notice["key"])  # type: ignore[arg-type]
        for notice in found.notices
    ]
    return faults + notices


def _measure_all(given: DistillationConfig, found: Preview, home: Path, rows: int, examination: Examination) -> None:
    import psutil
    import torch

    quiet_transformers()
    task = catalog.tasks()[given.task.name]
    chosen = examination.attempt("device", "Device", "training.device", lambda: choose_device(given.training.device))
    if chosen is None:
        return
    device, reason = chosen
    threads = 0
    if device.type == "cpu":
        threads, why = choose_threads(given.training.threads, home, keep=False)
        torch.set_num_threads(threads)
        reason += f" · {threads} thread{'s' if threads != 1 else ''}, {why}"
    precision, why = choose_precision(given.training.precision, device)
    examination.diagnosis.device, examination.diagnosis.device_reason = str(device), f"{reason} · {why}"

    config, missing = on_this_machine(given)
    examination.drop("config", *(thing.key for thing in missing))
    weights_only = config.teacher is not None and config.teacher.weights_only
    examination.tell(*(download_finding(thing, weights_only) for thing in missing))
    if not _can_be_read(config, missing):
        text = "Tokens, losses, memory and time could not be measured: what they rest on is not here yet."
        examination.tell(
            Finding("look", "measured", "Measured", text, "Start with the downloads above, then ask again.")
        )
        return
    whole = load_rows(task, config.task.source)  # the check has read them without a fault
    sample = examination.attempt(
        "tokenizers", "Tokenizers", "student.tokenizer", lambda: take_sample(config, task, whole, rows)
    )
    if sample is None:
        return
    base = psutil.Process().memory_info().rss if device.type == "cpu" else 0
    bench = Bench(config, task, sample, device, precision, threads)

    strange = strange_tokenizers(bench)
    teacher, speed = None, None
    if config.needs_teacher and config.teacher is not None and given.teacher is not None:
        kept_by, used = given.teacher, config.teacher
        teacher = examination.attempt(
            "teacher", "Teacher", "teacher.model",
            lambda: teacher_at_hand(used, kept_by, task, sample.data, config.task.max_length, home),
        )  # fmt: skip
        if teacher is None:
            examination.tell(*strange)
            return
        cast("nn.Module", teacher.model).to(device)
        speed = judge_teacher(bench, teacher, strange, examination)
    examination.tell(*strange)
    judge_tokens(bench, examination)
    if config.features and examination.attempt("tokenizers", "Tokenizers", "features", lambda: _aligned(bench)) is None:
        return
    judge_training(bench, teacher, speed, base, found.steps, home, examination)


def _can_be_read(config: DistillationConfig, missing: list[Missing]) -> bool:
    """Whether nothing is missing that rows, tokenizers and the models in use rest on."""
    keys = {thing.key for thing in missing}
    if config.needs_teacher or config.student.init == "layers":
        return not keys
    unused = {"teacher.model"} if config.student.tokenizer or (config.teacher and config.teacher.tokenizer) else set()
    return not keys - unused


def _aligned(bench: Bench) -> bool:
    must_align(bench.config.features, bench.sample.data.same_tokens)
    return True
