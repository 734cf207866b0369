"""The doctor: asked once, answered once, and never about another draft than the one there is."""

import pytest

from distill_gui.models.compose_doctor import Doctor

ANSWER = {
    "level": "stop", "seconds": 11.2, "device": "cpu",
    "findings": [
        {"level": "fine", "key": "task.source", "title": "Rows", "text": "3,668 rows.", "remedy": ""},
        {"level": "stop", "key": "teacher.model", "text": "Another order.", "remedy": "Write it."},
        {"level": "look", "key": "", "text": "7 % are cut.", "remedy": "Raise the length."},
    ],
}  # fmt: skip


@pytest.fixture
def drafts():
    return ["a = 1\n"]


@pytest.fixture
def doctor(drafts, qapp):
    return Doctor(lambda: drafts[-1])


def test_what_is_found_is_said_with_its_remedy_the_pressing_things_first(doctor, qtbot):
    with qtbot.waitSignal(doctor.wanted) as asked:
        doctor.examine()
    assert asked.args == [1, "a = 1\n"] and doctor.is_busy() and doctor.findings() == []
    doctor.take(1, ANSWER)
    assert not doctor.is_busy() and doctor.summary() == "Examined in 11 s on cpu"
    assert [(found.level, found.text, found.key) for found in doctor.findings()] == [
        ("stop", "Another order. Write it.", "teacher.model"),
        ("look", "7 % are cut. Raise the length.", ""),
        ("fine", "3,668 rows.", "task.source"),
    ]


def test_another_draft_makes_it_stale_and_the_same_draft_does_not(doctor, drafts, qtbot):
    doctor.examine()
    doctor.take(1, ANSWER)
    doctor.forget()
    assert doctor.findings()
    drafts.append("a = 2\n")
    with qtbot.waitSignal(doctor.changed):
        doctor.forget()
    assert doctor.findings() == [] and not doctor.is_answered()


def test_another_draft_ends_the_examination_under_way(doctor, drafts, qtbot):
    doctor.examine()
    drafts.append("a = 2\n")
    with qtbot.waitSignal(doctor.unwanted):
        doctor.forget()
    assert not doctor.is_busy()
    doctor.take(1, ANSWER)  # too late
    assert doctor.findings() == []


def test_an_answer_to_an_earlier_examination_is_not_taken_for_this_ones(doctor, drafts):
    doctor.examine()
    drafts.append("a = 2\n")
    doctor.forget()
    doctor.examine()
    doctor.take(1, ANSWER)  # it was on its way from the other thread already
    assert doctor.is_busy() and not doctor.is_answered()
    doctor.take(2, {"findings": [{"level": "fine", "text": "The second."}]})
    assert [found.text for found in doctor.findings()] == ["The second."] and not doctor.is_busy()


def test_a_doctor_that_failed_says_why(doctor):
    doctor.examine()
    doctor.take(1, {"ready": False, "faults": [{"key": "", "message": "The engine has not answered within 600 s."}]})
    assert [found.text for found in doctor.findings()] == ["The engine has not answered within 600 s."]
