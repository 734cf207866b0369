"""Malformed model folders: broken files, files that want to be code, files that lead out of their folder."""

from tests.faults.hostile.case import Case
from tests.faults.hostile.model_folders.settings import code, settings
from tests.faults.hostile.model_folders.tokenizers import tokenizers
from tests.faults.hostile.model_folders.weights import weights

GROUP = "model"


def cases() -> list[Case]:
    """All of them."""
    groups = (settings(), code(), weights(), tokenizers())
    return [Case(GROUP, name, make) for group in groups for name, make in group.items()]
