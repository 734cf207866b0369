"""Foreign text inside Markdown, made harmless; knows nothing of what it says."""

from __future__ import annotations

import re


def escaped(text: str) -> str:
    """``text`` on one line with every character that Markdown or HTML would read as markup made harmless."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", line)


def code(text: str) -> str:
    """``text`` as inline code whatever backticks are in it."""
    line = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"
