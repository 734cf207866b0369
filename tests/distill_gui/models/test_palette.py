"""What the palette lists, and in which order; and how much is looked through at every letter typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from distill_gui.models import palette
from distill_gui.models.fuzzy import fit
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
    assert titles(model)[model.first_chosen()] == "Stop the clock"
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


def test_a_place_or_number_is_nearer_than_letters_scattered_over_a_title() -> None:
    model = made(command("Draw quite nothing, 4 at a time, 2", is_run=True), command("vanilla", "run 42", is_run=True))
    model.set_typed("run 42")
    assert titles(model) == ["vanilla", "Draw quite nothing, 4 at a time, 2"]


def test_return_never_does_what_only_happens_to_have_the_letters() -> None:
    model = made(command("Theme: As the desktop"), command("Stop and keep", why_not="It is finished"))
    assert model.first_chosen() == 0
    model.set_typed("stop")
    assert titles(model) == ["Stop and keep", "Theme: As the desktop"] and model.first_chosen() == 0


def test_with_another_letter_only_what_fitted_before_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[str]()
    monkeypatch.setattr(palette, "fit", lambda typed, text: looked.append(text) or fit(typed, text))
    names = [f"taylor · 3x384 · seed {run}" for run in range(1000)]
    model = made(*(command(name, f"run {at}", is_run=True) for at, name in enumerate(names)))
    assert model.rowCount() == SHOWN

    def type_(typed: str) -> int:
        looked.clear()
        model.set_typed(typed)
        return len(looked)

    def fitting(typed: str) -> int:
        return sum(fit(typed, name) is not None for name in names)

    assert type_("seed 9") == 1000
    assert type_("seed 99") == fitting("seed 9") < 400
    assert type_("seed 999") == fitting("seed 99") < 40
    assert titles(model) == ["taylor · 3x384 · seed 999"]
    assert type_("seed 99") == 1000 and model.rowCount() == fitting("seed 99")
    assert type_("x") == 1000 and type_("xq") == 1000 and type_("xqq") == 0
    model.set_commands([command("xqqq")])
    assert titles(model) == ["xqqq"], "what is listed anew is looked at whole"
