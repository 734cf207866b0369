"""A teacher's answers: the same to the bit whether asked or kept, and no model loaded for what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import catalog
from engine.config import parse_config
from engine.data.array_cache import ArrayCache, StopAsked
from engine.data.batches import BatchSize
from engine.data.cache_room import entries
from engine.data.split import Split, TaskData, load_task_data
from engine.data.tokenising import Encoding
from engine.errors import ModelError
from engine.events import Event, Log, Phase
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.training import answers as answers_module
from engine.training.answers import Answers, room_for_another
from engine.training.evaluate import predict
from engine.types import Task

MRPC = catalog.tasks()["mrpc"]
CPU = torch.device("cpu")


class Teacher:
    """A tiny teacher that counts how often it is loaded; ``answers`` asks it through the cache in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.loads, self.events = folder, 0, list[Event]()

    def load(self) -> Any:
        self.loads += 1
        torch.manual_seed(3)
        return random_classifier(EncoderShape(1, 32, 2, 48, 25, 64), MRPC, 0)

    def answers(
        self, content: str | None = "hash of its files", task: Task = MRPC, cached: bool = True,
        stop: Callable[[], bool] = lambda: False, precision: torch.dtype | None = None,
    ) -> Answers:  # fmt: skip
        cache = ArrayCache(self.folder) if cached else None
        return Answers(self.load, content, "tiny", task, CPU, precision, cache, self.events.append, stop)

    def log(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Log)]


@pytest.fixture
def teacher(tmp_path: Path) -> Teacher:
    return Teacher(tmp_path / "cache")


@pytest.fixture
def data(toml: str) -> TaskData:
    return load_task_data(parse_config(toml), MRPC)


def test_kept_answers_are_the_models_to_the_bit_and_load_nothing(teacher: Teacher, data: TaskData) -> None:
    live = predict(teacher.load(), data.train, CPU, None, "teacher")
    asked, kept, uncached = teacher.answers(), teacher.answers(), teacher.answers(cached=False)
    for answers in (asked, kept, uncached):
        found = answers.logits(data.train)
        assert found.dtype == np.float32 and found.tobytes() == live.tobytes()
        torch.from_numpy(found)[0] = 0.0  # may be written to: it is the asker's own
    assert teacher.loads == 3, "the first here, the one that filled the cache, the one without"
    assert kept.parameters == asked.parameters == sum(p.numel() for p in teacher.load().parameters())
    assert kept.output_order is None and teacher.loads == 4
    assert teacher.log()[0].startswith(f"Teacher's answers on {len(data.train)} train rows: asked in ")
    assert teacher.log()[1] == f"Teacher's answers on {len(data.train)} train rows: from the cache."


def test_each_split_and_each_teacher_is_kept_by_itself(teacher: Teacher, data: TaskData) -> None:
    other_words = Task(**{**MRPC.__dict__, "labels": MRPC.labels[::-1]})
    for split in data.splits.values():
        for answers in (teacher.answers(), teacher.answers("other files"), teacher.answers(task=other_words)):
            assert len(answers.logits(split)) == len(split)
    kept = entries(teacher.folder)
    assert len(kept) == 3 * len(data.splits) == teacher.loads
    assert {(entry.about["split"], entry.about["rows"]) for entry in kept} == {
        (name, len(split)) for name, split in data.splits.items()
    }
    assert kept[0].about["teacher"] == "tiny" and kept[0].about["task"] == "mrpc"


def test_other_tokens_are_other_questions(teacher: Teacher, data: TaskData, toml: str) -> None:
    """Another length that cuts nothing asks the same; one that cuts asks anew."""
    keys = [
        teacher.answers().key(load_task_data(parse_config(toml, overrides=[f"task.max_length={n}"]), MRPC).train)
        for n in (24, 60, 9)
    ]
    assert keys[0] == keys[1] != keys[2]


