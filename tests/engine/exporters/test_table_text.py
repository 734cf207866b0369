"""The table for a terminal: aligned, with every figure, mark and state."""

from __future__ import annotations

from dataclasses import replace

from engine.analysis.cells import Table
from engine.exporters.table_text import render


def test_columns_are_aligned_and_complete(table: Table) -> None:
    lines = render(table).splitlines()
    rule = next(line for line in lines if set(line) == {"-"})
    body = [line for line in lines[: lines.index("")] if line not in (rule,) and "baseline" not in line]
    assert {len(line) for line in body} == {len(rule)}
    text = "\n".join(lines)
    assert "2 × 128  (baseline: no teacher)" in text
    assert "Vanilla KD a † [published · test server]" in text and "71.1b" in text
    assert "81.6' ± 0.2 (3)" in text and "82.0* (1) +0.4" in text
    assert "74.0/– ± 1.2/– (2) −0.1" in text or "74.0/– ± 1.3/– (2) −0.1" in text
    assert "62 % ▸" in text and "✕ failed" in text
    assert "392.7 K" in text and "†  more data" in text


def test_gradient_columns_are_aligned_and_explained(table: Table, whole_table: Table) -> None:
    lines = render(whole_table).splitlines()
    rule = next(line for line in lines if set(line) == {"-"})
    body = [line for line in lines[: lines.index("")] if line != rule and "baseline" not in line]
    assert {len(line) for line in body} == {len(rule)}
    assert "Gradient share  Teacher influence" in lines[0] and "Gradient share" not in render(table)
    assert any("41.3" in line and "0.12" in line for line in body)
    text = "\n".join(lines)
    assert "that is not the labels'" in text and "2 stopped, 1 failed." in text
    assert "Names cut short also differ in: “Vanilla KD" in text


def test_a_long_name_goes_on_below_and_keeps_the_figures_in_sight(table: Table) -> None:
    (block,) = table.blocks
    long = "Vanilla KD + hidden (mse, layers 1↔2 2↔4) + attention (maps, skip) · T 2 · λ .3 · 30 epochs · length 64"
    rows = tuple(replace(row, title=long) if row.key == "k" else row for row in block.rows)
    lines = render(replace(table, blocks=(replace(block, rows=rows),))).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Vanilla KD + hidden"))
    assert "82.0" in lines[at] and lines[at + 1].startswith("    ")
    assert " ".join([lines[at][:60].strip(), lines[at + 1].strip()]) == long
