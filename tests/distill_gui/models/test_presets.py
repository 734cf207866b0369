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
