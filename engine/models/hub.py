"""Whether the hub answers: asked once, shortly, before a library asks it for long. Knows no model.

Its libraries try again for some 23 s for every file, also for those that need not be there, before they take what was
downloaded before. So a hub that is silent is treated as HF_HUB_OFFLINE=1 does, for a while; one that has answered is
left to them, and so are interrupted downloads.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from engine.visible import on_one_line, without_secrets

PATIENCE_S = 4.0  # for one answer
AGAIN_S = 1.0  # after which it is asked once more where it refused at once
ANSWERED_FOR_S = 600.0  # so long it is believed to go on answering
SILENT_FOR_S = 30.0  # and to go on being silent, as a run asks for several things one after the other


class _Known:
    until = 0.0
    silence = ""


_known = _Known()
_asking = threading.Lock()


def silence_of_hub(reference: str, kind: str = "") -> str:
    """Why the hub does not answer, "" where it does or must not be asked; what was downloaded is then taken without it.

    ``reference`` is what is wanted of it, ``kind`` "" for a model or "datasets/".
    """
    from huggingface_hub import constants

    with _asking:
        if time.monotonic() >= _known.until:
            if _known.silence:
                _set_offline(False)
            elif constants.HF_HUB_OFFLINE:  # the person's wish: its libraries say so themselves
                return ""
            _known.silence = _ask(f"{constants.ENDPOINT}/{kind}{reference}/resolve/main/config.json")
            _known.until = time.monotonic() + (SILENT_FOR_S if _known.silence else ANSWERED_FOR_S)
            if _known.silence:
                _set_offline(True)
        return _known.silence


def silent_sentence(what: str, silence: str, several: bool = False) -> str:
    """What to do where ``what``, such as "owner/model", is not here and the hub is silent."""
    from huggingface_hub import constants

    return (
        f"{what} {'are' if several else 'is'} not whole on this machine, and the hub "
        f"({without_secrets(constants.ENDPOINT)}) does not answer: {silence}. "
        "Download it before, where there is a network, or give a folder; HF_HUB_OFFLINE=1 takes what is here without asking."
    )


def _ask(url: str) -> str:
    """Why there was no answer, "" where there was any, also one that refuses."""
    from huggingface_hub import get_session

    for attempt in (1, 2):
        began = time.monotonic()
        try:
            get_session().head(url, timeout=PATIENCE_S)
            return ""
        except Exception as error:  # no network, no such host, a proxy, a time-out: each of a kind of its own
            silence = _reason(error)
        if attempt == 2 or time.monotonic() - began > AGAIN_S:
            break
        time.sleep(AGAIN_S)
    return silence


def _reason(error: Exception) -> str:
    if "Timeout" in type(error).__name__:
        return f"nothing came within {PATIENCE_S:g} s"
    said = on_one_line(without_secrets(str(error))).partition("] ")
    return (said[2] or said[0]).rstrip(".") or type(error).__name__


def _set_offline(offline: bool) -> None:
    """For the hub's library and transformers, which ask it, and for datasets, which keeps a copy of its own."""
    import sys
    from typing import cast

    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE = offline
    if "datasets" in sys.modules:
        cast(Any, sys.modules["datasets"]).config.HF_HUB_OFFLINE = offline
