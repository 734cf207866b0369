"""What the palette lists, and in which order; 10,000 runs are looked through at every letter typed."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt

from distill_gui.models.palette import MOST_RECENT, PLACES_ROLE, SHOWN, Command, PaletteModel


def command(title: str, where: str = "", why_not: str = "", is_run: bool = False) -> Command:
    return Command(title, title, print, where, why_not=why_not, is_run=is_run)


def titles(model: PaletteModel) -> list[str]:
    return [str(model.index(row).data()) for row in range(model.rowCount())]


def made(*commands: Command, recent: tuple[str, ...] = ()) -> PaletteModel:
    model = PaletteModel(recent)
    model.set_commands(commands)
    return model


def test_nothing_typed_lists_the_recent_ones_first_and_then_all_as_they_came() -> None:
    commands = [command("a"), command("run", is_run=True), command("b"), command("c")]
    assert titles(made(*commands)) == ["a", "b", "c", "run"]
    model = made(*commands, recent=("c", "gone", "run"))
    assert titles(model) == ["c", "run", "a", "b"]
    model.use(commands[0])
    assert model.recent() == ["a", "c", "gone", "run"]


def test_only_so_many_are_remembered_and_each_once() -> None:
    model = made()
    for number in [*range(3 * MOST_RECENT), 7, 7]:
        model.use(command(str(number)))
    assert len(model.recent()) == MOST_RECENT and model.recent()[0] == "7"
    assert len(set(model.recent())) == MOST_RECENT


def test_what_is_not_possible_now_stands_below_what_is_and_is_not_chosen_first() -> None:
    model = made(command("Stop", why_not="It is finished"), command("Stop the clock"))
    model.set_typed("stop")
    assert titles(model) == ["Stop the clock", "Stop"]
    model.set_typed("")
    assert titles(model)[model.first_possible()] == "Stop the clock"
    said = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Stop the clock"
    assert model.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "Stop, It is finished"


def test_the_place_is_looked_at_too_but_counts_less() -> None:
    model = made(command("Pause", where="Runs"), command("Runs"), command("Export", where="Table"))
    model.set_typed("runs")
    assert titles(model) == ["Runs", "Pause"]
    model.set_typed("runs pau")
    assert titles(model) == ["Pause"]
    assert model.index(0).data(PLACES_ROLE) == ()


def test_ten_thousand_runs_are_looked_through_between_two_letters() -> None:
    model = made(*(command(f"taylor · 3x384 · seed {run}", f"run {run}", is_run=True) for run in range(10_000)))
    begin = time.process_time()
    for typed in ("t", "ta", "tas9", "seed 99", "zzz"):
        model.set_typed(typed)
    assert (time.process_time() - begin) / 5 < 0.5, "measured: 0.06 to 0.11 s"
    model.set_typed("seed 9999")
    assert titles(model)[0] == "taylor · 3x384 · seed 9999"
    model.set_typed("")
    assert model.rowCount() == SHOWN
