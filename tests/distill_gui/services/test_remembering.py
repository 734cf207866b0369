"""What was chosen is written once nothing changes for a while, and at the end at once."""

from pytestqt.qtbot import QtBot

from distill_gui.services.remembering import Remembering


def test_only_the_last_of_many_is_written_and_each_name_by_itself(qtbot: QtBot) -> None:
    remembering, kept = Remembering(), list[object]()
    for weight in range(5):
        remembering.soon("charts", lambda weight=weight: kept.append(weight))
    remembering.soon("table", lambda: kept.append("table"))
    assert not kept
    qtbot.waitUntil(lambda: len(kept) == 2)
    assert set(kept) == {4, "table"}
    remembering.now()
    assert len(kept) == 2


def test_nothing_is_lost_at_the_end() -> None:
    remembering, kept = Remembering(), list[int]()
    remembering.soon("charts", lambda: kept.append(1))
    remembering.now()
    assert kept == [1] and not remembering._timer.isActive()
