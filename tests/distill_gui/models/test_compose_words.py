"""What the form says beside its fields, from the draft alone."""

import pytest

from distill_gui.models import compose_words as words
from distill_gui.models.compose_draft import Draft


def draft(**values):
    made = Draft()
    made.merge({key.replace("__", "."): value for key, value in values.items()})
    return made


@pytest.mark.parametrize(
    "values, seeds, title",
    [
        ({}, [0], "taylor · 2x128 · task · seed 0"),
        ({"task__name": "rte", "loss__kind": "kl"}, [7], "kl · 2x128 · rte · seed 7"),
        ({"task__name": "rte"}, [1, 2], "taylor · 2x128 · rte"),
        ({"name": "Mine"}, [1], "Mine"),
    ],
)
def test_titles(values, seeds, title):
    assert words.title(draft(**values), seeds) == title


@pytest.mark.parametrize(
    "task, metrics",
    [
        ("mrpc", ("F1", "accuracy")),
        ("cola", ("Matthews corr.", "accuracy")),
        ("stsb", ("Pearson corr.", "Spearman corr.")),
    ],
)
def test_metrics(task, metrics):
    assert words.metrics(draft(task__name=task)) == metrics


def test_notes_without_an_answer_are_only_what_is_known_anyway():
    made = draft(task__name="mnli", teacher__model="o/t")
    assert words.note("task.name", made, 1, {}) == "392,702 rows"
    assert words.note("training.evaluations_per_epoch", made, 1, {}) == "per epoch"
    assert all(words.note(key, made, 1, {}) == "" for key in ("teacher.model", "student.architecture", "task.source"))


def test_a_subset_of_the_rows_is_not_called_complete():
    made = draft(task__name="mrpc")
    assert words.note("task.source", made, 1, {"rows": {"train": 3668}}) == "complete ✓"
    assert words.note("task.source", made, 1, {"rows": {"train": 640}}) == "640 rows"


def test_the_formula_and_the_notice_fall_back_for_faulty_settings():
    made = draft(loss__kind="taylor", loss__gamma=7)
    assert "1.00·⟨y−p" in words.formula(made)
    assert words.notice(made)[0].endswith("the teacher does not change the gradient.")
    assert words.formula(draft(loss__kind="tailor")) == "" and words.notice(draft(loss__kind="tailor")) == ("", "")


def test_the_notice_is_split_after_its_point():
    point, rest = words.notice(draft())
    assert f"{point} {rest}" == words.whole_notice(draft())
    assert words.notice(draft(loss__kind="kl")) == ("", "")


def test_the_teacher_of_a_control():
    assert words.teacher_remark(draft(teacher__model="o/t")) == ""
    assert words.teacher_remark(draft(loss__kind="none")) == ""
    assert words.teacher_remark(draft(loss__kind="none", teacher__model="o/t")).endswith("its tokenizer.")


def test_a_place_is_named_as_the_form_names_it() -> None:
    draft = Draft()
    assert words.place("training.learning_rate", draft) == f"Training · {draft.field('training.learning_rate').title}"
    assert words.place("teacher.of_no_field", draft) == "teacher.of_no_field" and words.place("loss", draft) == "loss"
