"""The trash: hidden but whole, back as it was, gone only when asked; and whatever dies between row and folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Metrics, Score
from engine.store import Store, trash
from engine.store.processes import own_identity

Make = Callable[..., DistillationConfig]


@pytest.fixture
def run(store: Store, make_config: Make) -> int:
    """A finished run with rows, scores and a student."""
    number = store.enqueue(make_config("name='first'"))
    with store.writer(number) as writer:
        for step in range(5):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        writer.emit(Score("student", "validation", "accuracy", 0.5))
    (store.folder(number) / "student").mkdir()
    (store.folder(number) / "student" / "model.safetensors").write_bytes(b"x" * 1000)
    store.set_state(number, "finished")
    return number


def test_a_discarded_run_is_hidden_and_whole(store: Store, run: int) -> None:
    before, size = store.run(run), trash.size_of(store.folder(run))
    assert trash.discard(store, run) == before
    assert store.runs() == [] and store.runs("finished") == [] and store.scores() == []
    (hidden,) = store.trash()
    assert hidden.trashed_at is not None and hidden.folder == store.home / "trash" / str(run)
    assert trash.size_of(hidden.folder) == size > 1000
    assert not store.folder(run).exists()
    assert [found.id for found in store.changed_runs(before.revision)[0]] == [run], "every window hears of it"
    assert len(store.metrics_after(0)) == 5 and len(store.scores(run)) == 1, "nothing is deleted"


def test_a_restored_run_is_as_it_was(store: Store, run: int) -> None:
    before = store.run(run)
    trash.discard(store, run)
    after = trash.restore(store, run)
    assert after.revision > before.revision
    assert {**vars(after), "revision": 0} == {**vars(before), "revision": 0}
    assert (after.folder / "student" / "model.safetensors").stat().st_size == 1000
    assert store.trash() == [] and len(store.scores()) == 1
    with pytest.raises(StoreError, match=r"not in the trash; “distill runs --trash”"):
        trash.restore(store, run)


def test_a_queued_run_in_the_trash_is_claimed_by_nobody_and_queued_again_when_restored(
    store: Store, make_config: Make
) -> None:
    first, second = store.enqueue(make_config()), store.enqueue(make_config())
    trash.discard(store, first)
    assert store.claim(*own_identity(), run=first) is None
    claimed = store.claim(*own_identity())
    assert claimed is not None and claimed.id == second
    assert store.claim(*own_identity()) is None
    assert trash.restore(store, first).state == "queued"
    assert (found := store.claim(*own_identity())) is not None and found.id == first


def test_a_running_run_is_not_discarded_but_one_whose_process_is_gone_is(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    store.claim(*own_identity())
    with pytest.raises(StoreError, match=r"is running and cannot be discarded. Stop it first \(“distill stop 1”\)"):
        trash.discard(store, run)
    assert store.run(run).trashed_at is None and store.folder(run).is_dir()
    store.update(run, pid=2**22 + 1, pid_started=1.0)
    assert trash.discard(store, run).state == "interrupted"


def test_a_name_finds_the_run_that_is_not_in_the_trash(store: Store, run: int, make_config: Make) -> None:
    other = store.enqueue(make_config("name='first'"))
    with pytest.raises(StoreError, match="2 runs named"):
        store.run("first")
    trash.discard(store, run)
    assert store.run("first").id == other
    trash.discard(store, other)
    assert store.run(str(run)).trashed_at is not None


def test_purging_deletes_rows_and_files_of_that_run_alone(store: Store, run: int, make_config: Make) -> None:
    other = store.enqueue(make_config())
    with store.writer(other) as writer:
        writer.emit(Metrics(0, 0.0, {"train/loss": 2.0}))
    trash.discard(store, run)
    size = trash.size_of(store.home / "trash" / str(run))
    newest = store.changed_runs(0)[1]
    assert trash.purge(store, [run]) == size
    assert not (store.home / "trash" / str(run)).exists()
    assert store.metrics_after(0).runs.tolist() == [other] and store.scores(run) == [] and store.trash() == []
    with pytest.raises(StoreError, match="There is no run"):
        store.run(run)
    assert store.enqueue(make_config()) > other, "its number is not given again"
    assert store.changed_runs(newest)[0], "and windows that read on by revision miss nothing"


def test_the_newest_run_purged_hides_no_later_change(store: Store, run: int, make_config: Make) -> None:
    trash.discard(store, run)
    _, seen = store.changed_runs(0)
    trash.purge(store, [run])
    new = store.enqueue(make_config())
    assert [found.id for found in store.changed_runs(seen)[0]] == [new]


def test_only_what_is_in_the_trash_is_purged_and_all_or_none(store: Store, run: int, make_config: Make) -> None:
    other = store.enqueue(make_config())
    trash.discard(store, run)
    with pytest.raises(StoreError, match=f"Run {other} is not in the trash, so it was not deleted"):
        trash.purge(store, [run, other])
    assert [found.id for found in store.trash()] == [run]
    assert (store.home / "trash" / str(run) / "student").is_dir()


def test_a_link_out_of_the_trash_is_not_followed(store: Store, run: int, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("keep")
    (store.folder(run) / "link").symlink_to(tmp_path / "precious")
    trash.discard(store, run)
    trash.purge(store, [run])
    assert (tmp_path / "precious" / "file").read_text() == "keep"


def test_a_folder_that_cannot_be_moved_leaves_everything_as_it_was(store: Store, run: int) -> None:
    (store.home / "trash" / str(run)).mkdir(parents=True)
    before = store.run(run)
    with pytest.raises(StoreError, match="is there already"):
        trash.discard(store, run)
    assert store.run(run) == before and (store.folder(run) / "student").is_dir()


DIES = """if True:
    import os, pathlib, shutil, sys
    from engine.store import Store, trash
    home, what, when = sys.argv[1:]
    store = Store(pathlib.Path(home))
    if what != "discard":
        trash.discard(store, 1)
    if when == "before the row":
        rename = pathlib.Path.rename
        def then_die(self, target):
            rename(self, target)
            os._exit(9)
        pathlib.Path.rename = then_die
    elif when == "before the folder":
        trash._move = trash._mark = lambda *_: os._exit(9)
    else:
        trash._delete = lambda *_: os._exit(9)
    {"discard": trash.discard, "restore": trash.restore, "purge": lambda s, r: trash.purge(s, [r])}[what](store, 1)
