"""The formula in plain numbers and the notice, straight from a loss table."""

import pytest

from engine.config import feature_terms, formula_of, loss_settings, notice_of, pairs_of, sources_of, term_names


def test_the_formula_shows_the_numbers():
    assert formula_of(loss_settings({"kind": "kl", "lambda": 0.3, "temperature": 2})) == (
        "0.30·CE(y) + 0.70·4.00·KL(p‖f; T=2)"
    )
    assert formula_of(loss_settings({"kind": "none"})) == "CE(y)"


def test_a_faulty_or_foreign_setting_is_at_its_default():
    settings = loss_settings({"kind": "kl", "lambda": 7, "temperature": 4.0, "gamma": 1})
    assert (settings.label_weight, settings.temperature) == (0.5, 4.0)


def test_the_notice_holds_for_exactly_the_settings_it_is_about():
    assert notice_of(loss_settings({"kind": "taylor"})).startswith("At T = 1 and γ = 1 the teacher does not change")
    assert notice_of(loss_settings({"kind": "taylor", "temperature": 1.5})).startswith("At γ = 1 the teacher")
    assert notice_of(loss_settings({"kind": "taylor", "gamma": 0.95})) == ""
    assert notice_of(loss_settings({"kind": "kl", "temperature": 1})) == ""


def test_beside_feature_terms_the_notice_speaks_of_the_logits_and_names_the_way_the_teacher_takes():
    features = feature_terms([{"kind": "hidden"}, {"kind": "pkd"}])
    for table in ({"kind": "taylor"}, {"kind": "taylor", "temperature": 2}):
        alone, beside = notice_of(loss_settings(table)), notice_of(loss_settings(table), features)
        assert "the teacher does not change the gradient. " in alone
        assert "the teacher does not change the gradient of the logits. " in beside
        assert "through the feature terms alone (hidden, pkd)" in beside and "feature" not in alone
    assert notice_of(loss_settings({"kind": "kl"}), features) == ""


def test_a_layer_map_as_the_pairs_it_comes_to():
    hidden, skip, own, embedding = feature_terms(
        [{"kind": "hidden"}, {"kind": "pkd"}, {"kind": "hidden", "layers": [[1, "bert.pooler"]]}, {"kind": "embedding"}]
    )
    assert pairs_of(hidden, 2, 4) == "1↔2, 2↔4"
    assert pairs_of(skip, 3, 6) == "1↔2, 2↔4"
    assert pairs_of(skip, 1, 6) == "", "one layer cannot leave out its last"
    assert pairs_of(own, 2, 4) == "1↔bert.pooler"
    assert pairs_of(embedding, 2, 4) == ""


def test_terms_of_one_kind_are_told_apart_by_a_number():
    assert term_names(["hidden", "pkd", "hidden"]) == ["hidden", "pkd", "hidden-2"]


def test_an_unknown_loss_is_an_error():
    with pytest.raises(KeyError):
        loss_settings({"kind": "tailor"})


def test_feature_terms_stand_in_the_formula_and_among_the_sources():
    terms = feature_terms(
        [
            {"kind": "hidden", "distance": "cosine", "weight": -1},
            {"kind": "gone"},
            "hidden",
            {"kind": "embedding", "weight": 10},
        ]
    )
    assert [term.kind for term in terms] == ["hidden", "embedding"] and terms[0].weight == 1.0
    settings = loss_settings({"kind": "kl", "standardise": True})
    assert formula_of(settings, terms).endswith(" + 1.00·hidden (1−cos) (uniform) + 10.00·embedding mse")
    hinton, standardised, fitnets, tinybert = sources_of(settings, [*terms, terms[0]])
    assert hinton.startswith("Hinton") and standardised.startswith("Sun et al. 2024")
    assert fitnets.startswith("Romero") and "TinyBERT" in tinybert
    assert sources_of(loss_settings({"kind": "none"})) == []
