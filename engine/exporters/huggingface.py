"""A student as a Hugging Face folder: safetensors, config, tokenizer, model card. Knows a stored run, no training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import catalog
from engine.analysis.export_record import ExportRecord, write_record
from engine.analysis.student_folder import leaving_files
from engine.errors import DataError, ModelError
from engine.types import Exporter

if TYPE_CHECKING:
    from engine.store.records import RunRecord, ScoreRow

_ORIGINS = ("_name_or_path", "name_or_path", "tokenizer_file", "is_local", "local_files_only")
_SPARE_BYTES = 1_000_000


def export(run: RunRecord, scores: Iterable[ScoreRow], folder: Path) -> list[Path]:
    """Write the run's kept student into ``folder`` and check that plain transformers gives the same logits.

    ``folder`` must be new, empty or an earlier export. Returns the files written. Raises DataError or ModelError, and
    then leaves ``folder`` as it was.
    """
    from engine.analysis.model_card import model_card
    from engine.exporters.parity import ROWS, largest_difference
    from engine.exporters.target_folder import check_target, must_be_outside, written_beside

    task = catalog.tasks().get(run.task)
    if task is None:
        raise DataError(f"The run “{run.name}” is of the task {run.task}, which this program does not have.")
    stored = run.folder / "student"
    files = _student_files(run)
    target = check_target(Path(folder))
    must_be_outside(target, run.folder.parent.parent)
    _check_room(target, files)
    with written_beside(target) as part:
        for file in files:
            shutil.copyfile(file, part / file.name)
        for name in ("config.json", "tokenizer_config.json"):
            _forget_origin(part / name)
        (part / "README.md").write_text(model_card(run, scores), encoding="utf-8")
        max_length = int(run.config.get("task", {}).get("max_length", 128))
        difference = largest_difference(stored, part, task, max_length)
        names = tuple(sorted(file.name for file in part.iterdir()))
        write_record(part, ExportRecord(run.id, run.name, "huggingface", names, len(ROWS), difference))
    return sorted(target.iterdir())


def _student_files(run: RunRecord) -> list[Path]:
    """The files of the run's kept student that leave with an export. Raises ModelError if there is none."""
    folder = run.folder / "student"
    if not run.has_student:
        raise ModelError(f"The run “{run.name}” ({run.state}) has kept no student; choose a run that is finished.")
    files = leaving_files(folder)
    if not any(file.suffix == ".safetensors" for file in files):
        raise ModelError(f"The student in {folder} has no weights; run “{run.name}” again.")
    return files


def _check_room(target: Path, files: list[Path]) -> None:
    needed = sum(file.stat().st_size for file in files) + _SPARE_BYTES
    place = next(parent for parent in (target, *target.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DataError(
            f"{target} needs {needed / 1e6:.0f} MB and only {free / 1e6:.0f} MB are free; make room or go elsewhere."
        )


def _forget_origin(file: Path) -> None:
    """Take where the model was made from, and how it was found there, out of a JSON file, if there is one."""
    if not file.is_file():
        return
    settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if [key for key in _ORIGINS if settings.pop(key, None) is not None]:
        file.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")


EXPORTER = Exporter(
    name="huggingface",
    title="Hugging Face folder",
    about="Safetensors, config, tokenizer and a model card: loads with plain transformers.",
    export=export,
    order=10,
)
