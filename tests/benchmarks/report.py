"""Turns what was measured into tables and the sentences that belong to them. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tests.benchmarks.comparison import Measured, Sweep
from tests.benchmarks.contenders import CONTENDERS, REFERENCE
from tests.benchmarks.figures import Spread, counts, paired_ratios, spread_of, table
from tests.benchmarks.setting import Setting
from tests.benchmarks.step_speed import StepSpeed

BUSY_LOAD = 0.5  # processes that wanted to run beside what was measured
QUICK = "QUICK MODE: tiny models and few rows; it shows that everything works, its numbers mean nothing."


def busy(loads: Sequence[float]) -> str:
    """What is to be said of a machine that was not idle before its measurements, "" for one that was.

    The load of a minute still holds the measurement before: only the first one's tells of others. ``loads`` are those.
    """
    if max(loads, default=0.0) <= BUSY_LOAD:
        return ""
    return f"THE MACHINE WAS BUSY (load {max(loads):.1f} before the first measurement): these are no results."


@dataclass(frozen=True)
class Line:
    """A contender over its seeds. ``times_ours_*``: how many times as long as ours it took, paired by seed; None for ours
    itself, and where not every seed has both. ``counts`` is None without (a)."""

    contender: str
    seconds: Spread
    whole: Spread
    examples_per_second: float
    times_ours_empty: Spread | None
    times_ours_full: Spread | None
    score: float
    validation_loss: float
    counts: bool | None
    peak_bytes: int


def lines_of(setting: Setting, measured: Sequence[Measured], key_metric: str) -> list[Line]:
    """In the contenders' own order, those that were measured."""
    by_kind = {kind: [each for each in measured if each.contender == kind] for kind in CONTENDERS}
    reference = [each.scores[key_metric] for each in by_kind[REFERENCE]]
    lines = []
    for kind, found in by_kind.items():
        if not found:
            continue
        seconds = spread_of([each.counted_s for each in found])
        scores = [each.scores[key_metric] for each in found]
        empty, full = (
            None if other == kind else _ratio(found, by_kind[other]) for other in ("ours_empty", "ours_full")
        )
        lines.append(
            Line(
                kind,
                seconds,
                spread_of([each.whole_s for each in found]),
                setting.train_rows * setting.epochs / seconds.median,
                empty,
                full,
                fmean(scores),
                fmean(each.validation_loss for each in found),
                counts(scores, reference) if reference else None,
                max(each.peak_bytes for each in found),
            )
        )
    return lines


def _ratio(found: Sequence[Measured], other: Sequence[Measured]) -> Spread | None:
    """Paired by seed; None where not every seed has both."""
    theirs = {each.seed: each.counted_s for each in other}
    if not all(each.seed in theirs for each in found):
        return None
    return paired_ratios([each.counted_s for each in found], [theirs[each.seed] for each in found])


def throughput_table(
    lines: Sequence[Line], measured: Sequence[Measured], key_metric: str, always: dict[str, float]
) -> str:
    """A row for each contender; ``always`` are the scores of saying the commonest class to every row."""
    head = [
        "",
        "seconds",
        "in all",
        "examples/s",
        "× ours, empty",
        "× ours, full",
        key_metric,
        "val. loss",
        "counts",
        "MB",
    ]
    rows = [
        [
            CONTENDERS[line.contender].title,
            line.seconds.text(),
            line.whole.text(),
            f"{line.examples_per_second:.1f}",
            *(spread.text(2) if spread else "–" for spread in (line.times_ours_empty, line.times_ours_full)),
            f"{line.score * 100:.1f}",
            f"{line.validation_loss:.4f}",
            {None: "–", True: "yes", False: "no"}[line.counts],
            f"{line.peak_bytes / 1e6:.0f}",
        ]
        for line in lines
    ]
    seeds = len({each.seed for each in measured})
    notes = [
        "seconds: of ours the whole process, its start and loading counted; of the others their training alone. "
        "All score the validation rows after every epoch. MB: the process's peak memory.",
        f"counts: mean {key_metric} within one point of (a)'s over {seeds} seed{'s' if seeds != 1 else ''}.",
    ]
    trivial = {each.contender for each in measured if _says_one_class(each, always)}
    if trivial:
        names = ", ".join(contender.title for kind, contender in CONTENDERS.items() if kind in trivial)
        notes.append(
            f"At least once no better than always saying the commonest class ({always[key_metric] * 100:.1f}): {names}; "
            "there the score tells nothing, look at the validation loss."
        )
    return "\n".join([table(head, rows), *notes])


