"""``distill losses``: every loss is there, what is said to be proved is proved by a test that exists, and it reads well."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine import catalog
from engine.__main__ import main
from engine.cli.losses import described_losses, feature_proofs, response_proofs

ROOT = Path(__file__).resolve().parents[3]


def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(sys, "argv", ["distill", "losses", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    return capsys.readouterr().out


def test_json_holds_every_loss_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads(printed(capsys, monkeypatch, "--json"))
    assert set(content["response"]) == set(catalog.losses()) and set(content["features"]) == set(catalog.features())
    for name, loss in {**content["response"], **content["features"]}.items():
        assert all(loss[key] for key in ("title", "summary", "formula", "needs", "tested")), name
        assert loss["source"] or name == "none"


def test_each_property_is_proved_by_a_test_that_exists() -> None:
    """A claim names its test; the reference of a loss is a test of its formula or definition in its own file."""
    for group in described_losses().values():
        for name, loss in group.items():
            for proof in loss["tested"]:
                file, _, test = proof["test"].partition("::")
                source = (ROOT / file).read_text(encoding="utf-8")
                tests = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
                if test:
                    assert test in tests, (name, test)
                elif file.endswith("test_values.py"):
                    assert f"references.{name}(" in source, name
                else:
                    assert any(re.search("formula|definition", found) for found in tests if found[:5] == "test_"), name


def test_what_is_claimed_follows_the_declarations() -> None:
    def said(name: str) -> str:
        known = catalog.losses()
        proofs = response_proofs(known[name]) if name in known else feature_proofs(catalog.features()[name])
        return "; ".join(claim for claim, _ in proofs)

    assert "; 0 at equality" in said("kl") and "independent of how a batch is split" in said("kl")
    assert "not 0 at equality" in said("taylor") and "never below 0" not in said("taylor")
    assert "relates the rows of a batch" in said("dist") and "independent" not in said("dist")
    assert "by valid tokens" in said("hidden") and "one tokenizer" in said("hidden")
    assert "by rows" in said("pkd") and "across tokenizers" in said("pkd")
    assert "relates the rows" in said("rkd") and "across tokenizers" in said("rkd")
    assert "equality" not in said("none") and "teacher" not in said("none")


def test_piped_it_is_plain_with_one_line_a_fact(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = printed(capsys, monkeypatch)
    assert "\x1b" not in out
    lines = out.splitlines()
    assert "rkd: Relational KD" in lines
    assert "  formula: [1·distances + 2·angles] of [CLS] (final)" in lines
    assert sum(line.startswith("  tested: ") for line in lines) == len(catalog.losses()) + len(catalog.features())
    assert not [line for line in lines if line.endswith(" ")]


def test_on_a_terminal_of_80_columns_nothing_is_cut_or_too_wide(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    out = printed(capsys, monkeypatch)
    assert "\x1b[1m" in out
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert 60 < max(map(cell_len, lines)) <= 80
    assert "…" not in out.replace("1…M", "")
    words = " ".join(" ".join(lines).split())
    for name, loss in {**catalog.losses(), **catalog.features()}.items():
        assert f"{name} {loss.title}" in words
        assert loss.source in words


def test_named_losses_alone_and_a_name_that_no_loss_has(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = printed(capsys, monkeypatch, "hidden")
    assert (
        told.startswith("Feature losses\nhidden: ") and "Response" not in told and "rkd" not in told.split("tested:")[0]
    )
    both = json.loads(printed(capsys, monkeypatch, "--json", "hidden", "kl"))
    assert [list(losses) for losses in both.values()] == [["kl"], ["hidden"]]
    monkeypatch.setattr(sys, "argv", ["distill", "losses", "hiden"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code and "There is no loss “hiden”; choose one of none, " in " ".join(
        capsys.readouterr().err.split()
    )
