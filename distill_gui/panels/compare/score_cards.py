"""The two charts of Compare: score against a swept value, and score against cost. Know models and widgets only."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from distill_gui.models.compare import CompareModel
from distill_gui.models.run_text import bytes_text, duration_text
from distill_gui.theme import current, notifier, run_colour, term_look
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import caption
from distill_gui.widgets.menu_choice import HEIGHT, MenuChoice
from distill_gui.widgets.plot_scores import Dot, Line, ScorePlot
from distill_gui.widgets.term_legend import TermLegend
from distill_gui.widgets.visibility import show_if
from engine.analysis.cells import metric_title
from engine.analysis.compare.contenders import Contender
from engine.analysis.compare.pareto import frontier
from engine.analysis.compare.swept import Sweep
from engine.analysis.compare.words import score_text

LOG_FROM = 10.0  # costs that differ by this factor are drawn on a logarithmic axis
ABOUT = {"loss.lambda": "λ: 0 = teacher only, 1 = labels only", "loss.temperature": "temperature T", "loss.gamma": "γ"}
NOT_SWEPT = (
    "Nothing was swept: “Sweep over…” in Compose trains one run for each value of λ, T or another number, and three or more "
    "of them make a curve here."
)
COSTS = {
    "parameters": ("Parameters", "millions of parameters"),
    "bytes": ("Disk size", "MB of the student's files"),
    "seconds": ("Time", "seconds a run took, teacher included"),
}


class SweepCard(Card):
    """``chosen(key)``: a person chose the contender behind a point."""

    chosen = Signal(str)

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        self.keys = MenuChoice()
        super().__init__("Swept values", self.keys, parent)
        self.heading.setMinimumHeight(HEIGHT)
        self._model = model
        self.legend = TermLegend()
        self.plot = ScorePlot()
        self.about = caption(wrap=True)
        self.about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for widget in (self.legend, self.plot, self.about):
            self.body.addWidget(widget)
        self.body.setStretchFactor(self.plot, 1)
        self.keys.chosen.connect(lambda _: self.show_scores())
        self.plot.clicked.connect(self.chosen)
        notifier().changed.connect(self.show_scores)

    def show_scores(self) -> None:
        sweeps = {sweep.key: sweep for sweep in self._model.comparison.sweeps}
        before = self.keys.current()
        self.keys.set_choices([(sweep.key, sweep.sign, sweep.key) for sweep in sweeps.values()])
        if before in sweeps:
            self.keys.show_key(before)
        shown = sweeps.get(self.keys.current()) if sweeps else None
        self.set_title(f"{shown.sign} curve" if shown else "Swept values")
        self.about.setText(ABOUT.get(shown.key, shown.key) if shown else NOT_SWEPT)
        show_if(self.plot, shown is not None)
        self.about.setSizePolicy(self.about.sizePolicy().horizontalPolicy(), self.about.sizePolicy().Policy.Expanding
                                 if shown is None else self.about.sizePolicy().Policy.Preferred)  # fmt: skip
        self._draw(shown)

    def _draw(self, shown: Sweep | None) -> None:
        series = shown.series if shown else ()
        self.legend.set_entries([(its.label, place) for place, its in enumerate(series)])
        unit = metric_title(self._model.comparison.metric)
        lines = []
        for place, its in enumerate(series):
            look = term_look(place)
            dots = tuple(
                Dot(
                    point.value,
                    point.contender.mean,
                    look.colour,
                    f"{point.contender.title}\n{score_text(point.contender)} {unit}, {_seeds(point.contender)}",
                    key=point.contender.key,
                    spread=point.contender.spread,
                )
                for point in its.points
            )
            lines.append(Line(dots, look.colour, look.dash))
        swept = {point.contender.key for its in series for point in its.points}
        base = self._model.comparison.baseline
        level = (
            None if base is None or base.key in swept or not series else (base.mean, f"{base.title} {base.mean:.1f}")
        )
        self.plot.show_scores(lines, level=level)
        self.plot.setAccessibleName(
            "; ".join(
                f"{its.label}: " + ", ".join(f"{point.value:g} {score_text(point.contender)}" for point in its.points)
                for its in series
            )
            or "No swept values"
        )


class ParetoCard(Card):
    """``chosen(key)``: a person chose the contender of a dot."""

    chosen = Signal(str)

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        self.costs = MenuChoice()
        super().__init__("Score against cost", self.costs, parent)
        self.heading.setMinimumHeight(HEIGHT)
        self._model = model
        self.plot = ScorePlot()
        self.about = caption(wrap=True)
        self.about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.costs.set_choices([(key, words[0], words[1]) for key, words in COSTS.items()])
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.about)
        self.costs.chosen.connect(lambda _: self.show_scores())
        self.plot.clicked.connect(self.chosen)
        notifier().changed.connect(self.show_scores)

    def show_scores(self) -> None:
        cost, unit = self.costs.current(), metric_title(self._model.comparison.metric)
        having = [(value, one) for one in self._model.comparison.contenders if (value := _cost(one, cost)) is not None]
        dots = [
            Dot(
                value,
                one.mean,
                run_colour(self._model.colour(one)),
                f"{one.title}\n{score_text(one)} {unit}, {_seeds(one)}\n{_cost_text(cost, value)}",
                one.title,
                one.key,
                one.spread,
            )
            for value, one in having
        ]
        best = frontier([dot.x for dot in dots], [dot.y for dot in dots])
        edge = [(dots[place].x, dots[place].y) for place in best]
        dots += self._teachers(unit) if cost == "parameters" else []
        values = [dot.x for dot in dots]
        log = bool(values) and min(values) > 0 and max(values) >= LOG_FROM * min(values)
        self.plot.show_scores(dots=dots, frontier=edge, log_x=log)
        self.about.setText(COSTS[cost][1] + (" (log)" if log else "") if dots else f"No run here has its {cost} known.")
        said = "; ".join(dot.tip.replace("\n", ", ") for dot in dots)
        self.plot.setAccessibleName(said or "No known costs")

    def _teachers(self, unit: str) -> list[Dot]:
        """The teachers, to be reached: grey rings."""
        muted, found = current().muted, {}
        for one in self._model.comparison.contenders:
            if one.teacher is not None and one.teacher_parameters_m is not None:
                found[one.teacher_parameters_m, round(one.teacher, 3)] = one.teacher
        return [
            Dot(
                size,
                score,
                muted,
                f"teacher\n{score:.1f} {unit}\n{_cost_text('parameters', size)}",
                "teacher",
                hollow=True,
            )
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


def _seeds(one: Contender) -> str:
    return f"{len(one.by_seed)} seed{'s' * (len(one.by_seed) != 1)}"
