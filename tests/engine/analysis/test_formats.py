"""Table formats are found by their files' names."""

from __future__ import annotations

from pathlib import Path

import engine.exporters
from engine.analysis.formats import table_formats


def test_one_format_a_file() -> None:
    folder = Path(engine.exporters.__file__).parent
    files = {file.stem.removeprefix("table_") for file in folder.glob("table_*.py")}
    assert set(table_formats()) == files and len(files) >= 6
    assert [declared.order for declared in table_formats().values()] == sorted(
        d.order for d in table_formats().values()
    )
