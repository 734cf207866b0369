"""The option --home of every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _folder(text: str) -> Path:
    if not text.strip():  # of a variable that is not set; it would mean the working folder
        raise typer.BadParameter("it is empty; give a folder, or leave --home out.")
    return Path(text)


Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        parser=_folder,
        metavar="<path>",
        help="Folder of the store. Default: DISTILL_HOME, else the data folder.",
    ),
]
