"""Names of rows: short, and never the same for two rows of a block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine import catalog
from engine.analysis import methods, row_names
from engine.store.records import RunRecord

MakeRun = Callable[..., RunRecord]


def title_of(method: methods.Method, shown: Iterable[str]) -> str:
    (title,) = row_names.titles_of([method], [shown], catalog.losses())
    return title.text


def test_titles_name_what_is_unusual_or_asked_for(make_run: MakeRun) -> None:
    losses = catalog.losses()
    paper = methods.method_of(make_run(kind="taylor").config)
    assert title_of(paper, row_names.unusual_loss_settings(paper, losses)) == "Taylor KD"
    config = {"loss.temperature": 2.0, "loss.lambda": 0.3, "training.epochs": 1}
    hot = methods.method_of(make_run(kind="kl", config=config).config)
    shown = row_names.unusual_loss_settings(hot, losses) | {"training.epochs"}
    assert title_of(hot, shown) == "Vanilla KD · T 2 · λ .3 · 1 epoch"


def test_a_loss_that_is_gone_keeps_its_name_and_settings() -> None:
    lost = methods.Method("older_loss", {"loss.beta": 0.25})
    assert title_of(lost, row_names.unusual_loss_settings(lost, {})) == "older_loss · beta 0.25"


def test_settings_in_few_characters() -> None:
    text = row_names.setting_text
    assert (
        text("loss.lambda", 0.0) == "λ 0" and text("loss.lambda", 1.0) == "λ 1" and text("loss.gamma", 0.05) == "γ .05"
    )
    assert text("training.learning_rate", 3e-4) == "lr 0.0003"
    assert text("teacher.model", "/home/x/models/all-MiniLM-L6-v2") == "teacher all-MiniLM-L6-v2"
    assert text("student.heads", 4) == "student heads 4"
    assert text("student.tokenizer", "google/bert") == "student tokenizer bert"
    assert text("student.heads", None) == ""


def test_architectures_and_teachers_are_named_for_reading(make_run: MakeRun) -> None:
    assert row_names.architecture_title("4x312") == "4 × 312"
    assert row_names.architecture_title("/models/my-student") == "my-student"
    settings = methods.teacher_settings(make_run(kind="kl").config)
    assert row_names.teacher_title(settings, ()) == "big · fine-tuned"
    assert row_names.teacher_title(settings | {"teacher.model": "2x128"}, ()) == "2 × 128 · trained from scratch"
    assert row_names.teacher_title(settings, {"teacher.epochs"}) == "big · fine-tuned · 3 epochs"


def test_a_name_tells_the_first_differences_and_counts_the_rest() -> None:
    config = {
        "loss": {"kind": "kl", "lambda": 0.3, "temperature": 2.0},
        "student": {"tokenizer": "/somewhere/tokenizer", "init": "random"},
        "training": {"epochs": 6, "learning_rate": 0.002, "batch_size": 64},
    }
    method = methods.method_of(config)
    (title,) = row_names.titles_of([method], [methods.flat(config)], catalog.losses())
    assert title.text.startswith("Vanilla KD · T 2 · λ .3 · ") and title.text.endswith(" · 3 more differ")
    assert "tokenizer" not in title.text and title.text.count(" · ") == 5
    assert title.left_out == ("6 epochs", "lr 0.002", "student tokenizer tokenizer")


def test_a_name_that_is_cut_still_tells_rows_apart(make_run: MakeRun) -> None:
    """Eight settings are shown; the rows of a pair differ in one of the last alone."""
    common = {"loss.temperature": 2.0, "loss.lambda": 0.3, "training.epochs": 9, "training.batch_size": 8,
              "task.max_length": 64}  # fmt: skip
    last = ({"training.warmup_share": 0.2}, {"training.warmup_share": 0.3}, {"training.weight_decay": 0.1},
            {"training.weight_decay": 0.1, "training.warmup_share": 0.3, "training.clip_norm": 2.0})  # fmt: skip
    rows = [methods.method_of(make_run(kind="kl", config=common | more).config) for more in last]
    shown = {*common, "training.warmup_share", "training.weight_decay", "training.clip_norm"}
    titles = row_names.titles_of(rows, [shown] * len(rows), catalog.losses())
    assert len({title.text for title in titles}) == len(rows), [title.text for title in titles]
    for title in titles:
        assert len(title.left_out) == 4 and title.text.endswith(" · 4 more differ")
        assert not set(title.left_out) & set(title.text.split(" · "))


def test_feature_terms_follow_the_loss(make_run: MakeRun) -> None:
    def name(kind: str, *terms: dict[str, Any]) -> str:
        return title_of(methods.method_of(make_run(kind=kind, features=list(terms)).config), ())

    assert name("kl", {"kind": "hidden"}) == "Vanilla KD + hidden (mse)"
    assert name("kl", {"kind": "hidden", "distance": "cosine"}, {"kind": "embedding", "weight": 0.1}) == (
        "Vanilla KD + hidden (cosine) + 0.1·embedding"
    )
    assert name("none", {"kind": "pkd", "layers": "last"}) == "Labels + pkd (last)"


def test_feature_settings_that_differ_anywhere_are_told(make_run: MakeRun) -> None:
    terms: list[list[dict[str, Any]]] = [
        [{"kind": "hidden"}],
        [{"kind": "hidden", "layers": "last"}],
        [{"kind": "rkd"}],
    ]
    rows = [methods.method_of(make_run(kind="kl", features=its).config) for its in terms]
    titles = row_names.titles_of(rows[:1] + rows[2:], [(), ()], catalog.losses(), everywhere=rows)
    assert [title.text for title in titles] == ["Vanilla KD + hidden (mse, uniform)", "Vanilla KD + rkd"]
