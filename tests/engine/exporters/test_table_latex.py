"""The table as LaTeX: booktabs rules, equal cells, names escaped; compiled where LaTeX is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.analysis.cells import Table
from engine.exporters.table_latex import escaped, render


def test_booktabs_with_equal_cells(table: Table) -> None:
    text = render(table)
    assert all(rule in text for rule in ("\\toprule", "\\midrule", "\\bottomrule"))
    rows = [line for line in text.splitlines() if line.endswith("\\\\") and "multicolumn" not in line]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(table.columns) + 1}
    assert "\\textbf{82.0}" in text and "\\underline{81.6}" in text
    assert "\\emph{71.1}$^{b}$" in text and "$^{a,\\dagger}$" in text
    assert "$\\times$ 128" in text and "$-$0.1" in text


def test_a_name_is_never_a_command(table: Table, hostile: str) -> None:
    text = render(table)
    assert "\\input{x}" not in text and escaped(hostile) in text
    left_over = re.sub(r"\\[#$%&_{}]|\\[a-z]+\{\}|\$\\[a-z]+\$|\$-\$", "", escaped(hostile))
    assert not set(left_over) & set("\\{}$&#_%~^")


def test_gradient_columns_keep_the_cells_equal(whole_table: Table, hostile: str) -> None:
    text = render(whole_table)
    rows = [line for line in text.splitlines() if line.endswith("\\\\") and "multicolumn" not in line]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(whole_table.columns) + 3}
    assert " & 41.3 & 0.12 & " in text and "\\tabular}{lrrrrrr}" in text.replace("begin{tabular", "\\tabular")
    assert "1$\\leftrightarrow$2" in text and escaped(hostile) in text and "2 stopped, 1 failed" in text


def test_it_compiles(whole_table: Table, tmp_path: Path) -> None:
    latex = shutil.which("pdflatex")
    if latex is None:
        pytest.skip("pdflatex is not installed")
    head = "\\documentclass{article}\\usepackage{booktabs}\\usepackage[T1]{fontenc}\\begin{document}\n"
    (tmp_path / "table.tex").write_text(head + render(whole_table) + "\\end{document}\n", encoding="utf-8")
    done = subprocess.run(
        [latex, "-interaction=nonstopmode", "-halt-on-error", "table.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-800:]
