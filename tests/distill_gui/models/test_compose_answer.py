"""How much of the engine's answer still holds while the draft changes."""

import pytest

from distill_gui.models.compose_answer import Answer

WHOLE = {
    "ready": True, "teacher": {"parameters": 2}, "student": {"parameters": 1}, "rows": {"train": 3}, "steps": 1,
    "notices": [{"level": "fine", "text": "a"}], "device": "cpu",
    "faults": [{"key": "task.source", "message": "no column"}, {"key": "", "message": "the check ended"}],
}  # fmt: skip


@pytest.fixture
def answer():
    made = Answer()
    made.take(WHOLE)
    return made


@pytest.mark.parametrize(
    "key, gone",
    [
        ("teacher.model", {"teacher", "student", "notices"}),
        ("student.architecture", {"student"}),
        ("task.name", {"rows", "steps", "notices"}),
        ("task.source", {"rows", "steps", "notices"}),
        ("loss.lambda", set()),
    ],
)
def test_what_rests_on_a_changed_key_is_forgotten(answer, key, gone):
    answer.forget({key})
    assert set(WHOLE) - set(answer.found) == gone


def test_a_fault_goes_with_its_key_and_a_failed_check_with_any(answer):
    assert [fault.key for fault in answer.faults()] == ["task.source"]
    answer.forget({"loss.lambda"})
    assert [fault.key for fault in answer.faults()] == ["task.source"]
    assert [finding.text for finding in answer.findings()] == ["a"]
    answer.forget({"task.source"})
    assert answer.faults() == []


def test_a_failed_check_is_something_to_know_and_no_fault(answer):
    assert [(finding.level, finding.text) for finding in answer.findings()] == [
        ("look", "the check ended"),
        ("fine", "a"),
    ]


def test_unknown_levels_come_last():
    answer = Answer()
    answer.take({"notices": [{"level": "odd", "text": "x"}, {"level": "stop", "text": "y"}]})
    assert [(finding.level, finding.tone) for finding in answer.findings()] == [("stop", "bad"), ("odd", "neutral")]


def test_nothing_is_there_before_the_first_answer():
    answer = Answer()
    answer.forget({"task.name"})
    assert (answer.found, answer.ready, answer.faults(), answer.findings()) == ({}, False, [], [])
