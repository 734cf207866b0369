"""What is asked about the files and models of a sweep, and whose answer counts."""

import pytest

from distill_gui.models.sweep_files import LATER, SweepFiles, rests_on_files


@pytest.mark.parametrize(
    ("keys", "rests"),
    [
        (["loss.lambda", "training.seed", "training.epochs"], False),
        (["loss.lambda", "student.architecture"], True),
        (["loss.kind"], True),
        (["training.device"], True),
        (["features.1.weight"], True),
        ([], False),
    ],
)
def test_which_settings_say_something_of_files(keys: list[str], rests: bool) -> None:
    assert rests_on_files(keys) is rests


def test_only_the_answer_to_the_last_question_counts_and_only_once() -> None:
    files, other = SweepFiles(), SweepFiles()
    old, new = files.ask(), files.ask()
    assert other.ask() not in (old, new), "of another dialog"
    found = {"runs": ["a"], "faults": [{"key": "k", "message": "m"}], "notices": [{"level": "note", "text": "t"}]}
    assert not files.take(old, found) and not files.take(0, found)
    assert files.take(new, found) and not files.take(new, {"runs": []})
    assert [str(fault) for fault in files.faults] == ["k: m"] and files.notices == ["t"] and not files.number
    files.forget()
    assert not files.faults and not files.notices


def test_no_answer_is_no_fault() -> None:
    files = SweepFiles()
    files.take(files.ask(), {"ready": False, "faults": [{"key": "", "message": "The engine is gone."}]})
    assert not files.faults and files.notices == [f"The engine is gone. {LATER}"]
