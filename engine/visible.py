"""Foreign text as it may be shown: what a terminal would obey made visible, what is secret left out, what is long cut short."""

from __future__ import annotations

import os
import re

LONGEST_LINE = 1200
# Control characters, separators that break a line unseen, what turns the direction of writing, halves of a character.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Access tokens of the hub and of services like it, by the beginnings they are given; a password inside an address.
_TOKEN = re.compile(
    r"(?:hf_|api_org_|ghp_)[A-Za-z0-9]{20,}|(?:github_pat_|glpat-)[A-Za-z0-9_\-]{16,}"
    r"|(?<![A-Za-z0-9])sk-(?:[a-z0-9]{1,8}-)*[A-Za-z0-9_]{16,}"
)
_PASSWORD = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def visible(text: str) -> str:
    """``text`` with every character that a terminal obeys as ``\\u001b`` and the like; new lines and tabs stay.

    Inside JSON it means the same as before.
    """
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def on_one_line(text: str) -> str:
    """``visible``, with new lines and tabs shown too: for a name inside a sentence."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def unseen_in(text: str) -> str:
    """The first character of ``text`` that a name must not hold, as U+001B; "" if there is none."""
    found = _OBEYED.search(text) or re.search(r"[\n\t]", text)
    return f"U+{ord(found[0]):04X}" if found else ""


def cut(text: str, most: int) -> str:
    """``text`` in at most ``most`` characters: of a longer one its beginning, and how long it is."""
    return text if len(text) <= most else f"{text[: most - 30]}… ({len(text):,} characters)"


def holds_secret(text: str) -> bool:
    """Whether something in ``text`` looks like an access token or a password."""
    return bool(_TOKEN.search(text) or _PASSWORD.search(text))


def without_secrets(text: str) -> str:
    """``text`` with access tokens and passwords as “…”: those that look like one, and the hub's of this process."""
    for name in _VARIABLES:
        secret = os.environ.get(name, "").strip()
        if len(secret) >= 8:
            text = text.replace(secret, "…")
    return _PASSWORD.sub("…", _TOKEN.sub(lambda found: f"{found[0][:3]}…", text))


def sentence(text: str) -> str:
    """A person's mistake as it is told: without secrets, each line visible and not longer than one can read."""
    return "\n".join(cut(visible(line), LONGEST_LINE) for line in without_secrets(text).split("\n"))
