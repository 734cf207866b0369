"""``distill cache`` as a person types it: what is listed, what is found damaged, what is cleared."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.__main__ import main
from engine.data.array_cache import ArrayCache

Distill = Callable[..., tuple[int, str]]


@pytest.fixture
def distill(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Distill:
    """Types a command; (exit status, what was printed)."""

    def type_(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["distill", "cache", *arguments])
        status: object = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return int(str(status or 0)), captured.out + captured.err

    return type_


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of two entries: a teacher's answers, used now, and tokens, not used for 10 days."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DISTILL_CACHE_GB", "3")
    cache = ArrayCache(home / "cache")
    answers = {
        "kind": "teacher's answers",
        "teacher": "/models/bert [bold]",
        "task": "mrpc",
        "split": "train",
        "rows": 3668,
    }
    cache.fetch("a", lambda: ({"logits": np.zeros((3668, 2), np.float32)}, answers), "a")
    tokens = {"kind": "tokens", "tokenizer": "bert-base-uncased", "task": "rte", "split": "validation", "rows": 277}
    cache.fetch("t", lambda: ({"tokens": np.zeros(9000, np.int32)}, tokens), "t")
    os.utime(home / "cache" / "t.arrays", (time.time() - 10 * 86_400,) * 2)
    return home / "cache"


def test_a_list_says_what_is_kept_and_how_much(distill: Distill, folder: Path) -> None:
    status, said = distill("list")
    head, answers, tokens, total = said.splitlines()
    assert status == 0 and head.split() == ["What", "Of", "Task", "Split", "Rows", "Size", "Last", "used"]
    assert "teacher's answers" in answers and "bert [bold]" in answers and "29." in answers and "3,668" in answers
    assert "tokens" in tokens and "rte" in tokens and "validation" in tokens and "36." in tokens
    assert total.startswith("2 entries, 65.9 kB") and f"of at most 3.0 GB (DISTILL_CACHE_GB sets it). {folder}" in total


def test_the_list_as_json(distill: Distill, folder: Path) -> None:
    content = json.loads(distill("list", "--json")[1])
    assert content["folder"] == str(folder) and content["limit_bytes"] == 3_000_000_000
    assert [entry["key"] for entry in content["entries"]] == ["a", "t"]
    assert content["bytes"] == sum(file.stat().st_size for file in folder.glob("*.arrays"))
    assert content["entries"][0]["about"]["rows"] == 3668 and not content["entries"][0]["fault"]


def test_an_empty_cache(distill: Distill, home: Path) -> None:
    assert "Nothing kept yet, 0 bytes of at most" in distill("list", "--home", str(home))[1]
    assert json.loads(distill("list", "--json")[1])["entries"] == []
    assert distill("verify")[0] == 0 and distill("clear")[1].startswith("0 entries taken out")
    assert not home.exists(), "looking makes nothing"


def test_verifying_finds_one_changed_byte(distill: Distill, folder: Path) -> None:
    status, said = distill("verify")
    assert status == 0 and said.startswith("2 of 2 entries are sound (65.9 kB read")
    with (folder / "t.arrays").open("r+b") as stream:
        stream.seek(-100, 2)
        stream.write(b"\1")
    status, said = distill("verify")
    assert status == 1 and f"{folder / 't.arrays'}: its content does not match its checksum" in said
    assert "1 of 2 entries are sound" in said
    (folder / "a.arrays").write_bytes(b"PK")
    assert distill("verify")[0] == 1 and "damaged" in distill("list")[1]


def test_clearing_all_or_what_is_old(distill: Distill, folder: Path) -> None:
    assert distill("clear", "--older-than-days", "11")[1] == "0 entries taken out, 0 bytes freed; 2 stay.\n"
    status, said = distill("clear", "--older-than-days", "9.5")
    assert status == 0 and said.startswith("1 entry taken out, 36.") and said.endswith("freed; 1 stay.\n")
    assert distill("clear")[1].startswith("1 entry taken out, 29.") and not list(folder.iterdir())
    assert distill("clear", "--older-than-days", "-1")[0] == 2


def test_a_limit_that_is_no_number_is_a_sentence(distill: Distill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_CACHE_GB", "a lot")
    status, said = distill("list")
    assert status == 2 and said.startswith("DISTILL_CACHE_GB is “a lot”; give")


def test_a_teachers_inner_tensor_is_listed_by_its_name(distill: Distill, folder: Path, home: Path) -> None:
    about = {
        "kind": "teacher's tensor",
        "tensor": "hidden/4",
        "teacher": "/models/bert",
        "task": "mrpc",
        "split": "train",
    }
    ArrayCache(home / "cache").fetch("h", lambda: ({"values": np.zeros((90, 8), np.float16)}, about), "h")
    assert "teacher's tensor hidden/4  bert" in distill("list")[1]


def test_fine_tuned_teachers_are_counted_beside_the_cache(distill: Distill, folder: Path, home: Path) -> None:
    assert "teachers" not in distill("list")[1]
    (home / "teachers" / "abc").mkdir(parents=True)
    (home / "teachers" / "abc" / "model.safetensors").write_bytes(b"0" * 4000)
    status, said = distill("list")
    assert status == 0 and f"fine-tuned teachers: 1, 4.0 kB in {home / 'teachers'}" in said
    assert json.loads(distill("list", "--json")[1])["teachers"]["bytes"] == 4000
