"""Feature terms of a draft: kept, written and shared without loss; layer maps typed as a person writes them."""

import tomllib

import pytest
import tomli_w

from distill_gui.models.compose_draft import Draft, flatten
from distill_gui.models.compose_judgement import judge
from distill_gui.models.compose_term import is_pairs, parse_pairs, term_number
from distill_gui.models.compose_values import as_text, from_text
from engine.config import parse_config

TERMS = [
    {"kind": "hidden", "weight": 0.5, "layers": [[1, 2], [2, "bert.encoder.layer.3"]], "distance": "cosine"},
    {"kind": "minilm", "version": "2", "relation_heads": 4, "teacher_layer": 3},
    {"kind": "hidden", "schedule": "rise", "schedule_share": 0.25, "dynamic": True},
]
TABLE = {"task": {"name": "mrpc"}, "teacher": {"model": "owner/t"}, "loss": {"kind": "kl"}, "features": TERMS}


def test_a_table_with_feature_terms_comes_back_as_it_was():
    draft = Draft()
    assert draft.take(TABLE) == []
    assert draft.table() == TABLE
    config = parse_config(tomli_w.dumps(draft.table()))
    again = Draft()
    assert again.take(tomllib.loads(config.to_toml())) == []
    assert parse_config(tomli_w.dumps(again.table())) == config, "saved whole and opened again it is the same run"


def test_a_choice_written_as_a_number_is_that_choice():
    draft = Draft()
    draft.take({**TABLE, "features": [{"kind": "minilm", "version": 2}]})
    assert draft.value("features.1.version") == "2" and draft.is_visible("features.1.relation_heads")
    assert [name for name, _, _ in draft.choices("features.1.version")] == ["1", "2"]


def test_terms_come_and_go_and_keep_their_values():
    draft = Draft()
    for kind in ("hidden", "pkd", "hidden"):
        draft.add_term(kind)
    draft.set("features.3.weight", 7.0)
    assert draft.term_sections() == ["features.1", "features.2", "features.3"]
    draft.remove_term(draft.terms()[0].token)
    assert [term.kind for term in draft.terms()] == ["pkd", "hidden"]
    assert draft.value("features.2.weight") == 7.0 and draft.is_changed("features.2.weight")
    draft.reset("features.2.weight")
    assert draft.table()["features"] == [{"kind": "pkd"}, {"kind": "hidden"}]
    with pytest.raises(KeyError):
        draft.field("features.3.weight")
    with pytest.raises(KeyError):
        draft.remove_term(-1)


def test_what_cannot_apply_is_hidden_and_not_written():
    draft = Draft()
    draft.add_term("minilm")
    draft.set("features.1.relation_heads", 12)
    draft.set("features.1.schedule_share", 0.5)
    assert not draft.is_visible("features.1.relation_heads") and not draft.is_visible("features.1.schedule_share")
    assert draft.table()["features"] == [{"kind": "minilm"}]
    draft.set("features.1.version", "2")
    draft.set("features.1.schedule", "fall")
    assert draft.table()["features"] == [
        {"kind": "minilm", "schedule": "fall", "schedule_share": 0.5, "version": "2", "relation_heads": 12}
    ]


def test_a_feature_term_needs_the_teacher_even_without_a_loss_of_its_answers():
    draft = Draft()
    draft.set("loss.kind", "none")
    assert not draft.needs_teacher and not draft.is_visible("teacher.training")
    draft.add_term("hidden")
    assert draft.needs_teacher and draft.is_visible("teacher.training")


def test_merging_leaves_the_terms_alone_unless_the_table_speaks_of_them():
    draft = Draft()
    draft.take(TABLE)
    draft.merge({"task": {"name": "rte"}})
    assert draft.table()["features"] == TERMS
    draft.merge({"features.1.weight": 2.0})
    assert draft.value("features.1.weight") == 2.0
    draft.merge({"features": [{"kind": "cka"}]})
    assert draft.table()["features"] == [{"kind": "cka"}]
    draft.merge({"features": []})
    assert "features" not in draft.table()


