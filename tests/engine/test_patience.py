"""What a disk refuses for a while is done again; what cannot pass, or takes too long, is raised."""

from __future__ import annotations

from typing import Any

import pytest

from engine.patience import patiently


class Refusing:
    """Raises ``error`` the first ``times`` times; notes what it was told."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error = times, error
        self.said: list[str] = []

    def __call__(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return "done"

    def wait_for(self, **options: Any) -> str:
        return patiently(
            self,
            lambda error: isinstance(error, OSError),
            lambda error: self.said.append(f"refused: {error}"),
            before_again=lambda error: self.said.append(f"again: {error}"),
            over=lambda: self.said.append("over"),
            **{"retry_s": 0.0, **options},
        )


def test_what_passes_is_done_again_and_said_once() -> None:
    disk = Refusing(3, OSError("full"))
    assert disk.wait_for() == "done"
    assert disk.said == ["refused: full", "again: full", "again: full", "again: full", "over"]
    assert Refusing(0, OSError()).wait_for() == "done"


def test_nothing_is_said_where_nothing_is_refused_and_what_cannot_pass_is_raised_at_once() -> None:
    fine, broken = Refusing(0, OSError()), Refusing(9, ValueError("a bug"))
    fine.wait_for()
    with pytest.raises(ValueError, match="a bug"):
        broken.wait_for()
    assert fine.said == broken.said == [] and broken.left == 8


def test_patience_ends_with_the_last_error() -> None:
    disk = Refusing(10**6, OSError("still full"))
    with pytest.raises(OSError, match="still full"):
        disk.wait_for(patience_s=0.05, retry_s=0.01)
    assert disk.left > 10**6 - 50 and "over" not in disk.said
