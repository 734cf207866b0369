"""The short form: a few real kills and damages of each kind. ``python -m tests.faults`` is the long one."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import Metrics, Rewound
from engine.store import Store
from tests.faults import damage
from tests.faults.ending import NOT_DOUBLED, NOT_LOST, check_death
from tests.faults.kills import kill_trainings
from tests.faults.material import config_of, make_material
from tests.faults.outcome import Outcome
from tests.faults.windows import kill_trainings_under_a_window
from tests.faults.witness import Witness, heard_of
from tests.faults.worker import WITNESS
from tests.faults.zygote import Zygote

pytestmark = pytest.mark.skipif(os.name == "nt", reason="neither SIGKILL nor fork on Windows")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def zygote(material: Path) -> Iterator[Zygote]:
    with Zygote() as started:
        yield started


def test_a_training_killed_again_and_again_ends_as_if_nothing_had_happened(zygote: Zygote, material: Path) -> None:
    outcome = kill_trainings(zygote, material, 3, random.Random(4), cases=("features",))
    assert outcome.wrong == []
    assert outcome.counts["kills"] >= 2 and outcome.counts["logged values compared with the uninterrupted run's"] > 500


def test_window_and_training_killed_at_once_are_found_interrupted_and_resumed(zygote: Zygote, material: Path) -> None:
    outcome = kill_trainings_under_a_window(
        zygote, material, 1, random.Random(2), both=True, cases=("labels only",), epochs=10
    )
    assert outcome.wrong == []
    assert outcome.counts["kills"] == outcome.counts["found interrupted by the next window"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_damaged_checkpoints_and_arrays_never_give_other_data(seed: int) -> None:
    for outcome in (damage.damage_checkpoints(25, random.Random(seed)), damage.damage_cache(25, random.Random(seed))):
        assert outcome.wrong == [] and outcome.counts["trials"] >= 20 and outcome.counts[damage.SILENT] == 0


def test_damaged_stores_never_give_other_data_and_are_repaired(material: Path) -> None:
    outcome = damage.damage_stores(material, 8, random.Random(1))
    assert outcome.wrong == []
    assert outcome.counts["refused with a sentence"] > 0
    assert outcome.counts["runs recovered"] == outcome.counts["runs before the damage"]


# ── that the harness would notice ───────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def told(home: Path, material: Path) -> tuple[Store, int, Witness]:
    """A run with rows of steps 1 to 3 in the store and heard by a witness."""
    store = Store(home)
    run = store.enqueue(config_of(material, "labels only"))
    witness = Witness(home / WITNESS)
    witness.begin(run)
    with store.writer(run) as writer:
        for step in (1, 2, 3):
            writer.emit(Metrics(step, 0.0, {"train/loss": float(step)}))
            witness.hear(Metrics(step, 0.0, {"train/loss": float(step)}))
    return store, run, witness


def _checked(store: Store, run: int, died_at: float) -> Outcome:
    outcome = Outcome("")
    check_death(outcome, store.home, run, died_at, "here")
    store.close()
    return outcome


def test_a_whole_store_has_lost_nothing(told: tuple[Store, int, Witness]) -> None:
    store, run, _ = told
    assert _checked(store, run, time.time() + 60).wrong == []


def test_a_row_that_the_store_does_not_have_is_lost_once_it_is_old(told: tuple[Store, int, Witness]) -> None:
    store, run, witness = told
    witness.hear(Metrics(4, 0.0, {"train/loss": 4.0}))
    late = _checked(store, run, time.time() + 0.7)
    assert late.counts[NOT_LOST] == 1 and len(late.wrong) == 1 and "('train/loss', 4)" in late.wrong[0]


def test_a_row_that_was_young_at_one_death_is_not_the_next_ones_loss(told: tuple[Store, int, Witness]) -> None:
    store, run, witness = told
    witness.hear(Metrics(4, 0.0, {"train/loss": 4.0}))
    assert _checked(store, run, time.time()).wrong == []
    assert _checked(Store(store.home), run, time.time() + 5).wrong == []


def test_a_row_of_another_value_is_lost_too(told: tuple[Store, int, Witness]) -> None:
    store, run, witness = told
    witness.hear(Metrics(2, 0.0, {"train/loss": 2.5}))
    assert _checked(store, run, time.time() + 1).counts[NOT_LOST] == 1


def test_a_doubled_row_is_noticed(told: tuple[Store, int, Witness]) -> None:
    store, run, _ = told
    with store.writer(run) as writer:
        writer.emit(Metrics(2, 0.0, {"train/loss": 2.0}))
    found = _checked(store, run, time.time())
    assert found.counts[NOT_DOUBLED] == 1 and "doubled" in found.wrong[0]


def test_rows_taken_back_are_out_of_the_testimony(home: Path) -> None:
    home.mkdir()
    witness = Witness(home / WITNESS)
    witness.begin(7)
    for step in (1, 2, 3):
        witness.hear(Metrics(step, 0.0, {"train/loss": 1.0, "teacher/loss": 2.0}))
    witness.hear(Rewound(1))
    seen = heard_of(home / WITNESS, 7)
    assert set(seen.rows) == {("train/loss", 1), *(("teacher/loss", step) for step in (1, 2, 3))}
