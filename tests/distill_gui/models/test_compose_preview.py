"""The preview's lines from the engine's answer and past runs."""

from types import SimpleNamespace

import pytest

from distill_gui.models.compose_preview import Fact, bytes_text, control, count_text, facts, shape_text

TEACHER = {"parameters": 22_700_000, "layers": 6, "hidden": 384, "bytes": 90_800_000}
STUDENT = {"parameters": 17_400_000, "layers": 3, "hidden": 384, "bytes": 69_600_000}
ANSWER = {
    "teacher": TEACHER, "student": STUDENT, "rows": {"train": 3668, "validation": 408, "test": 1725}, "steps": 345,
    "device": "cpu", "device_reason": "no CUDA GPU found",
}  # fmt: skip
DRAFT = {"task": {"name": "mrpc"}, "student": {"architecture": "3x384"}, "loss": {"kind": "taylor"}}


def run(**values):
    known = {"task": "mrpc", "architecture": "3x384", "batch_size": 32, "state": "finished", "step": 345, "seed": 0,
             "started_at": 1000.0, "ended_at": 1130.0, "attempt": 1, "loss": "kl", "config": {}}  # fmt: skip
    return SimpleNamespace(**known | values)


def lines(*args):
    return {fact.label: (fact.value, fact.strong) for fact in facts(*args)}


@pytest.mark.parametrize(
    "count, text",
    [(0, "0"), (999, "999"), (999_999, "1.0 M"), (4_386_178, "4.4 M"), (109_483_778, "109 M"), (1.3e9, "1.3 B")],
)
def test_counts(count, text):
    assert count_text(count) == text


@pytest.mark.parametrize(
    "count, text", [(10, "10 bytes"), (17_500_000, "17.5 MB"), (438e6, "438 MB"), (1.3e9, "1.3 GB")]
)
def test_bytes(count, text):
    assert bytes_text(count) == text


def test_shapes_as_far_as_they_are_known():
    assert shape_text(TEACHER) == "6 × 384 · 22.7 M"
    assert shape_text({"layers": 4, "hidden": 128, "parameters": None}) == "4 × 128"
    assert shape_text({"parameters": 100}) == "100"
    assert shape_text(None) == shape_text({}) == ""


def test_the_whole_answer():
    assert lines(ANSWER, 1, DRAFT, []) == {
        "Teacher → student": ("22.7 M → 17.4 M", "1.3×"),
        "On disk": ("90.8 MB → 69.6 MB", ""),
        "Rows": ("3,668 to train · 408 to validate", ""),
        "Length": ("up to 128 tokens", ""),
        "Steps": ("345", ""),
        "Device": ("cpu · no CUDA GPU found", ""),
    }


def test_an_empty_answer_has_no_lines_that_would_be_guesses():
    assert facts({}, 1, {"loss": {"kind": "kl"}}, []) == []
    assert lines({"student": STUDENT}, 1, {}, []) == {"Student": ("17.4 M parameters", "")}
    assert lines({"teacher": TEACHER, "student": {"parameters": None}}, 1, {}, []) == {
        "Teacher": ("22.7 M parameters", "")
    }


def test_several_seeds_are_several_runs():
    shown = lines(ANSWER, 3, DRAFT, [run(), run(ended_at=1260.0), run(ended_at=1130.0)])
    assert shown["Steps"] == ("3 runs × 345", "")
    assert shown["Time, from 3 past runs"] == ("about 3 × 2 min 10 s", "")


def test_rows_of_two_evaluation_splits_are_added():
    answer = {"rows": {"train": 392_702, "validation_matched": 9815, "validation_mismatched": 9832}}
    assert lines(answer, 1, {"task": {"name": "mnli"}}, [])["Rows"] == ("392,702 to train · 19,647 to validate", "")


@pytest.mark.parametrize(
    "other",
    [
        {"task": "rte"},
        {"architecture": "2x128"},
        {"batch_size": 16},
        {"state": "failed"},
        {"step": 0},
        {"started_at": None},
        {"attempt": 2},  # its time is that since it was resumed, its steps are all
    ],
)
def test_runs_that_are_not_alike_tell_no_time(other):
    assert not any(label.startswith("Time") for label in lines(ANSWER, 1, DRAFT, [run(**other)]))


def test_the_time_is_by_step_so_that_longer_runs_may_tell_it():
    past = [run(step=690, ended_at=1000.0 + 260)]
    assert lines(ANSWER, 1, DRAFT, past)["Time, from 1 past run"] == ("about 2 min 10 s", "")


def test_the_control_is_there_when_the_same_student_finished_without_a_teacher():
    assert control(DRAFT, []) == Fact("Control without teacher", "not run yet")
    past = [run(loss="none", seed=seed) for seed in (1, 2, 2)] + [run(loss="none", seed=3, state="failed"), run(seed=4)]
    assert control(DRAFT, past) == Fact("Control without teacher", "there (2 seeds)")
    other = [run(loss="none", config={"student": {"init": "layers"}})]
    assert control(DRAFT, other) == Fact("Control without teacher", "not run yet")
    assert control({**DRAFT, "loss": {"kind": "none"}}, past) is None
    assert control({"loss": {"kind": "kl"}}, past) is None


def test_a_file_may_hold_anything_where_a_task_is_named():
    assert "Length" not in lines({}, 1, {**DRAFT, "task": {"name": ["mrpc"]}}, [])
