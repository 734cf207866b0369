"""The table as Markdown: one shape for all rows, names harmless."""

from __future__ import annotations

import re

from engine.analysis.cells import Table
from engine.exporters.table_markdown import render


def test_every_line_has_as_many_cells_as_the_head(table: Table) -> None:
    lines = [line for line in render(table).splitlines() if line.startswith("|")]
    counts = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
    assert counts == {len(table.columns) + 3}
    assert len(lines) == 2 + 1 + 3


def test_marks_ranks_and_published_rows(table: Table) -> None:
    text = render(table)
    assert "*Vanilla KD<sup>a †</sup> (published · test server)*" in text
    assert "**82.0** (1) +0.4" in text and "<u>81.6</u> ± 0.2 (3)" in text
    assert "71.1<sup>b</sup>" in text


def test_a_name_is_never_markup(table: Table) -> None:
    text = render(table)
    assert "<b>" not in text and "[l](j)" not in text and "&lt;b&gt;" in text


def test_gradient_columns_and_closing_words(table: Table, whole_table: Table) -> None:
    lines = [line for line in render(whole_table).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(table.columns) + 5}
    assert "| Gradient share % | Teacher influence 0–1 |" in lines[0] and "| 41.3 | 0.12 |" in lines[-1]
    text = render(whole_table)
    assert "2 stopped, 1 failed" in text and "batch 64, layers 1↔2" in text and "[l](j)" not in text
