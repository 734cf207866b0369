"""A teacher's kept inside: the live one to float16's rounding, by example, shared, bounded, and its teacher is not loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import catalog
from engine.config import DistillationConfig, parse_config
from engine.data import cache_room
from engine.data.array_cache import ArrayCache, StopAsked
from engine.data.batches import Batch, BatchSize, valid_tokens
from engine.data.cache_room import entries
from engine.data.split import Split, load_task_data
from engine.errors import ModelError
from engine.events import Event, Log, Phase
from engine.losses.term import Term
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.training import answers as answers_module
from engine.training import teaching
from engine.training.answers import Answers
from engine.training.inside import KeptInside, LiveInside
from engine.training.lesson import FeatureLesson
from tests.engine.training.whole_run import Ear, train, weights

MRPC = catalog.tasks()["mrpc"]
CPU = torch.device("cpu")
NAMES = ("hidden/0", "hidden/2", "query/1", "key/1", "value/2", "module/bert.pooler")
HALF = 2.0**-11, 2.0**-25  # float16's rounding: relative where it is normal, absolute below
# One term of every kind, some with a projector, a schedule or a dynamic α.
TERMS: dict[str, dict[str, Any]] = {
    "hidden": {"dynamic": True},
    "pkd": {"layers": "final", "schedule": "fall"},
    "attention": {"heads": "average"},
    "embedding": {},
    "minilm": {"version": "2", "relation_heads": 4},
    "feature_map": {"heads": "average", "training": "layer_by_layer", "dynamic": True},
    "rkd": {"weight": 2.0},
    "cka": {},
}

RUN = {kind: TERMS[kind] for kind in ("hidden", "pkd", "minilm", "feature_map")}  # enough for a whole run


class Teacher:
    """A tiny teacher whose loads are counted and whose answers come through the cache in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.loads, self.events = folder, 0, list[Event]()
        self.change: Callable[[Any], None] = lambda model: None

    def load(self) -> Any:
        self.loads += 1
        torch.manual_seed(3)
        model = random_classifier(EncoderShape(4, 32, 4, 48, 25, 64), MRPC, 0).eval()
        self.change(model)
        return model

    def answers(
        self, content: str | None = "its files", limit: int | None = None, stop: Callable[[], bool] = lambda: False,
        precision: torch.dtype | None = None,
    ) -> Answers:  # fmt: skip
        cache = ArrayCache(self.folder, lambda text: self.events.append(Log(text)), limit)
        return Answers(self.load, content, "tiny", MRPC, CPU, precision, cache, self.events.append, stop)

    def log(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Log))


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    return Teacher(tmp_path / "cache")


@pytest.fixture
def rows(toml: str) -> Split:
    return load_task_data(parse_config(toml), MRPC).train


def kept_and_live(
    teacher: Teacher, rows: Split, names: tuple[str, ...] = NAMES
) -> tuple[Split, LiveInside, KeptInside]:
    """The rows with the teacher's tensors, and both ways to ask for them."""
    answers = teacher.answers()
    found = answers.inside(rows, names)
    assert found is not None
    live = LiveInside(teacher.load(), CPU, None)
    kept = KeptInside(live.body, live.trunk, answers.output_order)
    for inside in (live, kept):
        inside.want(names)
    return replace(rows, teacher_rows=found), live, kept


