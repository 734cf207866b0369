"""What is said before a run starts: everything at once, nothing written, torch not loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import parse_leniently
from engine.training.preflight import Preview, preview
from tests.engine.conftest import WORDS, write_berts_tokenizer, write_tokenizer


def look(text: str, *overrides: str) -> Preview:
    return preview(*parse_leniently(text, None, overrides))


def keys(found: Preview) -> set[str]:
    return {fault["key"] for fault in found.faults}


def test_ready_with_sizes(toml: str) -> None:
    found = look(toml)
    assert found.ready and not found.faults
    assert found.rows == {"train": 44, "validation": 20} and found.steps == 6
    assert found.student is not None and (found.student.layers, found.student.hidden) == (2, 16)
    assert found.teacher is not None and (found.teacher.layers, found.teacher.hidden) == (4, 32)
    assert found.device == "cpu"
    assert any("subset" in notice["text"] and notice["key"] == "task.source" for notice in found.notices)


def test_steps_that_hang_on_the_lengths_of_rows_are_not_guessed(toml: str) -> None:
    bound = look(toml, "training.batch_tokens=383")  # 16 rows of 24 tokens would be 384
    assert bound.ready and bound.steps is None
    assert [notice["key"] for notice in bound.notices if notice["level"] == "fine"][-1] == "training.batch_tokens"
    free = look(toml, "training.batch_tokens=384")
    assert free.steps == 6 and not any(notice["key"] == "training.batch_tokens" for notice in free.notices)


def test_student_size_is_the_real_one(toml: str) -> None:
    from engine import catalog
    from engine.models.student import build_student

    config, _ = parse_leniently(toml)
    assert config is not None
    built = build_student(config, catalog.tasks()["mrpc"], 25)
    found = look(toml)
    assert found.student is not None and found.student.parameters == sum(p.numel() for p in built.parameters())


def test_config_data_and_model_faults_come_together(toml: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.mkdir()
    (rows / "train.csv").write_text("sentence1,label\na,1\n")
    (rows / "validation.csv").write_bytes(b"sentence1,sentence2,label\na,\xff,1\n")
    empty = tmp_path / "model"
    empty.mkdir()
    (empty / "config.json").write_text("{}")
    found = look(toml, f"task.source={rows}", f"teacher.model={empty}", "training.epochs=0", "loss.gamma=1")
    assert not found.ready
    assert {"task.source", "teacher.model", "training.epochs", "loss.gamma"} <= keys(found)
    said = " ".join(fault["message"] for fault in found.faults)
    assert "sentence2" in said and "not UTF-8" in said and "no weights" in said


def test_teacher_without_head_is_a_fault_only_where_it_teaches(toml: str) -> None:
    assert "teacher.training" in keys(look(toml, "teacher.training=as_is"))
    assert look(toml, "teacher.training=as_is", "loss.kind=none").ready


def test_layers_that_do_not_fit(toml: str) -> None:
    assert look(toml, "student.init=layers", "student.architecture=2x32").ready
    for wrong in ("2x16", "9x32"):
        found = look(toml, "student.init=layers", f"student.architecture={wrong}")
        assert keys(found) == {"student.architecture"}


def test_the_taylor_notice(toml: str) -> None:
    def said(*overrides: str) -> bool:
        return any("does not change the gradient" in n["text"] for n in look(toml, *overrides).notices)

    assert said("loss.kind=taylor") and not said("loss.kind=taylor", "loss.gamma=0.5") and not said()


def test_command_prints_json_and_loads_no_torch(toml: str, home: Path, tmp_path: Path) -> None:
    write_berts_tokenizer(tmp_path)
    toml = toml.replace("[student]", f'tokenizer = "{tmp_path.as_posix()}"\n[student]')
    code = """
import sys
sys.argv = ["distill", "check", "-", "--json"]
from engine.__main__ import main
try:
    main()
finally:
    print("torch" in sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], input=toml, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ready"] is True
    assert done.stderr.strip().splitlines()[-1] == "False"
    assert not home.exists()


def test_a_teacher_whose_config_holds_odd_values_gets_a_sentence(toml: str, tiny: Path, tmp_path: Path) -> None:
    teacher = Path(shutil.copytree(tiny / "teacher", tmp_path / "odd"))
    content = json.loads((teacher / "config.json").read_text())
    head = {"architectures": ["BertForSequenceClassification"]}
    for odd in (
        {"num_attention_heads": 0},
        {"max_position_embeddings": "x"},
        {"architectures": 5},
        {**head, "id2label": 5},
    ):
        (teacher / "config.json").write_text(json.dumps({**content, **odd}))
        chosen = f"teacher.model={teacher}"
        assert look(toml, chosen, "teacher.training=as_is").ready is ("id2label" in odd)
        look(toml, chosen, "student.init=layers", "student.architecture=2x32")


@pytest.mark.parametrize("task, faulty", [("mrpc", True), ("stsb", True), ("mnli", False), ("tickets", False)])
def test_logits_are_standardised_only_where_something_is_left_of_them(task: str, faulty: bool) -> None:
    text = f'[task]\nname = "{task}"\n[teacher]\nmodel = "o/m"\n[loss]\nkind = "kl"\nstandardise = true\n'
    assert [fault.key for fault in parse_leniently(text)[1]] == ["loss.standardise"] * faulty


