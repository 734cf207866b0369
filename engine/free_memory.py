"""How much memory is free: the machine's, and what the kernel lets this process's control group have, as a container may get
less than the machine has.

Of groups Linux's two layouts (v2's unified one, v1's memory controller); elsewhere there is no limit. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
# Name of the limit and of what is used, and the keys of the caches' pages in memory.stat, which are given back when needed.
_V2 = ("memory.max", "memory.current", ("inactive_file", "active_file"))
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file", "total_active_file"))


def free_memory() -> int:
    """Bytes that could be had now, by the machine and within the limits of a container."""
    import psutil

    room, limited = psutil.virtual_memory().available, room_in_group()
    return room if limited is None else min(room, limited)


def room_in_group(mounted: Path = MOUNTED, own: Path = OWN) -> int | None:
    """Bytes that the group, and each group around it, may still take, cached files not counted; None without a limit."""
    rooms = [room for folder, names in _groups(mounted, own) if (room := _room(folder, *names)) is not None]
    return min(rooms, default=None)


def _groups(mounted: Path, own: Path) -> Iterator[tuple[Path, tuple[str, str, tuple[str, str]]]]:
    """The folders of this process's group and of those around it, the innermost first."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if number == "0" and not controllers:
            root, names = mounted, _V2
        elif "memory" in controllers.split(","):
            root, names = mounted / "memory", _V1
        else:
            continue
        inner = root / path.lstrip("/")  # which a container sees as it is outside, or not at all
        for folder in dict.fromkeys([*(f for f in (inner, *inner.parents) if f.is_relative_to(root)), root]):
            yield folder, names


def _room(folder: Path, limit: str, used: str, cached: tuple[str, str]) -> int | None:
    try:
        most = (folder / limit).read_text(encoding="utf-8").strip()
        if most == "max":
            return None
        held = int((folder / used).read_text(encoding="utf-8"))
        stat = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="utf-8").splitlines())
        return max(0, int(most) - held + sum(int(stat.get(key, 0)) for key in cached))
    except (OSError, ValueError):
        return None