def test_a_preset_is_the_base_of_its_terms():
    draft = Draft()
    draft.take_preset({"loss": {"kind": "kl"}, "features": [{"kind": "hidden", "weight": 3.0}]}, whole=False)
    assert not draft.is_changed("features.1.weight") and not draft.is_method_changed()
    draft.set("features.1.weight", 1.0)
    assert draft.is_changed("features.1.weight")
    draft.reset("features.1.weight")
    assert draft.value("features.1.weight") == 3.0
    draft.add_term("pkd")
    assert draft.is_method_changed()
    draft.take_preset({"loss": {"kind": "kl"}, "features": []}, whole=False)
    assert draft.terms() == [] and not draft.is_method_changed()


def test_what_no_form_knows_is_left_out_and_an_unknown_kind_is_for_the_engine_to_say():
    draft = Draft()
    given = {**TABLE, "features": [{"kind": "hidden", "colour": 1}, {"kind": "hiden", "weight": 2.0}, {}]}
    assert draft.take(given) == ["features.1.colour", "features.2.weight"]
    assert draft.table()["features"] == [{"kind": "hidden"}, {"kind": "hiden"}, {}]
    said = {fault.key: fault.message for fault in judge(draft).faults}
    assert "there is no feature loss “hiden”" in said["features.2.kind"] and "missing" in said["features.3.kind"]
    assert draft.take({**TABLE, "features": 3}) == ["features"]


def test_faults_of_a_setting_have_the_form_s_key():
    draft = Draft()
    draft.take({**TABLE, "features": [{"kind": "hidden"}, {"kind": "pkd", "weight": -1.0}]})
    assert [fault.key for fault in judge(draft).faults] == ["features.2.weight"]


def test_flattening_counts_terms_from_one():
    flat = flatten({"features": [{"kind": "hidden", "weight": 1.0}, {"kind": "pkd"}]})
    assert flat == {"features.1.kind": "hidden", "features.1.weight": 1.0, "features.2.kind": "pkd"}
    assert term_number("features.12.weight") == 12 and term_number("features.2") == 2
    assert term_number("features.0.x") is None and term_number("loss.kind") is None


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("1↔2, 2↔4", [[1, 2], [2, 4]]),
        ("1-2,2-4", [[1, 2], [2, 4]]),
        (" 1 -> 2 ; 0→0 ", [[1, 2], [0, 0]]),
        ("1↔bert.pooler", [[1, "bert.pooler"]]),
        ("a-b↔encoder.0", [["a-b", "encoder.0"]]),
    ],
)
def test_pairs_as_a_person_types_them(text, pairs):
    assert parse_pairs(text) == pairs
    assert parse_pairs(as_text(pairs)) == pairs


@pytest.mark.parametrize("text", ["", "1", "1↔", "1↔2↔3", "1-2-3", "1↔2, x"])
def test_what_is_no_pair_yet_stays_text_and_is_said_in_the_form_s_words(text):
    with pytest.raises(ValueError, match=r"1↔2"):
        parse_pairs(text)
    draft = Draft()
    draft.take({**TABLE, "features": [{"kind": "hidden"}]})
    spec = draft.field("features.1.layers")
    draft.set(spec.key, from_text(spec, text))
    assert draft.value(spec.key) == text
    faults = judge(draft).faults
    assert [fault.key for fault in faults] == [spec.key] and "[[" not in faults[0].message


def test_a_map_in_a_file_that_is_no_pairs_is_shown_as_it_is():
    assert not is_pairs([1, 2]) and as_text([1, 2]) == "[1, 2]"
    draft = Draft()
    draft.take({**TABLE, "features": [{"kind": "hidden", "layers": [1, 2]}]})
    assert draft.table()["features"][0]["layers"] == [1, 2]
    assert [fault.key for fault in judge(draft).faults] == ["features.1.layers"]
