"""What a column can hold."""

import numpy as np

from engine.store.values import storable


def test_numbers_of_numpy_become_plain() -> None:
    assert type(storable(np.float32(0.5))) is float
    assert type(storable(np.int64(3))) is int


def test_half_characters_become_readable_and_all_other_text_stays() -> None:
    assert storable("\udcff.csv") == "\\udcff.csv"
    assert storable("λ ↔ 🙂 '; DROP TABLE runs") == "λ ↔ 🙂 '; DROP TABLE runs"


def test_anything_else_passes() -> None:
    assert storable(None) is None
    assert storable(3) == 3
