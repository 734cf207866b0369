"""What the window remembers between starts, as JSON in the home folder; losing it costs only comfort. Knows no widget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distill_gui.whole_file import write_whole

FILE = "window.json"
THEMES = ("system", "light", "dark")
INTERRUPTED = ("offer", "resume", "leave")


class Preferences:
    """Theme, layout, how charts and table are shown, what is done about interrupted runs, whether the desktop says when a run ends,
    and whether the welcome was seen.

    A missing, damaged or foreign file means the defaults.
    """

    def __init__(self, home: Path) -> None:
        self._file = home / FILE
        self._values = _read(self._file)
        self._chosen: dict[
            str, Any
        ] = {}  # in this window; another one of this home may choose something else meanwhile

    @property
    def theme(self) -> str:
        """ "system", "light" or "dark"."""
        theme = self._values.get("theme")
        return theme if theme in THEMES else "system"

    @property
    def welcomed(self) -> bool:
        """Whether a person already left the welcome page."""
        return self._values.get("welcomed") is True

    @property
    def layout(self) -> dict[str, str]:
        """What ``MainWindow.layout_state`` gave, {} at the first start."""
        layout = self._values.get("layout")
        if not isinstance(layout, dict):
            return {}
        return {key: value for key, value in layout.items() if isinstance(value, str)}

    @property
    def interrupted(self) -> str:
        """What is done about interrupted runs: "offer" to resume them, "resume" them, or "leave" them."""
        choice = self._values.get("interrupted")
        return choice if choice in INTERRUPTED else "offer"

    @property
    def charts(self) -> dict[str, Any]:
        """What ``models.chart_memory.remembered`` gave, {} at the first start; as it was read, so perhaps nonsense."""
        return self._table("charts")

    @property
    def table(self) -> dict[str, Any]:
        """What ``TableModel.switches`` gave, {} at the first start; as it was read, so perhaps nonsense."""
        return self._table("table")

    @property
    def notices(self) -> bool:
        """Whether the desktop says when a run ends."""
        return self._values.get("notices") is not False

    def set_notices(self, on: bool) -> None:
        """Remember whether the desktop says when a run ends."""
        self._keep("notices", on)

    @property
    def marks(self) -> dict[str, Any]:
        """What ``RunListModel.marks`` gave, {} at the first start; as it was read, so perhaps nonsense."""
        return self._table("runs")

    def set_marks(self, marks: Mapping[str, Any]) -> None:
        """Remember which runs stand at the top, and what they are compared with."""
        self._keep("runs", dict(marks))

    def set_interrupted(self, choice: str) -> None:
        """Remember what to do about interrupted runs."""
        self._keep("interrupted", choice)

    def set_charts(self, options: Mapping[str, Any]) -> None:
        """Remember how charts are drawn."""
        self._keep("charts", dict(options))

    def set_table(self, switches: Mapping[str, Any]) -> None:
        """Remember what of the table is shown."""
        self._keep("table", dict(switches))

    def _table(self, key: str) -> dict[str, Any]:
        values = self._values.get(key)
        return dict(values) if isinstance(values, dict) else {}

    def set_theme(self, theme: str) -> None:
        """Remember the theme."""
        self._keep("theme", theme)

    def set_welcomed(self) -> None:
        """Remember that the welcome was seen."""
        self._keep("welcomed", True)

    def set_layout(self, layout: Mapping[str, str]) -> None:
        """Remember the window's layout."""
        self._keep("layout", dict(layout))

    def _keep(self, key: str, value: Any) -> None:
        if self._values.get(key) == value:
            return
        self._chosen[key] = value
        self._values = _read(self._file) | self._chosen
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(self._file, json.dumps(self._values, indent=1).encode("utf-8"), mode=0o600)
        except OSError:
            pass  # a full disk or a read-only home must not stop anyone from closing a window; this start still knows it


def _read(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
