"""Which curves belong to which chart of which run, along which x. Knows metric names and run records, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from distill_gui.models.curve_series import XAxis
from distill_gui.models.run_text import is_control, metric_word

if TYPE_CHECKING:
    from engine.store import RunRecord

X_KINDS = {"step": "step", "epoch": "epoch", "examples": "examples", "seconds": "seconds"}
SIDES = {"student": "", "teacher": "teacher/"}  # whose training; what its metric names begin with
LARGEST_WEIGHT = 0.99
NO_TEACHER = "needs a teacher"
NO_ANSWERS = "needs a logit loss"
_INFLUENCE = (
    "How much the gradient of the student’s logits changes when the teacher’s answer is replaced by a uniform one, "
    "relative to both gradients: 0 means the teacher does not count, 100 % that it turns the gradient around."
)


@dataclass(frozen=True)
class View:
    """One of the ways to look at the terms of a loss: curves whose names begin with `curves`, a word for it, a sentence."""

    key: str
    text: str
    curves: str
    about: str


_WEIGHTED = View("weighted", "weighted", "train/loss/", "What each term adds to the total loss.")
_DEFINED = View("defined", "as defined", "train/raw/", "Each term as its paper defines it, before its weight.")
_WEIGHTS = View("weights", "weights", "train/weight/", "What each term is multiplied by, where that changes with time.")
_LOGITS = View(
    "logits",
    "of logits",
    "train/gradient_share/",
    "How much of the gradient of the student’s logits each term of the loss brings; feature terms never touch the logits.",
)
_PARAMETERS = View(
    "parameters",
    "of parameters",
    "train/parameter_share/",
    "How much of the gradient of all the student’s parameters each term of the loss brings, feature terms too.",
)


@dataclass(frozen=True)
class ChartKind:
    """One chart. `scale` multiplies its values for showing; `smooth` and `log` say which options make sense for it;
    `about` is the sentence that its short title leaves out. A chart of terms has `views`; an `optional` one is there only
    while the chosen run has rows of it."""

    key: str
    title: str
    scale: float = 1.0
    smooth: bool = True
    log: bool = True
    chosen_only: bool = False
    needs_teacher: bool = False
    optional: bool = False
    about: str = ""
    views: tuple[View, ...] = ()


CHARTS = (
    ChartKind("validation", "Validation", scale=100.0, smooth=False, log=False),
    ChartKind("loss", "Total loss"),
    ChartKind("terms", "Loss terms", chosen_only=True, views=(_WEIGHTED, _DEFINED)),
    ChartKind("weights", "Term weights", smooth=False, chosen_only=True, optional=True, views=(_WEIGHTS,)),
    ChartKind("influence", "Teacher’s influence, %", scale=100.0, log=False, needs_teacher=True, about=_INFLUENCE),
    ChartKind(
        "shares", "Gradient shares, %", scale=100.0, log=False, chosen_only=True, needs_teacher=True,
        views=(_LOGITS, _PARAMETERS),
    ),
    ChartKind("learning_rate", "Learning rate", smooth=False),
    ChartKind("gradient_norm", "Gradient norm"),
    ChartKind("throughput", "Throughput, examples/s"),
)  # fmt: skip
_NAMES = {
    "influence": "train/teacher_influence",
    "loss": "train/loss",
    "learning_rate": "train/learning_rate",
    "gradient_norm": "train/gradient_norm",
    "throughput": "train/examples_per_second",
}


@dataclass(frozen=True)
class ChartOptions:
    """How all charts are drawn."""

    x: str = "epoch"
    weight: float = 0.6
    log_x: bool = False
    log_y: bool = False
    clip: bool = True
    hidden: frozenset[str] = frozenset()
    side: str = "student"
    views: tuple[tuple[str, str], ...] = ()  # chart and the view of it that a person chose


def view_of(kind: ChartKind, options: ChartOptions, record: RunRecord | None) -> View | None:
    """How the chart looks at a run's terms: as chosen, else its first view; None for a chart of no terms.

    Gradient shares of a run with feature terms are those of all parameters: they never touch the logits.
    """
    chosen = dict(options.views).get(kind.key)
    if chosen is None and kind.key == "shares" and record is not None and record.config.get("features"):
        return _PARAMETERS
    return next((view for view in kind.views if view.key == chosen), kind.views[0] if kind.views else None)


def with_view(options: ChartOptions, chart: str, view: str) -> ChartOptions:
    """The options with another view of one chart."""
    return replace(options, views=tuple(sorted({**dict(options.views), chart: view}.items())))


def obstacle(kind: ChartKind, view: View | None, record: RunRecord) -> str:
    """Why a run can never have rows of this kind, "" where it can."""
    if not kind.needs_teacher:
        return ""
    if is_control(record):
        return NO_TEACHER
    return NO_ANSWERS if record.loss == "none" and view is not _PARAMETERS else ""


def term_place(name: str, record: RunRecord) -> int:
    """Which term of the run's loss a curve is about, from 0: the labels, the teacher's answers, then the feature terms."""
    kinds = [str(term.get("kind", "")) for term in record.config.get("features") or []]
    from engine.config import term_names  # loads pydantic: not before there is a run to draw

    order = ["labels", "teacher", *term_names(kinds)]
    term = term_text(name)
    return order.index(term) if term in order else len(order)


def curve_names(
    kind: ChartKind, record: RunRecord, names: Iterable[str], side: str = "student", view: View | None = None
) -> list[str]:
    """The metric names among `names` that the chart draws for this run, terms in the order of the loss."""
    prefix = SIDES[side]
    if kind.views:
        start = prefix + (view or kind.views[0]).curves
        return sorted((name for name in names if name.startswith(start)), key=lambda name: term_place(name, record))
    if kind.key == "validation":
        start, end = f"{prefix}validation", f"/{record.key_metric}"
        return [name for name in names if name.startswith(start) and name.endswith(end)] if record.key_metric else []
    wanted = prefix + _NAMES[kind.key]
    return [wanted] if wanted in names else []


def term_text(name: str) -> str:
    """What a loss term is called in a legend."""
    return name.rpartition("/")[2]


def sides(names: Iterable[str]) -> list[str]:
    """Whose training there are curves of."""
    names = list(names)
    found = [side for side, prefix in SIDES.items() if any(name.startswith(f"{prefix}train/") for name in names)]
    return found or ["student"]


def title(kind: ChartKind, records: Iterable[RunRecord]) -> str:
    """The chart's heading; of the validation chart with the metric, if all runs have the same."""
    if kind.key != "validation":
        return kind.title
    metrics = {record.key_metric for record in records if record.key_metric}
    return f"Validation {metric_word(metrics.pop())}" if len(metrics) == 1 else "Validation score"