def test_rows_longer_than_a_model_can_place_and_tokens_it_does_not_know(toml: str, tiny: Path, tmp_path: Path) -> None:
    assert keys(look(toml, "task.max_length=65")) == {"task.max_length"}
    assert look(toml, "task.max_length=64").ready
    assert look(toml, "task.max_length=65", "loss.kind=none").ready  # a new student has places enough
    larger = write_tokenizer(tmp_path / "larger", [*WORDS, "another"])
    assert keys(look(toml, f"teacher.tokenizer={larger}", f"student.tokenizer={larger}")) == {"teacher.tokenizer"}
    layers = ["student.init=layers", "student.architecture=2x32", f"student.tokenizer={larger}"]
    assert keys(look(toml, *layers)) == {"student.tokenizer"}
    own = ["student.init=pretrained", f"student.architecture={tiny / 'teacher'}"]
    assert keys(look(toml, *own, f"student.tokenizer={larger}")) == {"student.tokenizer"}


@pytest.mark.parametrize(
    ("term", "key", "said"),
    [
        ('kind = "hidden"\nlayers = [[3, 1]]', "features.1", "the student has no layer 3: it has 2"),
        ('kind = "attention"', "features.1", "heads"),
        ('kind = "hidden"', "", ""),
        ('kind = "attention"\nheads = "average"', "", ""),
    ],
)
def test_feature_terms_that_do_not_fit_are_refused_before_the_start(toml: str, term: str, key: str, said: str) -> None:
    """The tiny teacher has 4 layers with 4 heads, the 2x16 student 2 layers with 1 head."""
    config, faults = parse_leniently(f"{toml}\n[[features]]\n{term}\n")
    found = preview(config, faults)
    assert {fault["key"] for fault in found.faults} == ({key} if key else set()), found.faults
    assert not key or said in found.faults[0]["message"]


def test_tokens_are_compared_by_tokenizer_not_by_the_embeddings_a_model_holds(
    toml: str, tiny: Path, tmp_path: Path
) -> None:
    """Many models hold more embeddings than their tokenizer has tokens: rounded up to a multiple of 8, for example."""
    teacher = Path(shutil.copytree(tiny / "teacher", tmp_path / "padded"))
    content = json.loads((teacher / "config.json").read_text())
    (teacher / "config.json").write_text(json.dumps({**content, "vocab_size": content["vocab_size"] + 7}))
    term = '\n[[features]]\nkind = "hidden"\n'
    assert look(toml + term, f"teacher.model={teacher}").ready
    larger = write_tokenizer(tmp_path / "larger", [*WORDS, "another"])
    found = look(toml + term, f"student.tokenizer={larger}")
    assert keys(found) == {"features.1.kind"} and "the student's tokenizer has" in found.faults[0]["message"]
    assert look(toml + term.replace("hidden", "rkd"), f"student.tokenizer={larger}").ready


def test_the_same_tokenizer_in_another_folder_is_not_a_different_one(toml: str, tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny / "teacher" / name, copy)
    larger = write_tokenizer(tmp_path / "larger", [*WORDS, "another"])

    def said(tokenizer: object, *more: str) -> list[str]:
        notices = look(toml, f"student.tokenizer={tokenizer}", *more).notices
        return [notice["text"] for notice in notices if notice["key"] == "student.tokenizer"]

    assert said(copy) == []
    assert said(larger) == ["Teacher and student have different tokenizers; each reads the text through its own."]
    (unknown,) = said(copy, "teacher.model=nobody/downloaded-this")
    assert "cannot be seen yet" in unknown


@pytest.mark.parametrize(
    ("keep", "limit", "level", "said"),
    [
        ("logits", "1", "fine", "Each step asks the live teacher for hidden/2, hidden/4, query/4, key/4 and 1 more, as teacher"),
        ("tensors", "1", "fine", "5 of the teacher's tensors are kept for all runs, at most 338 kB: within the cache's limit"),
        ("tensors", "0.0001", "look", "take at most 338 kB, more than the cache's limit of 100 kB (DISTILL_CACHE_GB): if they"),
        ("tensors", "0", "look", "The cache keeps nothing (DISTILL_CACHE_GB = 0), so each step asks the live teacher for hid"),
    ],
)  # fmt: skip
def test_what_is_kept_of_the_teachers_inside_and_what_is_asked_live_is_said_with_its_size(
    toml: str, monkeypatch: pytest.MonkeyPatch, keep: str, limit: str, level: str, said: str
) -> None:
    """5 tensors × 44 rows × 24 tokens × 32 units × 2 bytes."""
    monkeypatch.setenv("DISTILL_CACHE_GB", limit)
    terms = '[[features]]\nkind = "hidden"\n[[features]]\nkind = "minilm"\nversion = "2"\nrelation_heads = 4\n'
    found = look(f"{toml}\n{terms}", f"teacher.keep={keep}")
    (notice,) = [notice for notice in found.notices if notice["key"] == "teacher.keep"]
    assert found.ready and notice["level"] == level and said in notice["text"]


def test_without_terms_inside_the_teacher_nothing_is_said_of_it(toml: str) -> None:
    assert not any(notice["key"] == "teacher.keep" for notice in look(toml).notices)
    (notice,) = [n for n in look(toml, "teacher.keep=tensors").notices if n["key"] == "teacher.keep"]
    assert "keeps nothing more here" in notice["text"]


def test_a_limit_that_is_no_number_is_a_fault(toml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_CACHE_GB", "much")
    found = look(f'{toml}\n[[features]]\nkind = "hidden"\n')
    assert not found.ready and "DISTILL_CACHE_GB is “much”" in found.faults[0]["message"]
