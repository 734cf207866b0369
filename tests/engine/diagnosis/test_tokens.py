"""Tokenizers on real rows: planted differences are found, equal ones are not blamed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import catalog
from engine.config import parse_config
from engine.data.batches import BatchSize
from engine.data.rows import load_rows
from engine.diagnosis.sample import Sample, by_length, part_of, take_sample
from engine.diagnosis.tokens import agreement_finding, own_finding, truncation_finding, unknown_finding
from engine.models.load import load_tokenizer
from tests.engine.conftest import WORDS, write_tokenizer
from tests.engine.diagnosis.conftest import Toml


def sample_of(text: str, rows: int = 64) -> Sample:
    config = parse_config(text)
    task = catalog.tasks()["mrpc"]
    return take_sample(config, task, load_rows(task, config.task.source), rows)


def readers(sample: Sample) -> dict[str, Any]:
    return {"student": sample.data.student_tokenizer, "teacher": sample.data.teacher_tokenizer}


def shuffled(tmp_path: Path) -> Path:
    return write_tokenizer(tmp_path / "shuffled", WORDS[::-1])


def test_the_sample_is_seeded_and_small(healthy: Toml) -> None:
    first, again = sample_of(healthy()), sample_of(healthy())
    assert first.texts == again.texts
    assert {name: len(split) for name, split in first.data.splits.items()} == {"validation": 64, "train": 128}
    assert {name: len(labels) for name, labels in first.labels.items()} == {"train": 240, "validation": 120}


def test_the_fingerprint_is_that_of_all_rows(healthy: Toml) -> None:
    from engine.data.split import load_task_data

    config = parse_config(healthy())
    assert sample_of(healthy()).data.fingerprint == load_task_data(config, catalog.tasks()["mrpc"]).fingerprint


def test_a_part_holds_its_rows_alone(healthy: Toml) -> None:
    split = sample_of(healthy()).data.train
    groups = by_length(split, "student", BatchSize(16))
    assert [len(group) for group in groups] == [16] * 8
    means = [split.encodings["student"].lengths[group].mean() for group in groups]
    assert means == sorted(means)
    part = part_of(split, groups[3])
    assert part.encodings["teacher"] is part.encodings["student"]
    batch, whole = part.look(16), split.encodings["student"]
    for row, place in enumerate(groups[3]):
        tokens = whole.tokens[whole.starts[place] : whole.starts[place + 1]]
        assert batch.inputs["input_ids"][row][: len(tokens)].tolist() == tokens.tolist()
        assert part.labels[row] == split.labels[place]


def test_one_tokenizer_is_fine(healthy: Toml) -> None:
    sample = sample_of(healthy())
    assert agreement_finding(sample).level == "fine"
    assert unknown_finding(sample, readers(sample)).level == "fine"


def test_two_equal_tokenizers_are_fine_and_two_different_ones_a_look(
    healthy: Toml, tmp_path: Path, skilled: Path
) -> None:
    import shutil

    shutil.copytree(skilled / "teacher", tmp_path / "copy")
    with_copy = healthy().replace('architecture = "2x16"', f'architecture = "2x16"\ntokenizer = "{tmp_path / "copy"}"')
    assert agreement_finding(sample_of(with_copy)).level == "fine"
    other = healthy().replace('architecture = "2x16"', f'architecture = "2x16"\ntokenizer = "{shuffled(tmp_path)}"')
    found = agreement_finding(sample_of(other))
    assert found.level == "look" and found.numbers["equal_rows"] < 0.1


def test_a_tokenizer_that_numbers_the_words_otherwise_stops(skilled: Path, tmp_path: Path) -> None:
    texts = (["the cat sat", "a dog ran"], ["on a mat", "under the tree"])
    own = load_tokenizer(str(skilled / "teacher"), "teacher.tokenizer")
    given = load_tokenizer(str(shuffled(tmp_path)), "teacher.tokenizer")
    found = own_finding(given, own, texts, "teacher", "teacher.tokenizer")
    assert (
        found.level == "stop"
        and "numbers the tokens differently" in found.text
        and "teacher.tokenizer out" in found.remedy
    )
    assert own_finding(own, own, texts, "teacher", "teacher.tokenizer").level == "fine"


def test_words_that_are_not_known(healthy: Toml, tmp_path: Path) -> None:
    few = write_tokenizer(tmp_path / "few", WORDS[:-1])  # "then" is not in it
    text = healthy().replace('architecture = "2x16"', f'architecture = "2x16"\ntokenizer = "{few}"')
    sample = sample_of(text)
    found = unknown_finding(sample, readers(sample))
    assert found.level == "look" and found.key == "student.tokenizer" and 0.02 < found.numbers["student"] < 0.5
    none = write_tokenizer(tmp_path / "none", ["zebra"])
    sample = sample_of(healthy().replace('architecture = "2x16"', f'architecture = "2x16"\ntokenizer = "{none}"'))
    assert unknown_finding(sample, readers(sample)).level == "stop"


@pytest.mark.parametrize(("length", "level"), [(24, "fine"), (13, "fine"), (12, "look"), (8, "look")])
def test_truncation_and_the_length_that_would_cut_nothing(healthy: Toml, length: int, level: str) -> None:
    sample = sample_of(healthy())
    found = truncation_finding(sample, readers(sample), length)
    assert found.level == level
    assert found.numbers["longest"] == 13  # 7 words, 3 words, [CLS] and two [SEP]
    if level == "look":
        assert "task.max_length = 13" in found.remedy
        assert found.numbers["cut"]["train"] > 0.1


def test_a_long_row_among_many_has_two_remedies(healthy: Toml) -> None:
    sample = sample_of(healthy())
    texts = sample.texts["train"]
    texts[0][0] = " ".join(["cat"] * 600)
    texts[0][1] = " ".join(["cat"] * 30)
    found = truncation_finding(sample, readers(sample), 8)
    assert (
        found.remedy.startswith("task.max_length = ") and "512" not in found.remedy and found.numbers["longest"] > 600
    )
    assert found.numbers["cuts_one_percent"] < 50
