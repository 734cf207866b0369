"""Foreign text made harmless: nothing a terminal obeys, nothing secret, nothing without end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.visible import cut, holds_secret, on_one_line, sentence, unseen_in, visible, without_secrets

TOKEN = "hf_" + "aB3" * 11


@given(st.text(st.characters(codec=None)))
def test_nothing_that_is_obeyed_is_left_and_json_means_the_same(text: str) -> None:
    shown = visible(text)
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in shown)
    assert not any(0x7F <= ord(letter) < 0xA0 or 0x202A <= ord(letter) <= 0x202E for letter in shown)
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text
    assert "\n" not in on_one_line(text) and unseen_in(on_one_line(text)) == ""


def test_letters_of_every_script_stay_as_they_are() -> None:
    text = "λ “naïve” 猫 العربية 👩‍💻\u200f x̄\n\tend"
    assert visible(text) == text and unseen_in("λ 猫") == "" and unseen_in("a\x1b") == "U+001B"


@pytest.mark.parametrize(
    "text", [TOKEN, f"a {TOKEN}.", "sk-proj-" + "a1" * 12, "https://me:pass@host/x", "ghp_" + "a1" * 18]
)
def test_tokens_and_passwords_are_known_and_left_out(text: str) -> None:
    assert holds_secret(text)
    shown = without_secrets(text)
    assert not holds_secret(shown) and "aB3aB3" not in shown and "pass" not in shown and "a1a1" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "sentence-transformers/all-MiniLM-L6-v2",
        "hf_model",
        "task-sk-1",
        "sk-learn-classifier-base-uncased",
        "my_hf_transformers_tokenizer",
        "https://host:443/a@b",
        "~/models/sk-learn",
    ],
)
def test_names_are_no_secrets(text: str) -> None:
    assert not holds_secret(text) and without_secrets(text) == text


def test_the_hubs_token_of_this_process_is_left_out_whatever_it_looks_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "my own secret")
    assert without_secrets("Bearer my own secret!") == "Bearer …!"


def test_a_sentence_is_one_a_person_can_read() -> None:
    assert cut("x" * 50, 60) == "x" * 50 and cut("x" * 5000, 60).endswith("… (5,000 characters)")
    told = sentence(f"\x1b[31m{'y' * 9000}\n{TOKEN}")
    assert told.startswith("\\u001b[31my") and len(told) < 1500 and TOKEN not in told
