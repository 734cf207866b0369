"""The run list: order, filter and groups inside the model; streaming repaints one row and never resets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from distill_gui.models.run_list import COUNT_ROLE, DIFFERENCE_ROLE, RECORD_ROLE, RunListModel
from distill_gui.models.run_order import GROUPS, SORTS, STATES
from engine.store import RunRecord

Make = Callable[..., RunRecord]


@pytest.fixture
def model(qtbot: QtBot) -> Iterator[RunListModel]:
    made = RunListModel()
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield made
    tester.deleteLater()


def rows(model: RunListModel) -> list[str]:
    return [model.index(row).data() for row in range(model.rowCount())]


def test_a_run_in_the_trash_goes_and_comes_back_as_it_was(record: Callable[..., RunRecord]) -> None:
    model = RunListModel()
    model.update([record(1), record(2)])
    model.update([record(1, trashed_at=5.0), record(3, trashed_at=6.0)])
    assert model.shown() == [2] and model.record(1) is None and 1 not in model.ticked()
    model.update([record(1)])
    assert model.shown() == [2, 1] and model.ticked() == [1, 2]


def test_newest_first_then_by_name_then_by_score(model: RunListModel, record: Make) -> None:
    model.update([record(1, name="b", best_score=0.7), record(2, name="A", best_score=None), record(3, name="c")])
    assert model.shown() == [3, 2, 1]
    model.set_sort("name")
    assert model.shown() == [2, 1, 3]
    model.set_sort("score")
    assert model.shown() == [3, 1, 2]


def test_the_filter_wants_every_word(model: RunListModel, record: Make) -> None:
    model.update([record(1, name="Taylor"), record(2, name="Taylor", task="rte"), record(3, name="PKD", task="rte")])
    model.set_filter("RTE tay")
    assert model.shown() == [2]
    model.set_filter("#3")
    assert model.shown() == [3]
    model.update([record(4, name="taylor, rte")])
    assert model.shown() == [3]
    model.set_filter("")
    assert model.shown() == [4, 3, 2, 1]


def test_groups_have_headings_with_counts(model: RunListModel, record: Make) -> None:
    model.update([record(1, loss="kl"), record(2, loss="taylor"), record(3, loss="kl")])
    model.set_group("loss")
    assert rows(model) == ["kl", "run 3", "run 1", "taylor", "run 2"]
    assert model.index(0).data(COUNT_ROLE) == 2
    assert model.index(0).data(RECORD_ROLE) is None
    assert not model.flags(model.index(0)) & Qt.ItemFlag.ItemIsSelectable
    model.update([record(4, loss="kl")])
    assert rows(model) == ["kl", "run 4", "run 3", "run 1", "taylor", "run 2"]
    assert model.index(0).data(COUNT_ROLE) == 3


def test_a_sweep_is_grouped_in_the_order_of_its_numbers(model: RunListModel, record: Make) -> None:
    losses = [{"kind": "kl", "lambda": weight} for weight in (1, 0.05, 0.5)] + [{"kind": "none"}, {"lambda": 0}]
    records = [record(run, config={"loss": loss}, seed=12 - run) for run, loss in enumerate(losses, 1)]
    model.update(records)
    model.set_group("lambda")
    assert rows(model) == ["no λ", "run 4", "λ 0", "run 5", "λ 0.05", "run 2", "λ 0.5", "run 3", "λ 1", "run 1"]
    model.set_group("seed")
    assert rows(model) == [
        "seed 7",
        "run 5",
        "seed 8",
        "run 4",
        "seed 9",
        "run 3",
        "seed 10",
        "run 2",
        "seed 11",
        "run 1",
    ]
    model.set_group("temperature")
    assert rows(model)[0] == "no T"


def test_states_are_grouped_in_the_order_of_interest(model: RunListModel, record: Make) -> None:
    model.update([record(1, state="failed"), record(2, state="running"), record(3, state="queued"), record(4)])
    model.set_group("state")
    assert [text for text in rows(model) if text in STATES] == ["running", "queued", "finished", "failed"]


def test_streaming_progress_repaints_one_row_only(model: RunListModel, qtbot: QtBot, record: Make) -> None:
    model.update([record(run) for run in range(1, 6)])
    model.update([record(3, state="running", step=1)])
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda top, bottom, _roles: told.append((top.row(), bottom.row())))
    quiet = (model.modelReset, model.layoutChanged, model.rowsInserted, model.rowsRemoved, model.ticked_changed)
    quiet += (model.shown_changed,)
    counts = [0] * len(quiet)
    for number, signal in enumerate(quiet):
        signal.connect(lambda *_, number=number: counts.__setitem__(number, counts[number] + 1))
    for step in range(2, 8):
        model.update([record(3, state="running", step=step)])
    assert told == [(2, 2)] * 6
    assert counts == [0] * len(quiet)
    assert model.index(2).data(RECORD_ROLE).step == 7


def test_an_unchanged_run_says_nothing(model: RunListModel, qtbot: QtBot, record: Make) -> None:
    model.update([record(1)])
    with qtbot.assertNotEmitted(model.dataChanged), qtbot.assertNotEmitted(model.records_changed):
        model.update([record(1)])


def test_a_run_that_changes_its_group_moves_and_keeps_its_index(
    model: RunListModel, qtbot: QtBot, record: Make
) -> None:
    model.update([record(run, state="queued") for run in range(1, 5)])
    model.set_group("state")
    other = QPersistentModelIndex(model.index(model.row_of(4)))
    with qtbot.assertNotEmitted(model.modelReset):
        model.update([record(2, state="running")])
    assert rows(model) == ["running", "run 2", "queued", "run 4", "run 3", "run 1"]
    assert model.run_at(other) == 4


@pytest.mark.parametrize("seed", range(6))
def test_streaming_ends_where_starting_over_would(qtbot: QtBot, seed: int, record: Make) -> None:
    chance = random.Random(seed)
    streamed = RunListModel()
    tester = QAbstractItemModelTester(streamed, QAbstractItemModelTester.FailureReportingMode.Fatal)
    streamed.set_group(chance.choice(sorted(GROUPS)))
    streamed.set_sort(chance.choice(sorted(SORTS)))
    streamed.set_filter(chance.choice(["", "mrpc", "finished"]))
    for _ in range(60):
        batch = [
            record(
                chance.randint(1, 25), state=chance.choice(STATES), task=chance.choice(["mrpc", "rte"]),
                loss=chance.choice(["kl", "taylor"]), best_score=chance.random(), name=chance.choice("abc"),
            )
            for _ in range(chance.randint(1, 4))
        ]  # fmt: skip
        streamed.update(batch)
        if chance.random() < 0.1:
            streamed.remove([chance.randint(1, 25)])
    fresh = RunListModel()
    fresh.set_group(streamed.group)
    fresh.set_sort(streamed.sort_key)
    fresh.set_filter(" ".join(streamed._order.words))
    fresh.update(streamed.records())
    assert rows(streamed) == rows(fresh)
    assert [streamed.row_of(run) for run in fresh.shown()] == [fresh.row_of(run) for run in fresh.shown()]
    tester.deleteLater()


def test_the_newest_runs_are_ticked_at_first_and_running_ones_always(model: RunListModel, record: Make) -> None:
    model.update([*(record(run) for run in range(1, 9)), record(9, state="failed"), record(10, state="queued")])
    assert model.ticked() == [3, 4, 5, 6, 7, 8]
    model.update([record(10, state="running")])
    assert 10 in model.ticked()
    model.set_ticked([10, 3], False)
    model.update([record(10, state="running", step=5)])
    assert model.ticked() == [4, 5, 6, 7, 8]


def test_ticking_tells_once(model: RunListModel, qtbot: QtBot, record: Make) -> None:
    model.update([record(1), record(2)])
    with qtbot.waitSignal(model.ticked_changed):
        assert model.setData(model.index(0), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert model.ticked() == [1]
    with qtbot.assertNotEmitted(model.ticked_changed):
        model.set_ticked([2], False)


def test_the_control_is_the_same_budget_without_a_teacher(model: RunListModel, record: Make) -> None:
    other_budget = {"training": {"epochs": 9}}
    model.update(
        [
            record(1, loss="none", best_score=0.80),
            record(2, loss="none", best_score=0.84, seed=1),
            record(3, loss="none", best_score=0.10, config=other_budget),
            record(4, loss="none", best_score=0.10, state="failed"),
            record(5, loss="none", best_score=0.10, task="rte"),
            record(6, loss="taylor"),
        ]
    )
    assert model.control_score(model.record(6)) == (pytest.approx(0.82), 2)
    assert model.control_score(model.record(1)) is None
    assert model.control_score(record(7, architecture="2x128")) is None


def test_published_scores_are_looked_up_by_what_was_run(model: RunListModel, record: Make) -> None:
    model.set_published({("mrpc", "taylor", "2x128"): ("published", 0.721)})
    assert model.published_score(record(1, loss="taylor", architecture="2x128")) == ("published", 0.721)
    assert model.published_score(record(1, loss="kl", architecture="2x128")) is None
    with_terms = record(1, loss="taylor", architecture="2x128", config={"features": [{"kind": "hidden"}]})
    assert model.published_score(with_terms) is None


def test_the_live_run_is_the_oldest_that_runs(model: RunListModel, record: Make) -> None:
    assert model.live() is None
    model.update([record(1), record(3, state="running"), record(2, state="running")])
    assert model.live().id == 2


def test_unknown_orders_are_refused(model: RunListModel) -> None:
    with pytest.raises(KeyError):
        model.set_group("colour")
    with pytest.raises(KeyError):
        model.set_sort("luck")


def test_each_run_is_placed_once_for_each_new_order(
    qtbot: QtBot, record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps 10,000 runs quick: the work grows with the runs, not with their pairs."""
    model = RunListModel()
    model.update([record(run) for run in range(1, 301)])
    placed: list[int] = []
    key = model._order.sort_key
    monkeypatch.setattr(model._order, "sort_key", lambda run: (placed.append(run.id), key(run))[1])
    model.set_sort("name")
    assert sorted(placed) == list(range(1, 301))
    placed.clear()
    model.update([record(7, state="failed", name="zzz")])
    assert len(placed) == 302  # the old and the new place of the one, then each run's


