"""The room within a container's limits, read from both layouts of control groups; and none where nothing limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import free_memory
from engine.diagnosis import memory
from engine.free_memory import room_in_group

V2 = ("memory.max", "memory.current", "inactive_file")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def group(folder: Path, names: tuple[str, str, str], limit: str, used: int, cached: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {cached}\n")


def own(tmp_path: Path, text: str) -> Path:
    (tmp_path / "own").write_text(text)
    return tmp_path / "own"


def test_the_narrowest_of_the_groups_around_counts_and_cached_files_do_not(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    group(mounted / "a" / "b", V2, "max", 500, 0)
    group(mounted / "a", V2, "1000", 700, 200)
    group(mounted, V2, "9000", 700, 0)
    assert room_in_group(mounted, own(tmp_path, "0::/a/b\n")) == 500
    group(mounted / "a" / "b", V2, "600", 500, 50)
    assert room_in_group(mounted, own(tmp_path, "0::/a/b\n")) == 150
    group(mounted / "a" / "b", V2, "400", 500, 0)
    assert room_in_group(mounted, own(tmp_path, "0::/a/b\n")) == 0


def test_a_container_that_does_not_see_its_path_is_limited_by_what_it_sees(tmp_path: Path) -> None:
    group(tmp_path / "mounted", V2, "1000", 100, 0)
    assert room_in_group(tmp_path / "mounted", own(tmp_path, "0::/somewhere/outside\n")) == 900


def test_the_older_layout(tmp_path: Path) -> None:
    group(tmp_path / "mounted" / "memory" / "a", V1, "1000", 400, 100)
    lines = "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n"
    assert room_in_group(tmp_path / "mounted", own(tmp_path, lines)) == 700


@pytest.mark.parametrize("text", ["", "nonsense", "0::/\n"])
def test_without_a_limit_there_is_none(tmp_path: Path, text: str) -> None:
    assert room_in_group(tmp_path / "mounted", own(tmp_path, text)) is None
    assert room_in_group(tmp_path / "mounted", tmp_path / "not there") is None


def test_the_forecast_knows_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil
    import torch

    monkeypatch.setattr(free_memory, "room_in_group", lambda: 1000)
    rss = psutil.Process().memory_info().rss
    assert memory.free_bytes(torch.device("cpu")) == pytest.approx(rss + 1000, rel=0.05)
