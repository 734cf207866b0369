"""The synthetic tickets: the bytes in the tree are the generator's, and they are what their description says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from engine import catalog
from engine.tasks import tickets_phrases as phrases
from engine.tasks.tickets_generator import LABEL_NOISE, ROWS, tickets, write_rows

SAMPLE = catalog.assets_folder() / "sample"
FILES = [
    *(f"tickets/{split}.csv" for split in ROWS),
    *(f"tokenizer/{name}" for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt")),
]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command of the README writes, with another hash seed than this process has."""
    folder = tmp_path_factory.mktemp("sample")
    command = [sys.executable, "-m", "engine.tasks.tickets_generator", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env={"PYTHONHASHSEED": "17", "PATH": ""}, cwd=Path.cwd())
    return folder


@pytest.mark.parametrize("name", FILES)
def test_the_files_in_the_tree_are_the_generators_to_the_byte(generated: Path, name: str) -> None:
    assert (generated / name).read_bytes() == (SAMPLE / name).read_bytes(), (
        f"assets/sample/{name} is not what the generator writes; run python -m engine.tasks.tickets_generator assets/sample"
    )


def test_nothing_else_is_generated(generated: Path) -> None:
    assert sorted(str(file.relative_to(generated)) for file in generated.rglob("*") if file.is_file()) == sorted(FILES)


def test_another_seed_gives_other_tickets(tmp_path: Path) -> None:
    write_rows(tmp_path, seed=1)
    assert (tmp_path / "tickets" / "test.csv").read_bytes() != (SAMPLE / "tickets" / "test.csv").read_bytes()


def test_no_text_occurs_twice() -> None:
    texts = [text.lower() for rows in tickets().values() for text, _ in rows]
    assert len(texts) == sum(ROWS.values()) == len(set(texts))


def test_every_class_is_common_in_every_split() -> None:
    for split, rows in tickets().items():
        counts = Counter(label for _, label in rows)
        assert set(counts) == set(phrases.CLASSES)
        assert min(counts.values()) > 0.12 * ROWS[split] and max(counts.values()) < 0.30 * ROWS[split]


def test_labels_are_wrong_as_often_as_said() -> None:
    """A ticket that holds a statement of one class only, and no other class's words, shows whether its label is right."""
    own = {
        statement.lower(): label
        for label, statements in phrases.STATEMENTS.items()
        for statement in statements
        if "{" not in statement
    }
    for split, share in LABEL_NOISE.items():
        rows = tickets(rows={split: 6000})[split]
        clear = [
            (hits[0], label)
            for text, label in rows
            if len(hits := [own[statement] for statement in own if statement in text.lower()]) == 1
            and not re.search("important|main thing|matter|can wait|cannot", text.lower())
        ]
        wrong = sum(truth != label for truth, label in clear) / len(clear)
        assert len(clear) > 300 and abs(wrong - share) < 0.04, (split, wrong)


def test_no_slot_is_left_open() -> None:
    assert not [text for rows in tickets().values() for text, _ in rows if re.search(r"[{}]", text)]


def test_every_class_has_all_kinds_of_phrases() -> None:
    for table in (phrases.STATEMENTS, phrases.REQUESTS, phrases.SETTLED, phrases.TOPICS, phrases.CONFUSED_WITH):
        assert set(table) == set(phrases.CLASSES)
    assert ("billing", "refund") in phrases.SHARED and ("account", "technical") in phrases.SHARED


def test_the_command_explains_itself() -> None:
    command = [sys.executable, "-m", "engine.tasks.tickets_generator"]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    assert found.returncode == 2 and "FOLDER" in found.stderr