def batches(split: Split) -> list[Batch]:
    size = BatchSize(7)
    return [batch for epoch in range(2) for batch in split.training_batches(size, 5, "student", 2).epoch(epoch)]


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_batch_finds_the_live_tensors_of_its_rows_to_float16s_rounding(teacher: Teacher, rows: Split) -> None:
    split, live, kept = kept_and_live(teacher, rows)
    for batch in batches(split):
        mask = valid_tokens(batch.teacher_inputs)
        assert torch.equal(mask, valid_tokens(batch.inputs))
        asked, found = live.tensors(batch.inputs), kept.tensors(batch.teacher_inputs)
        assert asked.keys() == found.keys() == set(NAMES)
        for name in NAMES:
            one, other = asked[name], found[name]
            assert one.shape == other.shape and other.dtype == torch.float32
            if one.dim() == 3:
                assert not other[~mask].any(), "what is not kept stands as 0"
                one, other = one[mask], other[mask]
            # 1e-6: a batch padded otherwise is summed in another order.
            assert ((one - other).abs() <= HALF[0] * one.abs() + HALF[1] + 1e-6).all(), name
    assert kept.body == live.body and kept.trunk == live.trunk


def test_the_losses_differ_by_no_more_than_rounding_does(teacher: Teacher, rows: Split) -> None:
    """Of every kind of term: value within 0.1 %, its gradient over the student within 0.5 %.

    The teacher's weights are as large as trained ones: of one that says nearly the same of every row, the relations between
    rows (rkd) are differences of nearly equal numbers, which rounding changes more.
    """

    def as_if_trained(model: Any) -> None:
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and "embeddings" not in name:
                weight.data *= 8

    teacher.change = as_if_trained
    names = tuple(
        f"{kind}/{layer}" for kind in ("hidden", "query", "key", "value") for layer in range(kind != "hidden", 5)
    )
    split, live, kept = kept_and_live(teacher, rows, names)
    torch.manual_seed(1)
    student = random_classifier(EncoderShape(2, 16, 4, 24, 25, 64), MRPC, 0).eval()
    chosen = [
        catalog.features()[kind].settings.model_validate({"kind": kind, **given}) for kind, given in TERMS.items()
    ]
    assert set(TERMS) == set(catalog.features()), "every kind there is"
    batch = batches(split)[0]
    found: list[dict[str, tuple[float, torch.Tensor]]] = []
    for inside, inputs in ((live, batch.inputs), (kept, batch.teacher_inputs)):
        lesson = FeatureLesson(chosen, student, inside, CPU, 0, valid_tokens)
        lesson.make_projectors(student, batch.inputs, inputs)
        with lesson.student_tap.listening():
            student(**batch.inputs)
        terms = lesson.terms(batch.inputs, inputs, 0.1, {"labels": Term(torch.tensor(1.0), 1.0)})
        parameters = list(student.parameters())
        found.append({})
        for name, term in terms.items():
            assert term.raw.item() > 0
            parts = torch.autograd.grad(term.weighted, parameters, retain_graph=True, allow_unused=True)
            found[-1][name] = term.raw.item(), torch.cat([part.flatten() for part in parts if part is not None])
        lesson.close()
    for name, (value, gradient) in found[0].items():
        other_value, other = found[1][name]
        assert other_value == pytest.approx(value, rel=1e-3), name
        assert (other - gradient).norm() <= 5e-3 * gradient.norm(), name


def test_a_tensor_takes_two_bytes_a_token_and_unit_and_is_named(teacher: Teacher, rows: Split) -> None:
    kept_and_live(teacher, rows)
    tokens = len(rows.encodings["teacher"].tokens)
    assert len(entries(teacher.folder)) == len(NAMES) and teacher.loads == 2
    for entry in entries(teacher.folder):
        by_row = entry.about["tensor"] == "module/bert.pooler"
        assert entry.bytes < 1.1 * (len(rows) if by_row else tokens) * 32 * 2 + 1000, "1000: the header"
        assert entry.about["kind"] == "teacher's tensor" and entry.about["rows"] == len(rows)
    assert {entry.about["tensor"] for entry in entries(teacher.folder)} == set(NAMES)


