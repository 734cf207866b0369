"""The contract of every exporter and table format that is found."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine import catalog
from engine.analysis.cells import Table
from engine.analysis.formats import table_formats


def test_the_known_formats_are_found() -> None:
    assert list(table_formats())[:4] == ["latex", "markdown", "csv", "html"]
    assert {"text", "json"} <= set(table_formats())
    assert "huggingface" in catalog.exporters()


@pytest.mark.parametrize("name", sorted(table_formats()))
def test_a_format_renders_every_title_and_an_empty_table(name: str, table: Table) -> None:
    declared = table_formats()[name]
    text = declared.render(table)
    assert "No teacher" in text and "MRPC" in text and text.endswith("\n")
    assert declared.suffix.startswith(".") and declared.title
    assert declared.render(Table((), (), ())).strip()


def test_exporters_are_found_without_torch() -> None:
    program = (
        "import sys; from engine import catalog; from engine.analysis.formats import table_formats;"
        "catalog.exporters(); table_formats(); sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
