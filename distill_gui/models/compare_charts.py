"""What the two charts of Compare draw: score against a swept value, and score against cost. Plain values, no colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from distill_gui.models.run_text import bytes_text, duration_text
from engine.analysis.cell_text import seeds_text
from engine.analysis.cells import metric_title
from engine.analysis.compare.comparison import Comparison
from engine.analysis.compare.contenders import Contender
from engine.analysis.compare.pareto import frontier
from engine.analysis.compare.words import score_text

LOG_FROM = 10.0  # costs that differ by this factor stand on a logarithmic axis
NOT_SWEPT = (
    "Nothing was swept: “Sweep over…” in Compose trains one run for each value of λ, T or another number, and three or more "
    "of them make a curve here."
)
COSTS = {
    "parameters": ("Parameters", "millions of parameters"),
    "bytes": ("Disk size", "MB of the student’s files"),
    "seconds": ("Time", "seconds a run took, its teacher’s part included"),
}
_ABOUT = {
    "loss.lambda": "λ: 0 = teacher only, 1 = labels only", "loss.temperature": "temperature T", "loss.gamma": "γ",
}  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """A score in percent at ``x``, with its spread over seeds. ``key`` is the contender's, "" for a teacher.

    ``colour`` is the colour index of its newest run, None for a teacher.
    """

    x: float
    y: float
    spread: float | None
    name: str
    tip: str
    key: str = ""
    colour: int | None = None


@dataclass(frozen=True)
class SweepChart:
    """``choices`` are (key, sign, about) of all that was swept; ``series`` are (label, spots) of the one shown.

    ``level`` is the baseline's score where it is none of the spots; ``about`` names it.
    """

    choices: tuple[tuple[str, str, str], ...] = ()
    key: str = ""
    title: str = "Swept values"
    about: str = NOT_SWEPT
    series: tuple[tuple[str, tuple[Spot, ...]], ...] = ()
    level: float | None = None

    @property
    def words(self) -> str:
        """For who cannot see it."""
        said = [f"{label}: {', '.join(f'{spot.x:g} {spot.y:.1f}' for spot in spots)}" for label, spots in self.series]
        return "; ".join(said) or "No swept values"


@dataclass(frozen=True)
class CostChart:
    """``edge`` are the (x, y) that no other spot beats in both; ``log`` says that x stands on a logarithmic axis."""

    spots: tuple[Spot, ...] = ()
    edge: tuple[tuple[float, float], ...] = ()
    log: bool = False
    about: str = ""

    @property
    def words(self) -> str:
        """For who cannot see it."""
        return "; ".join(spot.tip.replace("\n", ", ") for spot in self.spots) or "No known costs"


def sweep_chart(comparison: Comparison, wanted: str = "") -> SweepChart:
    """The curve of the swept setting ``wanted``, or of the first there is."""
    sweeps = {sweep.key: sweep for sweep in comparison.sweeps}
    if not sweeps:
        return SweepChart()
    shown = sweeps.get(wanted) or next(iter(sweeps.values()))
    swept = {point.contender.key for its in shown.series for point in its.points}
    base = comparison.baseline
    level = None if base is None or base.key in swept else base.mean
    about = _ABOUT.get(shown.key, shown.key)
    if base is not None and level is not None:
        about += f" · dashed: {base.title} {level:.1f}"
    return SweepChart(
        tuple((sweep.key, sweep.sign, sweep.key) for sweep in sweeps.values()),
        shown.key,
        f"{shown.sign} curve",
        about,
        tuple(
            (its.label, tuple(_spot(point.value, point.contender, comparison) for point in its.points))
            for its in shown.series
        ),
        level,
    )


def cost_chart(comparison: Comparison, kind: str, colour_of: Callable[[Contender], int]) -> CostChart:
    """Scores against one of ``COSTS``; teachers too where theirs is known."""
    spots = [
        _spot(cost, one, comparison, _cost_text(kind, cost), colour_of(one))
        for one in comparison.contenders
        if (cost := _cost(one, kind)) is not None
    ]
    best = frontier([spot.x for spot in spots], [spot.y for spot in spots])
    edge = tuple((spots[place].x, spots[place].y) for place in best)
    spots += _teachers(comparison) if kind == "parameters" else []
    values = [spot.x for spot in spots]
    log = bool(values) and min(values) > 0 and max(values) >= LOG_FROM * min(values)
    about = COSTS[kind][1] + (" (log)" if log else "")
    devices = sorted({device for one in comparison.contenders if one.seconds is not None for device in one.devices})
    if kind == "seconds" and len(devices) > 1:
        about += f" · not all on one device: {', '.join(devices)}"
    return CostChart(tuple(spots), edge, log, about if spots else "Not known of any of these runs.")


def _spot(x: float, one: Contender, comparison: Comparison, cost: str = "", colour: int | None = None) -> Spot:
    score = f"{score_text(one)} {metric_title(comparison.metric)}, {seeds_text(len(one.by_seed))}"
    return Spot(x, one.mean, one.spread, one.title, "\n".join(filter(None, (one.title, score, cost))), one.key, colour)


def _teachers(comparison: Comparison) -> list[Spot]:
    """One for each size and score; that is what a student is to come near."""
    unit, found = metric_title(comparison.metric), {}
    for one in comparison.contenders:
        if one.teacher is not None and one.teacher_parameters_m is not None:
            found[one.teacher_parameters_m, round(one.teacher, 3)] = one.teacher
    return [
        Spot(size, score, None, "teacher", f"teacher\n{score:.1f} {unit}\n{_cost_text('parameters', size)}")
        for (size, _), score in found.items()
    ]


def _cost(one: Contender, kind: str) -> float | None:
    if kind == "bytes":
        return None if one.bytes is None else one.bytes / 1e6
    return one.seconds if kind == "seconds" else one.parameters_m


def _cost_text(kind: str, value: float) -> str:
    if kind == "bytes":
        return bytes_text(1e6 * value)
    return duration_text(value) if kind == "seconds" else f"{value:.3g} M parameters"
