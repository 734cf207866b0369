"""Presets: only methods that exist, each one in order, and the sample's runs from their files."""

import pytest

from distill_gui.models.presets import presets
from engine import catalog
from engine.config import parse_leniently


@pytest.fixture
def fresh():
    presets.cache_clear()
    yield
    presets.cache_clear()


def test_every_method_preset_names_a_loss_that_exists():
    methods = [preset for preset in presets().values() if not preset.whole]
    assert [preset.title for preset in methods][:2] == ["Taylor KD (paper)", "Vanilla KD"]
    assert {preset.table["loss"]["kind"] for preset in methods} <= set(catalog.losses())


def test_a_method_whose_loss_does_not_exist_is_not_offered(monkeypatch, fresh):
    monkeypatch.setattr(catalog, "losses", lambda: {"kl": catalog._discover("engine.losses", "LOSS")["kl"]})
    monkeypatch.setattr(catalog, "features", dict)
    assert [key for key, preset in presets().items() if not preset.whole] == ["kl"]


def test_a_sample_is_read_from_its_file_with_its_folders(monkeypatch, fresh, tmp_path):
    folder = tmp_path / "sample"
    (folder / "words").mkdir(parents=True)
    (folder / "kl.toml").write_text(
        'name = "Sample: tickets"\n[task]\nname = "mrpc"\n[teacher]\nmodel = "4x128"\ntraining = "fine_tune"\n'
        'tokenizer = "words"\n[loss]\nkind = "kl"\n'
    )
    monkeypatch.setattr(catalog, "assets_folder", lambda: tmp_path)
    sample = presets()["sample/kl"]
    assert sample.title == "Sample: tickets" and sample.whole
    assert sample.table["teacher"]["tokenizer"] == str((folder / "words").resolve())
    assert "name" not in sample.table


def test_every_sample_that_is_there_is_in_order():
    import tomli_w

    for preset in presets().values():
        if preset.whole:
            assert parse_leniently(tomli_w.dumps(dict(preset.table)))[1] == [], preset.key


@pytest.mark.parametrize("key", [preset.key for preset in presets().values() if not preset.whole])
def test_a_method_is_in_order_and_every_value_of_it_counts(key):
    """What a preset sets is a setting of its loss that applies: nothing it says is dropped on the way."""
    from distill_gui.models.compose_draft import Draft

    draft = Draft()
    draft.take({"task": {"name": "mnli"}, "teacher": {"model": "owner/t"}, "student": {"tokenizer": "owner/t"}})
    table = presets()[key].table
    draft.take_preset(table, whole=False)
    written = draft.table()
    import tomli_w

    assert parse_leniently(tomli_w.dumps(written))[1] == []
    for given, kept in zip(table["features"], written.get("features", []), strict=True):
        defaults = catalog.features()[given["kind"]].settings(kind=given["kind"]).model_dump()
        assert kept == {name: value for name, value in given.items() if name == "kind" or value != defaults[name]}
    assert draft.loss_kind == table["loss"]["kind"] and not draft.is_method_changed()


def test_every_recipe_of_feature_terms_names_its_source_and_what_differs():
    for preset in presets().values():
        if not preset.whole and preset.table["features"]:
            assert "et al. 20" in preset.about and len(preset.about) > 60, preset.key


def test_a_method_without_feature_terms_takes_away_those_of_another():
    from distill_gui.models.compose_draft import Draft

    draft = Draft()
    draft.take_preset(presets()["tinybert"].table, whole=False)
    assert [term.kind for term in draft.terms()] == ["attention", "hidden", "embedding"]
    draft.take_preset(presets()["kl"].table, whole=False)
    assert draft.terms() == []
