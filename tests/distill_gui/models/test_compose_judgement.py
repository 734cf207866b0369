"""Missing and wrong are told apart."""

import pytest

from distill_gui.models.compose import FIRST_PRESET, ComposeModel
from distill_gui.models.compose_draft import Draft
from distill_gui.models.compose_judgement import judge
from distill_gui.models.presets import presets


def judged(**values):
    draft = Draft()
    for key, value in values.items():
        draft.set(key.replace("__", "."), value)
    found = judge(draft)
    return found.seeds, [gap.key for gap in found.missing], {fault.key: fault.message for fault in found.faults}


def test_at_first_a_teacher_and_a_task_are_missing_and_nothing_is_wrong():
    assert judged() == ([0], ["teacher.model", "task.name"], {})


def test_the_draft_a_window_opens_with_is_judged_as_if_the_engine_had_been_asked(qapp, monkeypatch):
    monkeypatch.setattr(
        "distill_gui.models.compose_judgement.parse_leniently",
        lambda text: pytest.fail("its validators take long to build, and a window waits to be painted"),
    )
    model = ComposeModel()
    monkeypatch.undo()
    draft = Draft()
    draft.take_preset(presets()[FIRST_PRESET].table, whole=False)
    assert (model.seeds(), model.missing(), model.faults()) == (judge(draft).seeds, judge(draft).missing, [])
    assert judge(draft).faults == []


def test_nothing_is_missing_once_they_are_chosen():
    assert judged(teacher__model="owner/t", task__name="mrpc") == ([0], [], {})


def test_faults_are_said_beside_what_is_missing():
    _, missing, faults = judged(training__epochs=0, teacher__training="fine_tune", teacher__epochs=0)
    assert missing == ["teacher.model", "task.name"]
    assert set(faults) == {"training.epochs", "teacher.epochs"}


def test_without_a_teacher_the_control_needs_a_tokenizer_or_a_teacher_for_its_layers():
    assert judged(loss__kind="none", task__name="rte")[1] == ["student.tokenizer"]
    assert judged(loss__kind="none", task__name="rte", student__init="layers")[1] == ["teacher.model"]
    assert judged(loss__kind="none", task__name="rte", student__tokenizer="owner/words") == ([0], [], {})
    assert judged(loss__kind="none", task__name="rte", student__architecture="owner/model") == ([0], [], {})


def test_a_teacher_from_scratch_needs_a_tokenizer():
    assert judged(teacher__model="4x128", task__name="rte")[1:] == (["teacher.tokenizer"], {})


def test_seeds_that_are_none_are_a_fault_and_one_is_stood_in():
    seeds, _, faults = judged(training__seed="1, x")
    assert seeds == [0] and "“x” is none" in faults["training.seed"]
    assert judged(training__seed="4, 5")[0] == [4, 5]


def test_a_folder_that_is_not_there_is_a_fault_of_its_field(tmp_path):
    _, missing, faults = judged(teacher__model=str(tmp_path / "gone"), task__name="mrpc")
    assert missing == [] and set(faults) == {"teacher.model"}
