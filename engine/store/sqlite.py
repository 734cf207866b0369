"""sqlite-utils' Database without pandas: it imports that, where installed, only to know one of its types.

Measured: pandas with pyarrow costs every window and every command 70 MB and 0.15 s.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database
else:

    def _database_class() -> type:
        hidden = "pandas" not in sys.modules
        if hidden:
            sys.modules["pandas"] = None  # Python's own mark for "there is no such module"
        try:
            from sqlite_utils import Database
        finally:
            if hidden:
                del sys.modules["pandas"]
        return Database

    Database = _database_class()

__all__ = ["Database"]
