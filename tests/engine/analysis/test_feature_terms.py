"""A feature term in few words, and what of it makes another method."""

from __future__ import annotations

from typing import Any

import pytest

from engine import catalog
from engine.analysis.feature_terms import comparable, differing_settings, effective_terms, term_title

KNOWN = catalog.features()


def title(**settings: Any) -> str:
    (term,) = effective_terms([settings], KNOWN)
    return term_title(term, (), KNOWN)


@pytest.mark.parametrize("kind", list(KNOWN))
def test_every_feature_loss_has_a_short_name_at_its_defaults(kind: str) -> None:
    assert title(kind=kind).split(" (")[0] == kind and len(title(kind=kind)) < 20
    assert title(kind=kind) == title(**KNOWN[kind].settings(kind=kind).model_dump(mode="json"))


def test_settings_in_few_characters() -> None:
    assert title(kind="hidden", weight=10.0) == "10·hidden (mse)"
    assert title(kind="hidden", distance="l1", layers=[[1, 2], [3, "bert.pooler"]]) == "hidden (l1, 1↔2 3↔bert.pooler)"
    assert title(kind="attention", mode="maps", heads="average") == "attention (maps, heads average)"
    assert title(kind="pkd", schedule="rise", schedule_share=0.5, dynamic=True) == "pkd (rising, over 50 %, dynamic α)"
    assert title(kind="minilm", version="2", teacher_layer=21) == "minilm (v2, teacher layer 21)"
    assert title(kind="older", beta=0.25) == "older (beta 0.25)"


def test_what_has_no_effect_does_not_count() -> None:
    assert effective_terms([{"kind": "hidden", "schedule_share": 0.5}], KNOWN) == effective_terms(
        [{"kind": "hidden"}], KNOWN
    )
    heads = [effective_terms([{"kind": "minilm", "version": v, "relation_heads": 12}], KNOWN) for v in ("1", "2")]
    assert "relation_heads" not in heads[0][0] and heads[1][0]["relation_heads"] == 12


def test_what_is_no_table_is_no_term_and_an_unknown_kind_is_kept() -> None:
    assert effective_terms(["hidden", 3, {"kind": "gone", "x": [1]}], KNOWN) == ({"kind": "gone", "x": [1]},)


def test_settings_that_differ_within_a_run_count_too() -> None:
    terms = effective_terms([{"kind": "hidden"}, {"kind": "hidden", "layers": "last"}, {"kind": "pkd"}], KNOWN)
    assert differing_settings([terms]) == {("hidden", "layers")}
    assert [term_title(term, differing_settings([terms]), KNOWN) for term in terms] == [
        "hidden (mse, last)", "hidden (mse, uniform)", "pkd",
    ]  # fmt: skip


def test_a_setting_that_applies_only_to_some_terms_does_not_differ_from_being_absent() -> None:
    terms = effective_terms([{"kind": "minilm", "version": "1"}, {"kind": "minilm", "version": "2"}], KNOWN)
    assert differing_settings([terms]) == {("minilm", "version")}


def test_comparable_values_are_hashable_and_two_is_two() -> None:
    assert comparable(2) == comparable(2.0) and hash(comparable([[1, 2]])) == hash(comparable([[1, 2]]))