def test_what_float16_cannot_hold_is_kept_in_float32_and_the_log_says_so(teacher: Teacher, rows: Split) -> None:
    def enlarge(model: Any) -> None:
        model.bert.encoder.layer[1].output.LayerNorm.weight.data[:] = 1e6

    teacher.change = enlarge
    found = teacher.answers().inside(rows, ("hidden/1", "hidden/2", "query/3"))
    assert found is not None
    assert {name: kept.values.dtype.name for name, kept in found.items()} == {
        "hidden/1": "float16", "hidden/2": "float32", "query/3": "float16"
    } or found["query/3"].values.dtype == np.float32  # fmt: skip
    assert found["hidden/2"].values.dtype == np.float32 and np.abs(found["hidden/2"].values).max() > 65504
    assert np.isfinite(found["hidden/1"].values).all() and np.isfinite(found["query/3"].values).all()
    assert "The teacher's hidden/2" in teacher.log() and "kept in float32" in teacher.log()
    first = slice(0, int(rows.encodings["teacher"].starts[1]))
    live = LiveInside(teacher.load(), CPU, None)
    live.want(["hidden/2"])
    asked = live.tensors(rows.look(1).inputs)["hidden/2"][0]
    np.testing.assert_allclose(found["hidden/2"].values[first], asked.numpy(), rtol=1e-5)


# ── shared and bounded ──────────────────────────────────────────────────────────────────────────────────────────
def test_other_terms_read_only_what_is_not_there_yet(teacher: Teacher, rows: Split) -> None:
    teacher.answers().inside(rows, ("hidden/2", "query/1"))
    teacher.answers().inside(rows, ("query/1", "hidden/2"))
    assert teacher.loads == 1 and "(query/1, hidden/2): from the cache" in teacher.log()
    teacher.answers().inside(rows, ("hidden/2", "hidden/4"))
    assert teacher.loads == 2 and "(hidden/2, hidden/4): 1 of 2 read in " in teacher.log()
    assert len(entries(teacher.folder)) == 3
    answers = teacher.answers()
    assert answers.inside(rows, ("hidden/4",)) is not None
    assert answers.parameters > 0 and answers.output_order is None and teacher.loads == 2, "noted with the tensors"


