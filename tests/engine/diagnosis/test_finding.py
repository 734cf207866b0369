"""Findings as JSON, and names as plain text."""

from __future__ import annotations

import json

from engine.diagnosis.finding import Diagnosis, Finding, shown


def test_the_gravest_finding_is_the_level() -> None:
    found = Diagnosis()
    assert found.level == "fine"
    found.findings += [Finding("look", "a", "A", "…"), Finding("fine", "b", "B", "…")]
    assert found.level == "look" and found.count("look") == 1
    found.findings.append(Finding("stop", "c", "C", "…"))
    assert found.level == "stop"


def test_json_holds_only_what_json_can() -> None:
    numbers = {"one": float("nan"), "two": [1.23456789, float("inf")], "three": {"deep": -0.0000123456789}, 4: "text"}
    content = Diagnosis([Finding("fine", "a", "A", "…", numbers=numbers)]).to_dict()
    read = json.loads(json.dumps(content, allow_nan=False))
    assert set(read) == {"level", "seconds", "device", "device_reason", "findings"}
    assert set(read["findings"][0]) == {"level", "check", "key", "title", "text", "remedy", "numbers"}
    assert read["findings"][0]["numbers"] == {
        "one": None, "two": [1.23457, None], "three": {"deep": -1.23457e-05}, "4": "text",
    }  # fmt: skip


def test_names_are_shown_plainly() -> None:
    assert shown("a\x1b[31mb\nc") == "a?[31mb?c"
    assert len(shown("x" * 100)) == 40
