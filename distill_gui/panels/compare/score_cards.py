"""The two charts of Compare in their cards. Know models and widgets only."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from distill_gui.models.compare import CompareModel
from distill_gui.models.compare_charts import COSTS, Spot, cost_chart, sweep_chart
from distill_gui.theme import current, notifier, run_colour, term_look
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import caption
from distill_gui.widgets.menu_choice import HEIGHT, MenuChoice
from distill_gui.widgets.plot_scores import Dot, Line, ScorePlot
from distill_gui.widgets.term_legend import TermLegend
from distill_gui.widgets.visibility import show_if


class SweepCard(Card):
    """``chosen(key, where)``: a person chose the contender behind a point."""

    chosen = Signal(str, QPoint)

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        self.keys = MenuChoice()
        super().__init__("Swept values", self.keys, parent)
        self.heading.setMinimumHeight(HEIGHT)
        self._model = model
        self.legend = TermLegend()
        self.plot = ScorePlot()
        self.about = caption(wrap=True)
        self.about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(self.legend)
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.about)
        self.keys.chosen.connect(lambda _: self.show_scores())
        self.plot.clicked.connect(self.chosen)
        notifier().changed.connect(self.show_scores)

    def show_scores(self) -> None:
        """Bring the chart up to the model."""
        shown = sweep_chart(self._model.comparison, self.keys.current())
        self.keys.set_choices(shown.choices)
        if shown.key:
            self.keys.show_key(shown.key)
        self.set_title(shown.title)
        self.about.setText(shown.about)
        _fill(self.plot, self.about, bool(shown.series))
        self.legend.set_entries([(label, place) for place, (label, _) in enumerate(shown.series)])
        lines = []
        for place, (_, spots) in enumerate(shown.series):
            look = term_look(place)
            lines.append(Line(tuple(_dot(spot, look.colour, named=False) for spot in spots), look.colour, look.dash))
        self.plot.show_scores(lines, level=shown.level)
        self.plot.setAccessibleName(shown.words)


class CostCard(Card):
    """``chosen(key, where)``: a person chose the contender of a dot."""

    chosen = Signal(str, QPoint)

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        self.costs = MenuChoice()
        super().__init__("Score against cost", self.costs, parent)
        self.heading.setMinimumHeight(HEIGHT)
        self._model = model
        self.plot = ScorePlot()
        self.about = caption(wrap=True)
        self.about.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.costs.set_choices([(key, *words) for key, words in COSTS.items()])
        self.body.addWidget(self.plot, 1)
        self.body.addWidget(self.about)
        self.costs.chosen.connect(lambda _: self.show_scores())
        self.plot.clicked.connect(self.chosen)
        notifier().changed.connect(self.show_scores)

    def show_scores(self) -> None:
        """Bring the chart up to the model."""
        shown = cost_chart(self._model.comparison, self.costs.current(), self._model.colour)
        muted = current().muted
        dots = [_dot(spot, muted if spot.colour is None else run_colour(spot.colour)) for spot in shown.spots]
        self.plot.show_scores(dots=dots, frontier=shown.edge, log_x=shown.log)
        self.about.setText(shown.about)
        _fill(self.plot, self.about, bool(shown.spots))
        self.plot.setAccessibleName(shown.words)


def _fill(plot: QWidget, about: QWidget, drawn: bool) -> None:
    """Where nothing is drawn, its words stand in the middle."""
    policy = QSizePolicy.Policy.Preferred if drawn else QSizePolicy.Policy.Expanding
    about.setSizePolicy(QSizePolicy.Policy.Preferred, policy)
    show_if(plot, drawn)


def _dot(spot: Spot, colour: str, named: bool = True) -> Dot:
    return Dot(spot.x, spot.y, colour, spot.tip, spot.name if named else "", spot.key, spot.spread, hollow=not spot.key)
