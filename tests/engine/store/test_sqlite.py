"""sqlite-utils comes without pandas, and leaves pandas usable for who wants it later."""

import os
import subprocess
import sys
from pathlib import Path

import engine


def test_the_store_brings_no_pandas_along_and_hides_it_from_nobody() -> None:
    code = """if True:
        import importlib.util, sys
        import engine.store
        assert "pandas" not in sys.modules and "pyarrow" not in sys.modules, "the store loads pandas or pyarrow"
        if importlib.util.find_spec("pandas"):
            import pandas
            assert pandas.Timestamp"""
    environment = {**os.environ, "PYTHONPATH": str(Path(engine.__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
