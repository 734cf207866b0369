"""The table for a terminal: aligned, with every figure, mark and state."""

from __future__ import annotations

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
