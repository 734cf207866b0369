"""A comparison in sentences and as Markdown: the same words in the window, on the command line and in the clipboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.analysis.cell_text import decimal, delta_text, seeds_text
from engine.analysis.cells import metric_title
from engine.analysis.compare.comparison import Comparison
from engine.analysis.compare.contenders import Contender
from engine.analysis.compare.verdict import LEAST_SEEDS, SURE, Verdict
from engine.analysis.markdown import code, escaped
from engine.analysis.row_names import architecture_title

TAGS = {
    "better": "better", "worse": "worse", "no difference": "no clear difference", "same": "same scores",
    "open": "can’t tell yet",
}  # fmt: skip


def verdict_words(verdict: Verdict, baseline: Contender, metric: str) -> tuple[str, str]:
    """(what was found, how sure it is and what else must be known), the second may be empty."""
    who, base, unit = verdict.contender.title, baseline.title, metric_title(metric)
    over = f"over {verdict.seeds} seeds"
    if verdict.difference is None:
        return f"{who} against {base}: no seed in common", _joined(
            [_wants(), _elsewhere(verdict), _differences(verdict)]
        )
    points = decimal(abs(verdict.difference)) + (f" ± {verdict.spread:.1f}" if verdict.spread is not None else "")
    signed = delta_text(verdict.difference) + (f" ± {verdict.spread:.1f}" if verdict.spread is not None else "")
    found = {
        "better": f"{who} beats {base} by {points} {unit} {over}",
        "worse": f"{who} falls behind {base} by {points} {unit} {over}",
        "same": f"{who} scores exactly as {base} in all {verdict.seeds} seeds",
        "no difference": f"{who} and {base} cannot be told apart: {signed} {unit} {over}",
        "open": f"{who} against {base}: {signed} {unit} over {seeds_text(verdict.seeds)}",
    }[verdict.kind]
    sure = [_wants()] if verdict.kind == "open" else [] if verdict.kind == "same" else [_test(verdict)]
    if verdict.kind == "no difference" and verdict.interval is not None:
        sure.append("95 % interval {} to {}".format(*map(_signed, verdict.interval)))
    if verdict.kind == "better" and verdict.gap_closed is not None:
        gap = f"closes {100 * verdict.gap_closed:.0f} % of the gap to the teacher"
        sure.append(gap if verdict.gap_closed < 1 else "reaches its teacher’s score")
    return found, _joined([*sure, _elsewhere(verdict), _differences(verdict)])


def in_reading_order(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """What is sure first, what cannot be said last; of a kind the best first."""
    kinds = ("better", "worse", "no difference", "same", "open")
    return sorted(verdicts, key=lambda its: (kinds.index(its.kind), its.difference is None, -(its.difference or 0.0)))


def p_text(p: float) -> str:
    """ "p = 0.012", "p = 0.3", "p < 0.001"; never rounded to the other side of what counts as sure."""
    if p < 0.001:
        return "p < 0.001"
    digits = 2
    while (float(f"{p:.{digits}g}") < SURE) != (p < SURE):
        digits += 1
    return f"p = {p:.{digits}g}"


def subtitle(comparison: Comparison) -> str:
    """What is compared, in one line: "MRPC · 2 × 128 · validation F1"; "" where there is nothing."""
    if not comparison.task:
        return ""
    students = {one.student for one in comparison.contenders}
    student = [architecture_title(students.pop())] if len(students) == 1 else []
    return " · ".join([comparison.task_title, *student, f"validation {metric_title(comparison.metric)}"])


def footnote(comparison: Comparison) -> str:
    """How the verdicts were reached; "" where there is none that was tested."""
    tested = [verdict for verdict in comparison.verdicts if verdict.p is not None and verdict.kind != "same"]
    said = []
    if tested:
        how = "Sign" if all(verdict.by_sign for verdict in tested) else "Paired t"
        said.append(f"{how} test over the seeds both have")
        if (tests := tested[0].tests) > 1:
            said.append(f"p corrected for {tests} comparisons (Holm), intervals as well (Bonferroni)")
    if any(verdict.spread is not None and verdict.kind != "same" for verdict in comparison.verdicts):
        said.append("± in a verdict is the standard deviation of the differences")
    words = "; ".join(said)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def as_markdown(comparison: Comparison) -> str:
    """Verdicts, scores and differences, for a terminal, a note or an issue."""
    if comparison.baseline is None:
        return ""
    lines = [f"## {escaped(subtitle(comparison))}", ""]
    for verdict in in_reading_order(comparison.verdicts):
        found, sure = verdict_words(verdict, comparison.baseline, comparison.metric)
        lines.append(f"- **{TAGS[verdict.kind]}**: {escaped(found)}" + (f" – {escaped(sure)}" if sure else ""))
    if comparison.verdicts:
        lines += ["", escaped(footnote(comparison)), ""] if footnote(comparison) else [""]
    rows = [list(map(escaped, figures(one, comparison.baseline))) for one in comparison.contenders]
    lines += _table([escaped(head) for head in figure_heads(comparison)], rows)
    if comparison.diff:
        titles = [escaped(one.title) for one in comparison.contenders]
        lines += [
            "",
            *_table(["Setting", *titles], [[code(row.key), *map(escaped, row.values)] for row in comparison.diff]),
        ]
    return "\n".join(lines) + "\n"


def score_text(one: Contender) -> str:
    """ "84.1 ± 0.6"."""
    return decimal(one.mean) + (f" ± {one.spread:.1f}" if one.spread is not None else "")


def figure_heads(comparison: Comparison) -> list[str]:
    """The columns of ``figures``."""
    return ["Method", metric_title(comparison.metric), "Seeds", "# P (M)", "Seconds a run", "Runs"]


def figures(one: Contender, baseline: Contender | None) -> list[str]:
    """A contender's row: name, score, seeds, size, median time, runs."""
    return [
        one.title + (" (baseline)" if one is baseline else ""),
        score_text(one),
        str(len(one.by_seed)),
        "–" if one.parameters_m is None else f"{one.parameters_m:.3g}",
        "–" if one.seconds is None else f"{one.seconds:.3g}",
        ", ".join(map(str, sorted(one.runs))),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    bars = ["---", *["--:"] * (len(heads) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (heads, bars, *rows)]


def _test(verdict: Verdict) -> str:
    assert verdict.p is not None
    how = "signs alone, as all differences are alike" if verdict.by_sign else "paired t"
    return f"{p_text(verdict.p)}, {how}"


def _wants() -> str:
    return f"a verdict needs {LEAST_SEEDS} seeds in common"


def _signed(value: float) -> str:
    return delta_text(value).replace("±", "")


def _elsewhere(verdict: Verdict) -> str:
    many = len(verdict.elsewhere)
    return f"{many} finished run{'s' * (many != 1)} of the two left out" if many else ""


def _differences(verdict: Verdict) -> str:
    if not verdict.also_differ:
        return ""
    few = verdict.also_differ[:3]
    more = len(verdict.also_differ) - len(few)
    return f"not the same otherwise: {', '.join(few)}" + (f" and {more} more" if more else "")


def _joined(parts: Sequence[str]) -> str:
    return " · ".join(filter(None, parts))
