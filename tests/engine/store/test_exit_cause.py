"""Exit statuses in words."""

import signal
import sys
from pathlib import Path

import pytest

from engine.store import exit_cause
from engine.store.exit_cause import cause_of, memory_kills

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are a matter of POSIX")


@posix
@pytest.mark.parametrize(
    ("status", "words"),
    [(-signal.SIGKILL, "killed (SIGKILL)"), (-signal.SIGSEGV, "segmentation fault"), (-signal.SIGTERM, "told to end"),
     (128 + signal.SIGSEGV, "segmentation fault"), (-signal.SIGUSR1, "signal SIGUSR1"), (3, "exit status 3"),
     (0, "without finishing"), (255, "exit status 255")],
)  # fmt: skip
def test_each_status_has_its_words(status: int, words: str) -> None:
    assert words in cause_of(status)


@posix
def test_a_kill_while_the_system_counted_one_for_memory_names_memory() -> None:
    assert "out of memory" in cause_of(-signal.SIGKILL, memory_ran_out=True)
    assert "out of memory" not in cause_of(-signal.SIGSEGV, memory_ran_out=True)


@pytest.mark.parametrize("output", ["MemoryError", "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate"])
def test_memory_is_also_read_from_the_last_words(output: str) -> None:
    assert "out of memory" in cause_of(1, output)


def test_the_systems_count_is_read_and_missing_files_count_nothing(tmp_path: Path) -> None:
    assert memory_kills() >= 0
    (tmp_path / "vmstat").write_text("nr_free 12\noom_kill 3\noom_kill_other 9\n")
    assert exit_cause._counter(tmp_path / "vmstat", "oom_kill") == 3
    assert exit_cause._counter(tmp_path / "not there", "oom_kill") == 0


def test_control_groups_of_both_versions_are_asked(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    ours = tmp_path / "memory" / "user" / "one"
    ours.mkdir(parents=True)
    (ours / "memory.oom_control").write_text("oom_kill 5\n")

    def counted(*groups: str) -> list[int]:
        return [exit_cause._counter(file, "oom_kill") for file in exit_cause._group_counters(groups, tmp_path)]

    assert counted("9:cpu,cpuacct:/user/one", "4:memory:/user/one") == [5]
    assert counted("4:memory:/docker/seen:from outside") == [2], "a container's own group is the root it sees"
    assert list(exit_cause._group_counters(["0::/user.slice/a"], tmp_path)) == [tmp_path / "user.slice/a/memory.events"]
