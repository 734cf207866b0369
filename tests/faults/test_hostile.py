"""The short form of ``python -m tests.faults.hostile``: a share of the malformed inputs, a few made ones, two real processes.

Which hand-written cases are taken changes with nothing: every eighth, and all that want to run code or leave their folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.hostile import corpus
from tests.faults.hostile.campaign import Arena, arena, malformed_input
from tests.faults.hostile.case import BASE, Case, Place
from tests.faults.hostile.mutations import GENERATED, some_of
from tests.faults.hostile.outcome import faults_as_process
from tests.faults.hostile.tree import differences, tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and modes are a matter of POSIX")

CASES = corpus.cases()
DANGEROUS = ("code", "pickle", "passwords", "out of the folder", "elsewhere", "device without end", "pipe", "token")
SLOW = ("10 MB", "nested", "100,000", "20,000", "5,000", "million")
CHOSEN = [
    case
    for number, case in enumerate(CASES)
    if not any(word in case.name for word in SLOW) and (number % 8 == 0 or any(word in case.name for word in DANGEROUS))
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with arena(tmp_path_factory.mktemp("hostile")) as made:
        yield made


def test_there_are_at_least_200_hand_written_cases_and_the_short_form_has_a_share() -> None:
    assert len(CASES) >= 200
    titles = {case.title for case in CASES}
    assert len(titles) == len(CASES) and set(corpus.AS_PROCESSES) <= titles and len(corpus.AS_PROCESSES) >= 15
    assert len(CHOSEN) > 60 and {case.group for case in CHOSEN} == {case.group for case in CASES}


@pytest.mark.parametrize("group", sorted({case.group for case in CASES}))
def test_malformed_input_gets_a_sentence_and_status_2_and_changes_nothing(group: str, place: Arena) -> None:
    found = {case.title: faults for case in CHOSEN if case.group == group and (faults := place.judge(case))}
    assert not found, "\n\n".join("\n  ".join([title, *faults]) for title, faults in found.items())


@pytest.mark.parametrize("kind", list(GENERATED))
def test_so_does_what_hypothesis_makes(kind: str, place: Arena) -> None:
    seen: list[Case] = []

    def judge(case: Case) -> None:
        seen.append(case)
        assert place.judge(case) == []

    some_of(kind, 8, 5, judge)
    assert len(seen) == 8


def test_and_as_a_process_of_its_own(place: Arena) -> None:
    by_title = {case.title: case for case in CASES}
    for title in ("configuration: everything wrong at once", "model: a pickle that is code"):
        assert place.judge(by_title[title], faults_as_process) == [], title


# ── the judge itself ────────────────────────────────────────────────────────────────────────────────────────────
def test_sound_input_is_not_taken_for_malformed_and_what_it_changes_is_seen(place: Arena) -> None:
    sound = Case("configuration", "sound", lambda place: place.write(BASE), arguments=("run", "run.toml", "--queue"))
    faults = place.judge(sound)
    assert any("exit status 0" in fault for fault in faults)
    assert any("in the home" in fault for fault in faults)


def test_a_traceback_an_escape_sequence_and_executed_code_are_seen(
    place: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    import engine.cli.run

    def broken(*_: object) -> None:
        Path(Path.cwd().parent / "executed").touch()
        print("\x1b[2J")
        raise KeyError("planted")

    monkeypatch.setattr(engine.cli.run, "look_at", broken)
    faults = " ".join(place.judge(CASES[0]))
    for word in ("exit status 1", "U+001B reaches", "Traceback", "code out of a file was run", "executed' appeared"):
        assert word in faults, faults


def test_the_watch_sees_connections_processes_and_unpickling(place: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle
    import socket

    import engine.cli.run
    from engine.errors import ConfigError, Fault

    def busy(*_: object) -> None:
        pickle.loads(pickle.dumps(Path("x")))
        with socket.socket() as reaching:
            reaching.settimeout(0.1)
            reaching.connect_ex(("127.0.0.1", 9))
        Path("left.txt").write_text("x", encoding="utf-8")
        raise ConfigError([Fault("", "this is a whole sentence, and it says what to do")])

    monkeypatch.setattr(engine.cli.run, "look_at", busy)
    faults = " ".join(place.judge(CASES[0]))
    for word in ("a connection", "an unpickled name", "opened for writing", "left.txt' appeared"):
        assert word in faults, faults


def test_a_tree_tells_what_appeared_went_and_changed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1", encoding="utf-8")
    (tmp_path / "b").write_text("1", encoding="utf-8")
    before = tree(tmp_path)
    (tmp_path / "a").chmod(0o600 if before["a"].startswith("-rw-r") else 0o644)
    (tmp_path / "b").unlink()
    (tmp_path / "c").symlink_to("a")
    assert differences(before, tree(tmp_path)) == ["'c' appeared", "'b' went", "'a' changed"]
    assert tree(tmp_path)["c"].endswith("→ a")


def test_the_campaign_counts_what_was_wrong_and_how(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: dict[str, list[str]] = {
        "name: HTML as a task": ["exit status 1, not 2", "speaks of its inside: Traceback"],
        "name: HTML as a loss": ["in the home: 'runs.db' changed"],
        "name: HTML as a label": ["code out of a file was run"],
    }
    monkeypatch.setattr(Arena, "judge", lambda place, case, judge=None: judged.get(case.title, []))
    done = malformed_input(2)
    whole = len(CASES) + len(corpus.AS_PROCESSES) + 2 * len(GENERATED)
    assert list(done.counts.values())[-4:] == [whole - 3, 1, 1, 1] and sum(list(done.counts.values())[:-4]) == whole
    assert [sentence.split(": ", 2)[1] for sentence in done.wrong] == [
        "HTML as a task",
        "HTML as a loss",
        "HTML as a label",
    ]


def test_places_are_furnished_apart(place: Arena) -> None:
    seen: list[Place] = []

    def look(case: Case, given: Place, home: Path) -> list[str]:
        seen.append(given)
        assert (given.pairs / "train.csv").is_file() and (given.teacher / "model.safetensors").is_file()
        return []

    place.judge(CASES[0], look)
    place.judge(CASES[1], look)
    assert seen[0].folder != seen[1].folder and not seen[0].folder.exists()
