"""Student's t distribution for whole degrees of freedom, in closed form. Knows numbers only.

Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4: finite sums. SciPy has the function too,
and would cost the window 24 MB for it.
"""

from __future__ import annotations

from functools import lru_cache
from math import atan2, cos, isinf, pi, sin, sqrt

NARROW = 1e-12  # relative width at which a bisection ends


def two_sided_p(t: float, freedom: int) -> float:
    """The probability of a statistic at least as far from 0 as ``t``. ValueError unless ``freedom`` is 1 or more."""
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom: there must be at least one")
    if isinf(t):
        return 0.0
    angle = atan2(abs(t), sqrt(freedom))
    square = cos(angle) ** 2
    if freedom % 2:
        term, total = cos(angle), 0.0
        for number in range(1, freedom - 1, 2):
            total += term
            term *= square * (number + 1) / (number + 2)
        within = 2 / pi * (angle + sin(angle) * total)
    else:
        term, total = 1.0, 0.0
        for number in range(0, freedom - 1, 2):
            total += term
            term *= square * (number + 1) / (number + 2)
        within = sin(angle) * total
    return min(1.0, max(0.0, 1.0 - within))


@lru_cache(maxsize=256)  # it is asked for once a comparison, and those differ in few ways
def two_sided_quantile(p: float, freedom: int) -> float:
    """The statistic that is reached or passed with probability ``p``: 2.776 for 0.05 and 4. ``p`` lies between 0 and 1."""
    if not 0 < p < 1:
        raise ValueError(f"p is {p}: it must lie between 0 and 1")
    low, high = 0.0, 1.0
    while two_sided_p(high, freedom) > p:
        low, high = high, 2 * high
    while high - low > NARROW * high:
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_p(middle, freedom) > p else (low, middle)
    return high