def x_axis(record: RunRecord, options: ChartOptions) -> XAxis:
    """How the run's steps lie along the chosen x."""
    batch, per_epoch = _pace(record, options.side)
    scales = {"step": 1.0, "epoch": 1.0 / per_epoch, "examples": float(batch), "seconds": 1.0}
    return XAxis(scales[options.x], seconds=options.x == "seconds", log=options.log_x)


def x_end(record: RunRecord, options: ChartOptions) -> float | None:
    """Where along x a running run will stop, infinity if nobody knows; None for a run that is over."""
    if record.state != "running":
        return None
    if options.x == "seconds" or options.side != "student" or not record.total_steps:
        return inf
    return record.total_steps * x_axis(record, options).scale


def x_text(options: ChartOptions, x: float) -> str:
    """A place on the x axis in words."""
    words = {
        "step": f"step {x:,.0f}",
        "epoch": f"epoch {x:.2f}",
        "examples": f"{x:,.0f} examples",
        "seconds": f"{x:,.0f} s",
    }
    return words[options.x]


def _pace(record: RunRecord, side: str) -> tuple[int, float]:
    """Batch size and steps an epoch. The teacher reads the same rows, in batches of its own."""
    batch, per_epoch = record.batch_size or 1, float(record.steps_per_epoch or 0)
    if side == "teacher":
        teacher = record.config.get("teacher") or {}
        own = int(teacher.get("batch_size") or batch)
        if not per_epoch and record.phase_total:  # before the student's own length is known
            per_epoch = record.phase_total / max(int(teacher.get("epochs") or 1), 1)
        else:
            per_epoch = per_epoch * batch / own
        batch = own
    return batch, per_epoch or 1.0