def test_a_filter_finds_what_a_run_has_become(qtbot: QtBot, record: Make) -> None:
    """What the filter looks through is written once a run, and again when the run changes."""
    model = RunListModel()
    model.update([record(1, state="running"), record(2)])
    model.set_filter("running")
    assert model.shown() == [1]
    model.update([record(1), record(2, state="running", name="now this one")])
    assert model.shown() == [2]


@pytest.mark.parametrize("sort", SORTS)
def test_pinned_runs_and_the_baseline_stand_above_any_order_and_the_filter_holds(
    model: RunListModel, record: Make, sort: str
) -> None:
    model.update(record(run, name=f"r{run}", best_score=0.5 + (run * 7 % 10) / 100) for run in range(10))
    model.set_sort(sort)
    without = model.shown()
    model.set_pinned([2, 8], True)
    model.set_baseline(5)
    pinned = [run for run in without if run in (2, 8)]
    assert model.shown() == [5, *pinned, *(run for run in without if run not in (2, 5, 8))]
    model.set_filter("r2")
    assert model.shown() == [2]
    model.set_filter("")
    model.set_pinned([2, 8], False)
    model.set_baseline(None)
    assert model.shown() == without


def test_in_groups_they_have_a_heading_of_their_own(model: RunListModel, record: Make) -> None:
    model.update([record(1, task="mrpc"), record(2, task="rte"), record(3, task="rte"), record(4, task="At the top")])
    model.set_group("task")
    model.set_pinned([2], True)
    assert rows(model)[:2] == ["At the top", "run 2"] and model.index(0).data(COUNT_ROLE) == 1
    assert rows(model)[2:] == ["At the top", "run 4", "mrpc", "run 1", "rte", "run 3"]
    model.set_pinned([3], True)
    assert model.index(0).data(COUNT_ROLE) == 2 and "rte" not in rows(model)
    model.set_pinned([2, 3], False)
    assert model.index(0).data() == "At the top" and model.index(1).data() == "run 4"