def test_precision_and_versions_are_in_the_key(
    teacher: Teacher, data: TaskData, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = teacher.answers().key(data.train)
    half = teacher.answers(precision=torch.bfloat16).key(data.train)
    monkeypatch.setattr(answers_module, "version", lambda name: "0")
    assert len({before, half, teacher.answers().key(data.train)}) == 3


def test_a_teacher_without_files_is_asked_every_time(teacher: Teacher, data: TaskData) -> None:
    for _ in range(2):
        teacher.answers(None).logits(data.train)
    assert teacher.loads == 2 and not entries(teacher.folder) and not teacher.log()


def test_a_released_model_is_loaded_again_when_asked_for(teacher: Teacher, data: TaskData) -> None:
    answers = teacher.answers()
    assert answers.model() is answers.model() and teacher.loads == 1
    answers.release()
    assert answers.parameters > 0 and teacher.loads == 2


def test_loading_leaves_the_random_numbers_as_they_were(teacher: Teacher, data: TaskData) -> None:
    torch.manual_seed(11)
    wanted = torch.rand(3)
    torch.manual_seed(11)
    teacher.answers().model()
    assert torch.equal(torch.rand(3), wanted)


def test_the_order_of_classes_is_kept_with_the_answers(teacher: Teacher, data: TaskData) -> None:
    load = teacher.load

    def turned() -> Any:
        model = load()
        model.output_order = [1, 0]
        return model

    straight = teacher.answers().logits(data.train)
    teacher.load = turned  # type: ignore[method-assign]
    for _ in range(2):
        answers = teacher.answers("files that say so")
        assert np.array_equal(answers.logits(data.train), straight[:, ::-1]) and answers.output_order == [1, 0]
    assert teacher.loads == 2


def test_asking_tells_how_far_it_is_and_stops_when_asked_to(
    teacher: Teacher, data: TaskData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_module, "TELL_EVERY_S", 0.0)
    monkeypatch.setattr("engine.training.evaluate.CPU_TOKENS", 256)
    stops: Iterator[bool] = iter([False, True])
    with pytest.raises(StopAsked):
        teacher.answers(stop=lambda: next(stops)).logits(data.train)
    first, second = [(event.text, event.done, event.total) for event in teacher.events if isinstance(event, Phase)]
    assert first[0] == second[0] == "asking the teacher" and 0 < first[1] < second[1] < 44 == second[2]
    assert not entries(teacher.folder)
    assert len(teacher.answers().logits(data.train)) == 44, "and the key is free"


def test_a_pass_in_pieces_is_the_same_to_the_bit_and_goes_on_where_it_was_ended(
    teacher: Teacher, data: TaskData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.evaluate.CPU_TOKENS", 128)
    live = predict(teacher.load(), data.train, CPU, None, "teacher")
    monkeypatch.setitem(answers_module.OPERATIONS_OF_A_PIECE, "cpu", 1.0)
    monkeypatch.setattr(answers_module, "MOST_PIECES", 4)
    monkeypatch.setattr(answers_module, "TELL_EVERY_S", 0.0)
    told = lambda: [event.done for event in teacher.events if isinstance(event, Phase)]  # noqa: E731
    with pytest.raises(StopAsked):
        teacher.answers(stop=lambda: told()[-1] > 25).logits(data.train)
    pieces = len(entries(teacher.folder))
    assert 0 < pieces < 4 and told() == sorted(told()), "told of all rows, whichever piece they are in"
    found = teacher.answers().logits(data.train)
    assert found.tobytes() == live.tobytes() and told()[-1] == 44
    assert teacher.log()[-1].endswith(f"{4 - pieces} of 4 pieces here, the others by another process or before.")
    assert [entry.about["rows"] for entry in entries(teacher.folder)] == [44]


def test_rows_are_found_by_their_number_whatever_the_order_of_steps(teacher: Teacher, data: TaskData) -> None:
    """Shuffled training looks a row up by its number: kept answers give every row of every batch its own."""
    teacher.answers().logits(data.train)
    kept, model = teacher.answers().logits(data.train), teacher.load().eval()
    split: Split = data.train
    for epoch in range(2):
        for batch in split.training_batches(BatchSize(7), 5, "teacher").epoch(epoch):
            with torch.inference_mode():
                alone = model(**batch.inputs).logits.numpy()
            np.testing.assert_allclose(kept[batch.indices.numpy()], alone, atol=1e-6)


@pytest.mark.parametrize(("rows", "classes"), [(3668, 2), (392_702, 3)], ids=["MRPC", "MNLI"])
def test_answers_take_four_bytes_a_row_and_class_within_a_tenth(
    teacher: Teacher, data: TaskData, monkeypatch: pytest.MonkeyPatch, rows: int, classes: int
) -> None:
    def answered(model: Any, encoding: Any, batches: list[Any], *more: Any) -> Any:
        return np.zeros((sum(map(len, batches)), classes), np.float32)

    monkeypatch.setattr(answers_module, "predict_batches", answered)
    encoding = Encoding(np.full(rows, 5, np.int32), None, np.arange(rows + 1), 0, 0, 0)
    teacher.answers().logits(replace(data.train, labels=np.zeros(rows), encodings={"teacher": encoding}))
    (entry,) = entries(teacher.folder)
    assert rows * classes * 4 <= entry.bytes <= 1.1 * rows * classes * 4


def test_answers_that_are_not_finite_are_refused_by_the_teachers_name_and_never_kept(
    teacher: Teacher, data: TaskData
) -> None:
    def spoilt() -> Any:
        model = Teacher.load(teacher)
        with torch.no_grad():
            model.classifier.bias[0] = torch.nan
        return model

    teacher.load = spoilt  # type: ignore[method-assign]
    rows = len(data.train)
    with pytest.raises(ModelError, match=f"teacher.model: tiny answers {rows} of the {rows} train rows"):
        teacher.answers().logits(data.train)
    assert entries(teacher.folder) == []


def test_another_process_is_helped_on_the_cpu_alone_and_where_memory_is_plenty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").write_bytes(b"x" * 1000)
    for free, device, files, helped in [
        (8001, CPU, ["weights"], True),
        (8000, CPU, ["weights"], False),
        (8001, torch.device("cuda", 0), ["weights"], False),
        (8001, CPU, [], False),  # made for this run: nobody else has it
    ]:
        monkeypatch.setattr(answers_module, "free_memory", lambda free=free: free)
        assert room_for_another([tmp_path / name for name in files], device) is helped
