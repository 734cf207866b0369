"""Who is better than the baseline, and how sure that is: a paired t test over the seeds both were trained with.

The same seed gives two students the same start and order of rows, so their difference is freer of chance than either score.
Of several comparisons with one baseline some would look sure by chance: p is corrected as Holm does (Scandinavian Journal
of Statistics, 1979). Seeds that are added only where three were not clear make a second look of it: by chance alone 8.7 % of
such pairs look sure and not 5 % (simulated, three seeds and then five). Knows contenders and no words but the settings' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean
from typing import Literal

from engine.analysis.compare.contenders import Contender
from engine.analysis.compare.student_t import two_sided_p, two_sided_quantile
from engine.analysis.methods import differing
from engine.analysis.own_rows import sample_deviation
from engine.analysis.row_names import setting_text

Kind = Literal["better", "worse", "no difference", "same", "open"]

LEAST_SEEDS = 3  # in common, for a verdict
WANTED_SEEDS = 5  # what is offered where more are needed
SURE = 0.05  # p below this is a difference
SAME = 1e-9  # points; scores that differ by less are the same figure


@dataclass(frozen=True)
class Verdict:
    """``difference`` and its sample standard deviation ``spread`` are in points over ``seeds`` common seeds, None without one.

    ``p`` is two-sided and corrected for ``tests`` comparisons, None where nothing was tested; ``interval`` is that of the mean
    difference which with 95 % holds for all ``tests`` at once (Bonferroni), so that none without 0 goes with a p that is not
    sure. ``by_sign`` says that the test was one of signs, as all differences are alike.
    ``gap_closed`` is the share of the way from the baseline to the teacher over the same seeds. ``also_differ`` are settings of
    data, start and budget that are not the same. ``missing`` are the seeds to run: contender's key → seeds; ``elsewhere`` are
    finished runs of the two with other seeds that were not compared.
    """

    contender: Contender
    kind: Kind
    seeds: int
    difference: float | None = None
    spread: float | None = None
    p: float | None = None
    tests: int = 1
    interval: tuple[float, float] | None = None
    by_sign: bool = False
    gap_closed: float | None = None
    also_differ: tuple[str, ...] = ()
    missing: Mapping[str, tuple[int, ...]] | None = None
    elsewhere: tuple[int, ...] = ()


def verdicts(contenders: Sequence[Contender], baseline: Contender) -> list[Verdict]:
    """One for each contender but the baseline, in their order."""
    raw = [_paired(one, baseline) for one in contenders if one.key != baseline.key]
    corrected = holm([verdict.p for verdict in raw if verdict.p is not None])
    tests, given = len(corrected), iter(corrected)
    return [
        _judged(verdict if verdict.p is None else _corrected(verdict, next(given), tests), baseline) for verdict in raw
    ]


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction: each p times the number of those not smaller, never less than a smaller one's."""
    corrected = [0.0] * len(p)
    most = 0.0
    for place, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        most = max(most, min(1.0, (len(p) - place) * p[index]))
        corrected[index] = most
    return corrected


def _paired(one: Contender, baseline: Contender) -> Verdict:
    common = sorted(one.by_seed.keys() & baseline.by_seed.keys())
    beside = (*one.elsewhere, *baseline.elsewhere)
    plain = Verdict(one, "open", len(common), also_differ=_also_differ(one, baseline), elsewhere=beside)
    if not common:
        return plain
    differences = [one.by_seed[seed] - baseline.by_seed[seed] for seed in common]
    mean, spread = fmean(differences), sample_deviation(differences)
    plain = replace(plain, difference=mean, spread=spread, gap_closed=_gap_closed(one, baseline, common))
    if spread is None or len(common) < LEAST_SEEDS:
        return plain
    if spread <= SAME:  # no t statistic; what is left is that all have one sign
        return replace(plain, p=1.0 if abs(mean) <= SAME else 2.0 ** (1 - len(common)), by_sign=True)
    return replace(plain, p=two_sided_p(mean / (spread / sqrt(len(common))), len(common) - 1))


def _corrected(verdict: Verdict, p: float, tests: int) -> Verdict:
    interval = None
    if not verdict.by_sign and verdict.difference is not None and verdict.spread is not None:
        reach = two_sided_quantile(SURE / tests, verdict.seeds - 1) * verdict.spread / sqrt(verdict.seeds)
        interval = (verdict.difference - reach, verdict.difference + reach)
    return replace(verdict, p=p, tests=tests, interval=interval)


def _judged(verdict: Verdict, baseline: Contender) -> Verdict:
    if verdict.p is None or verdict.difference is None:
        return replace(verdict, missing=_missing(verdict.contender, baseline))
    if verdict.p < SURE:
        return replace(verdict, kind="better" if verdict.difference > 0 else "worse")
    if verdict.by_sign and abs(verdict.difference) <= SAME:
        return replace(verdict, kind="same")
    return replace(verdict, kind="no difference", missing=_missing(verdict.contender, baseline))


def _missing(one: Contender, baseline: Contender) -> dict[str, tuple[int, ...]] | None:
    """The seeds each lacks to have ``WANTED_SEEDS`` in common; what is queued, under way or only not compared is not run again."""
    if one.elsewhere or baseline.elsewhere:
        return None
    have = [set(side.by_seed) | side.pending for side in (one, baseline)]
    common = have[0] & have[1]
    either = sorted((have[0] | have[1]) - common)
    fresh = (seed for seed in range(10**6) if seed not in have[0] | have[1])
    wanted = [*either, *(next(fresh) for _ in range(WANTED_SEEDS))][: max(0, WANTED_SEEDS - len(common))]
    missing = {
        side.key: tuple(seed for seed in wanted if seed not in its)
        for side, its in zip((one, baseline), have, strict=True)
    }
    return {key: seeds for key, seeds in missing.items() if seeds} or None


def _gap_closed(one: Contender, baseline: Contender, seeds: Sequence[int]) -> float | None:
    """Only against the same student that no teacher taught, and where the teacher is better than that."""
    if not baseline.is_control or one.student != baseline.student or not one.teacher_by_seed.keys() >= set(seeds):
        return None
    mine, others, teacher = (fmean(by_seed[seed] for seed in seeds)
                             for by_seed in (one.by_seed, baseline.by_seed, one.teacher_by_seed))  # fmt: skip
    return (mine - others) / (teacher - others) if teacher - others > SAME else None


def _also_differ(one: Contender, baseline: Contender) -> tuple[str, ...]:
    mine, others = one.method.recipe, baseline.method.recipe
    texts = [
        setting_text(key, mine[key]) if mine.get(key) is not None else f"baseline with {setting_text(key, others[key])}"
        for key in sorted(differing([mine, others]))
    ]
    student = () if one.student == baseline.student else ("another student",)
    return (*student, *filter(None, texts))