def test_differences_follow_the_baseline_and_its_score(model: RunListModel, record: Make, qtbot: QtBot) -> None:
    def differences() -> list[float | None]:
        found = (model.index(model.row_of(run)).data(DIFFERENCE_ROLE) for run in (1, 2, 3))
        return [None if points is None else round(points, 3) for points in found]

    model.update([record(1, best_score=0.8), record(2, best_score=0.815), record(3, best_score=None)])
    assert differences() == [None, None, None]
    model.set_baseline(1)
    assert differences() == [None, 1.5, None]
    said = model.index(model.row_of(2)).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.endswith("+1.5 against the baseline")
    tip = model.index(model.row_of(2)).data(Qt.ItemDataRole.ToolTipRole)
    assert all(words in tip for words in (model.record(2).name, "run 2 · finished", "+1.5 against the baseline"))
    last = len(rows(model)) - 1
    with qtbot.waitSignal(
        model.dataChanged, check_params_cb=lambda first, to, roles: (first.row(), to.row()) == (0, last)
    ):
        model.update([record(1, best_score=0.82)])
    assert differences() == [None, -0.5, None]
    heard: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, to, roles: heard.append((first.row(), to.row())))
    model.update([record(1, best_score=0.82, step=11)])
    assert heard == [(0, 0)], "progress alone repaints one row"
    model.remove([1])
    assert differences()[1] is None and model.baseline() is None
    model.update([record(1, best_score=0.8)])
    assert differences() == [None, 1.5, None], "back from the trash"


