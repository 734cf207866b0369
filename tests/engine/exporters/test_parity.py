"""The check itself: equal folders agree, and what could differ is looked at."""

from __future__ import annotations

from engine.exporters.parity import LARGEST_DIFFERENCE, ROWS, largest_difference
from engine.store.records import RunRecord
from engine.types import Task


def test_a_folder_agrees_with_itself(kept_run: RunRecord, task: Task) -> None:
    student = kept_run.folder / "student"
    assert largest_difference(student, student, task, 32) <= LARGEST_DIFFERENCE


def test_the_rows_are_pairs_of_different_length_and_some_are_cut() -> None:
    lengths = {len(text.split()) for row in ROWS for text in row}
    assert all(len(row) == 2 and all(row) for row in ROWS)
    assert min(lengths) == 1 and max(lengths) > 128
