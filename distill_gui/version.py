"""The version of the program, from what is installed. Knows no Qt."""

from __future__ import annotations

NAME = "Distillation Studio"
PACKAGE = "distillation-studio"


def version() -> str:
    """The installed version; "from source" where the program was not installed."""
    from importlib import metadata  # 20 ms, and only --version and the settings ask

    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "from source"