def test_marks_outlive_the_model_and_runs_that_come_later(qtbot: QtBot, record: Make) -> None:
    first, again = RunListModel(), RunListModel()
    first.update([record(1), record(2), record(3)])
    with qtbot.waitSignal(first.marks_changed):
        first.set_pinned([1], True)
    first.set_baseline(2)
    with qtbot.assertNotEmitted(again.marks_changed):
        again.set_marks(first.marks())
    again.update([record(run) for run in (1, 2, 3)])
    assert again.shown() == [2, 1, 3] and again.marks() == first.marks()


def test_a_mark_goes_with_its_run_and_says_so(qtbot: QtBot, model: RunListModel, record: Make) -> None:
    model.set_marks({"pinned": [1, 3, 8], "baseline": 2})
    with qtbot.waitSignal(model.marks_changed):  # deleted for good while no window was open
        model.update([record(1), record(2), record(3, trashed_at=5.0), record(4)])
    assert model.marks() | {"made": 0} == {"pinned": [1, 3], "baseline": 2, "made": 0}
    with qtbot.assertNotEmitted(model.marks_changed):
        model.forget([4])
    with qtbot.waitSignal(model.marks_changed):
        model.forget([2, 3])
    assert model.marks() | {"made": 0} == {"pinned": [1], "baseline": None, "made": 0} and model.shown() == [1]
    empty = RunListModel()
    empty.set_marks({"pinned": [1], "baseline": 1})
    with qtbot.waitSignal(empty.marks_changed):
        empty.update([])
    assert empty.marks() == {"pinned": [], "baseline": None, "made": {}}


def test_a_selected_run_stays_selected_when_it_is_pinned(model: RunListModel, record: Make) -> None:
    model.update(record(run) for run in range(5))
    index = QPersistentModelIndex(model.index(model.row_of(1)))
    model.set_pinned([1], True)
    assert index.row() == 0 and model.run_at(index) == 1