"""


@pytest.mark.parametrize(
    ("what", "when"),
    [(what, when) for what in ("discard", "restore", "purge") for when in ("before the row", "before the folder")]
    + [("purge", "after the rows")],
)
def test_a_death_between_row_and_folder_is_mended_at_the_next_opening(
    store: Store, run: int, start: Any, what: str, when: str
) -> None:
    process = start(DIES, store.home, what, when)
    process.communicate(timeout=30)
    assert process.returncode == 9
    again = Store(store.home)
    try:
        folders = {path.name for part in ("runs", "trash") for path in (store.home / part).glob("*")}
        if (what, when) == ("purge", "after the rows"):
            assert again.runs() + again.trash() == [] and folders == set()
            return
        (found,) = again.runs() + again.trash()
        assert (found.trashed_at is None) == (what == "discard"), "what was not finished did not happen"
        assert folders == {str(run)} and (found.folder / "student" / "model.safetensors").is_file()
        assert len(again.metrics_after(0)) == 5
    finally:
        again.close()


def test_a_folder_moved_without_its_row_is_mended_both_ways(store: Store, run: int) -> None:
    (store.home / "trash").mkdir()
    store.folder(run).rename(store.home / "trash" / str(run))
    Store(store.home).close()
    assert store.folder(run).is_dir()
    store.update(run, trashed_at=1.0)
    Store(store.home).close()
    assert not store.folder(run).exists() and (store.home / "trash" / str(run)).is_dir()


def test_what_is_not_ours_in_the_trash_stays(store: Store, run: int) -> None:
    for name in ("77", "77.purged", "notes", "-1"):
        (store.home / "trash" / name).mkdir(parents=True)
    Store(store.home).close()
    assert {path.name for path in (store.home / "trash").iterdir()} == {"77", "77.purged", "notes", "-1"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_the_trash_is_the_owners_alone(store: Store, run: int) -> None:
    trash.discard(store, run)
    assert (store.home / "trash").stat().st_mode & 0o077 == 0
