"""Foreign text stays text inside Markdown."""

from __future__ import annotations

import re

import pytest

from engine.analysis.markdown import code, escaped


@pytest.mark.parametrize(
    "text", ["**b**", "<img src=x>", "[l](http://x)", "# head\n---\n> q", "a|b", "`c`", "\\", "~~x~~"]
)
def test_no_character_is_left_that_means_something(text: str) -> None:
    safe = escaped(text)
    assert "\n" not in safe and "<" not in safe and ">" not in safe.replace("&gt;", "")
    assert not set(re.sub(r"\\.", "", safe)) & set("*_[]()|`~#!")


@pytest.mark.parametrize("text", ["plain", "a`b", "``", "`x` y", "a```b"])
def test_inline_code_cannot_be_closed_from_inside(text: str) -> None:
    made = code(text)
    fence = re.match("`+", made)
    assert fence and made.endswith(fence[0])
    inside = made[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inside) and inside.strip() == text.strip()
