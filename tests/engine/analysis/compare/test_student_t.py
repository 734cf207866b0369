"""The closed form against another implementation of the distribution, at few and many degrees of freedom."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.analysis.compare.student_t import two_sided_p, two_sided_quantile


@given(t=st.floats(-60, 60), freedom=st.integers(1, 60))
def test_the_probability(t: float, freedom: int) -> None:
    assert two_sided_p(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 29, 100])
@pytest.mark.parametrize("p", [0.5, 0.1, 0.05, 0.01, 0.001])
def test_the_quantile(p: float, freedom: int) -> None:
    assert two_sided_quantile(p, freedom) == pytest.approx(stats.t.isf(p / 2, freedom), rel=1e-9)


def test_at_the_ends() -> None:
    assert two_sided_p(0.0, 3) == 1.0 and two_sided_p(math.inf, 3) == 0.0
    for wrong in (lambda: two_sided_p(1.0, 0), lambda: two_sided_quantile(0.0, 3), lambda: two_sided_quantile(1.0, 3)):
        with pytest.raises(ValueError, match="must"):
            wrong()