def test_teacher_rows_precision_and_versions_are_in_the_key(
    teacher: Teacher, rows: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(content: str = "its files", name: str = "hidden/1", precision: torch.dtype | None = None) -> str:
        return teacher.answers(content, precision=precision).inside_key(rows, name)

    keys = [key(), key("other files"), key(name="hidden/2"), key(precision=torch.bfloat16)]
    monkeypatch.setattr(answers_module, "version", lambda name: "0")
    assert len({*keys, key()}) == 5


def test_a_damaged_file_is_read_again_and_the_log_says_so(teacher: Teacher, rows: Split) -> None:
    whole = teacher.answers().inside(rows, NAMES)
    assert whole is not None
    expected = {name: found.values.tobytes() for name, found in whole.items()}
    files = [entry.file for entry in entries(teacher.folder)]
    files[0].write_bytes(files[0].read_bytes()[:-1])
    files[1].write_bytes(b"something else")
    again = teacher.answers().inside(rows, NAMES)
    assert again is not None and {name: found.values.tobytes() for name, found in again.items()} == expected
    assert teacher.log().count("The cache's file of the teacher's tensors on train cannot be used (") == 2
    assert "2 of 6 read in" in teacher.log() and not any(entry.fault for entry in entries(teacher.folder))


@pytest.mark.parametrize("limit", [0, 5000])
def test_without_room_nothing_is_kept_and_nothing_stays(teacher: Teacher, rows: Split, limit: int) -> None:
    assert teacher.answers(limit=limit).inside(rows, NAMES) is None
    assert ("There is no room in the cache for the teacher's tensors on train" in teacher.log()) == bool(limit)
    assert not entries(teacher.folder) and not list(teacher.folder.glob(f"*{cache_room.PART}*"))
    assert teacher.answers(None).inside(rows, NAMES) is None, "no files whose hash could be the key"


def test_a_stop_ends_the_reading_and_nothing_stays(
    teacher: Teacher, rows: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_module, "TELL_EVERY_S", 0.0)
    monkeypatch.setattr("engine.training.evaluate.CPU_TOKENS", 256)
    stops = iter([False, True])
    with pytest.raises(StopAsked):
        teacher.answers(stop=lambda: next(stops)).inside(rows, NAMES)
    told = [(event.done, event.total) for event in teacher.events if isinstance(event, Phase)]
    assert len(told) == 2 and 0 < told[0][0] < told[1][0] < 44 == told[1][1]
    assert not entries(teacher.folder)
    assert not list(teacher.folder.glob(f"*{cache_room.PART}*"))


def test_a_module_that_is_not_of_the_rows_is_refused(teacher: Teacher, rows: Split) -> None:
    for path, said in (
        ("bert.embeddings.position_embeddings", r"gives \(1, \d+, 32\) for 44 rows"),
        ("bert.encoder.layer", "is never run by itself"),
    ):
        with pytest.raises(ModelError, match=rf"features, teacher: {path} {said}"):
            teacher.answers().inside(rows, (f"module/{path}", "hidden/1"))
    assert not entries(teacher.folder)


# ── whole runs ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def config(toml: str) -> Callable[..., DistillationConfig]:
    def of(keep: str = "tensors", *changes: str) -> DistillationConfig:
        def written(value: object) -> str:
            return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')

        terms = "".join(
            f'[[features]]\nkind = "{kind}"\n' + "".join(f"{key} = {written(value)}\n" for key, value in given.items())
            for kind, given in RUN.items()
        )
        return parse_config(toml + terms, overrides=[f"teacher.keep={keep}", *changes])

    return of


def test_with_a_full_cache_a_run_loads_no_teacher_and_is_the_same_to_the_bit(
    config: Callable[..., DistillationConfig], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projectors, a dynamic α, a schedule and a loss that follows the progress among them."""
    short = config("tensors", "training.epochs=1")
    _, filled = train(short, home, tmp_path / "filled")
    monkeypatch.setattr(teaching, "load_classifier", lambda *given, **options: pytest.fail("a teacher is loaded"))
    _, found = train(short, home, tmp_path / "found")
    assert "read in" in filled.log() and ": from the cache (" in found.log()
    curves = {
        name for name in filled.names() if name.startswith(("train/raw", "train/loss", "train/weight", "validation"))
    }
    assert {f"train/raw/{kind}" for kind in RUN} <= curves
    for name in curves:
        assert filled.curve(name) == found.curve(name) != [], name
    one, other = weights(tmp_path / "filled"), weights(tmp_path / "found")
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert _facts(found) == _facts(filled)


def _facts(ear: Ear) -> list[object]:
    return [ear.facts()[name] for name in ("teacher_score", "teacher_parameters", "total_steps")]


def test_batches_taken_in_parts_bring_their_tensors_along_and_find_what_the_live_teacher_says(
    config: Callable[..., DistillationConfig], home: Path, tmp_path: Path
) -> None:
    parts = ("training.accumulate=3", "loss.kind=none", "training.epochs=1")
    _, live = train(config("logits", *parts), home, tmp_path / "live")
    _, kept = train(config("tensors", *parts), home, tmp_path / "kept")
    assert "Each step asks the live teacher for " in live.log() and "as teacher.keep is “logits”." in live.log()
    for kind in RUN:
        (_, first), (_, other) = live.curve(f"train/raw/{kind}")[0], kept.curve(f"train/raw/{kind}")[0]
        assert other == pytest.approx(first, rel=2e-3), kind
    assert _facts(kept) == _facts(live)


def test_where_nothing_can_be_kept_the_run_asks_live_and_says_so(
    config: Callable[..., DistillationConfig], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTILL_CACHE_GB", "0")
    _, ear = train(config("tensors", "training.epochs=1"), home, tmp_path / "a")
    assert ear.curve("train/raw/hidden") and "as they could not be kept." in ear.log()