def _says_one_class(found: Measured, always: dict[str, float]) -> bool:
    return all(abs(found.scores[name] - value) < 1e-9 for name, value in always.items())


def sweep_table(sweep: Sweep, key_metric: str) -> str:
    """Ours against (a), training alone and whole processes."""
    count, made = len(sweep.weights), len(sweep.peers)
    rows = [[f"ours, {count} values of λ, one after another", f"{sweep.ours_s:.1f}", f"{sweep.ours_s:.1f}", "1", ""]]
    if sweep.together_s:
        seconds = f"{sweep.together_s:.1f}"
        ratio = f"{sweep.together_s / sweep.ours_s:.2f}"
        rows.append([f"ours, {sweep.at_once} at a time, one on each core", seconds, seconds, ratio, "1"])
    if sweep.peers:
        how = f"{count} runs" if made == count else f"{count} × the mean of {made} run{'s' if made > 1 else ''}"
        rows.append([
            f"(a) one after another, {how}", f"{sweep.peer_s():.1f}", f"{sweep.peer_s(whole=True):.1f}",
            f"{sweep.peer_s() / sweep.ours_s:.1f}", f"{sweep.peer_s() / sweep.together_s:.1f}" if sweep.together_s else "",
        ])  # fmt: skip
    lines = [table(["", "seconds", "in all", "× ours", "× ours at once"], rows)]
    for peer in sweep.peers:
        own = sweep.ours_scores[sweep.weights.index(peer.label_weight)][key_metric]
        theirs = peer.scores[key_metric]
        lines.append(f"λ = {peer.label_weight:g}: {key_metric} ours {own * 100:.1f}, (a) {theirs * 100:.1f}")
    return "\n".join(lines)


def step_table(found: Sequence[dict[str, Any]]) -> str:
    """Achieved rates and the two floors."""
    speeds = [StepSpeed(**{name: value for name, value in each.items() if name != "load"}) for each in found]
    head = [
        "",
        "GFLOP a step",
        "torch counts",
        "ms a step",
        "floor: arithmetic",
        "floor: bytes",
        "GFLOP/s",
        "of matmul rate",
    ]
    rows = [
        [
            speed.architecture, f"{speed.counted / 1e9:.2f}", f"{speed.torch_counted / 1e9:.2f}",
            f"{speed.seconds * 1e3:.1f}", f"{speed.arithmetic_floor_s * 1e3:.1f}", f"{speed.bytes_floor_s * 1e3:.1f}",
            f"{speed.counted / speed.seconds / 1e9:.1f}", f"{speed.achieved:.0%}",
        ]
        for speed in speeds
    ]  # fmt: skip
    one = speeds[0]
    notes = [
        f"{one.rows} rows of {one.length} tokens, {one.threads} thread{'s' if one.threads != 1 else ''}, float32.",
        *(
            f"{speed.architecture}: matmul {speed.matmul_rate / 1e9:.1f} GFLOP/s (best at {speed.matmul_size}), "
            f"copying {speed.copy_rate / 1e9:.1f} GB/s"
            for speed in speeds
        ),
    ]
    return "\n".join([table(head, rows), *notes])


def queue_table(gaps: Sequence[dict[str, float]]) -> str:
    """From the end of a run to the next one's first step."""
    head = ["gap", "claimed after, s", "first step, s: at most", "seen in the store", "by the run's clock"]
    rows = [
        [str(number), *(f"{gap[name]:.2f}" for name in ("claimed_s", "at_most_s", "seen_s", "reckoned_s"))]
        for number, gap in enumerate(gaps, 1)
    ]
    return table(head, rows)
