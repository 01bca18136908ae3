"""What lies under the path that was given: partitions with their segment files, and the small files around them.

A data directory (many `topic-partition` folders), one such folder, or single `.log` files. No symbolic link is followed and
nothing outside the path is opened. Read `checkpoints` for the small files, `survey` for the segments.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from inspector.errors import SourceError
from inspector.event import LogKey
from inspector.segments import checkpoints
from inspector.segments.files import plain_name, small_file
from inspector.segments.framing import MOST_POSITION
from inspector.segments.probing import holds_segment

T = TypeVar("T")
_FOLDER = re.compile(r"(?P<topic>[A-Za-z0-9._-]{1,249})-(?P<partition>0|[1-9][0-9]{0,9})\Z")
_SET_ASIDE = re.compile(r".+\.[0-9a-f]{32}-(?P<why>delete|future|stray)\Z")
_SEGMENT = re.compile(r"(?P<base>[0-9]{20})\.log\Z")
_SNAPSHOT = re.compile(r"[0-9]{20}\.snapshot\Z")
_LEFT_OVER = re.compile(r"\d{20}\.\w+\.(?P<why>deleted|cleaned|swap)\Z")
_WHY = {
    "delete": "a topic that was being deleted",
    "future": "a copy that was being moved between disks",
    "stray": "a partition that the broker was not to have",
    "deleted": "removed by retention or compaction, still on disk",
    "cleaned": "compaction that was under way",
    "swap": "compaction that was being put in place",
}
_MOST_NOTES = 20
_MOST_PARTITION = (1 << 31) - 1


@dataclass(slots=True)
class Partition:
    """One partition on disk. `log_start` and `high_watermark` are None where no checkpoint says them."""

    key: LogKey
    folder: Path
    segments: list[tuple[int, Path]] = field(default_factory=list)
    """(base offset by its name, file), ascending."""
    snapshots: dict[int, Path] = field(default_factory=dict)
    """Offset → the producer snapshot taken there."""
    log_start: int | None = None
    high_watermark: int | None = None
    recovery_point: int | None = None
    epochs: list[tuple[int, int]] = field(default_factory=list)
    is_alone: bool = False
    """Single files were given: what lies before and after them is not known."""

    @property
    def named(self) -> str:
        """As it is called in a sentence."""
        return f"{self.key.name} partition {self.key.partition}"


@dataclass(slots=True)
class Layout:
    """All partitions under a path, what its root says, and sentences on what was left out or is damaged."""

    root: Path
    partitions: list[Partition] = field(default_factory=list)
    cluster_id: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_clean: bool | None = None
    """Whether the broker had shut down cleanly; None where that is not known."""


def layout(root: Path) -> Layout:
    """What lies at `root`. Raises SourceError when it is not there, cannot be listed or holds nothing of Kafka's."""
    if root.is_symlink():
        raise SourceError(f"{root.name} is a symbolic link, which is not followed: give the path that it points to", step="file")
    if not root.exists():
        raise SourceError(f"there is no {root}", step="file")
    found = Layout(root)
    if not root.is_dir():
        _one_file(found, root)
    elif any(_base_of(entry.name) is not None for entry in _entries(root)):
        _one_folder(found, root)
    else:
        _data_folder(found, root)
    if not found.partitions:
        raise SourceError(
            f"{root} holds no Kafka log: no folder such as orders-0 with files such as 00000000000000000000.log" + _also(found.notes),
            step="file",
        )
    _shorten(found.notes)
    return found


_OF_KAFKA = re.compile(r"meta\.properties|.*-checkpoint|\.kafka_cleanshutdown|bootstrap\.checkpoint|\.lock|.*\.tmp")


def claimed(path: Path) -> str:
    """What of Kafka's lies at a path, in words; empty for a place that is not (only) Kafka's. Looks at names and first bytes."""
    try:
        if path.is_symlink():
            return ""
        if not path.is_dir():
            is_named = _base_of(path.name) is not None
            return "Kafka segment" if path.suffix == ".log" and holds_segment(path, is_named=is_named) else ""
        entries = _entries(path)
    except (OSError, SourceError):
        return ""
    if _has_segments(entries):
        return "Kafka partition folder"
    folders = [entry for entry in entries if _key_of(entry.name) and entry.is_dir(follow_symlinks=False)]
    others = [entry for entry in entries if not entry.is_dir() and not _OF_KAFKA.fullmatch(entry.name)]
    is_root = any(entry.name == "meta.properties" for entry in entries)
    if (is_root or not others) and any(_has_segments(_listed(entry)) for entry in folders):
        return f"Kafka data folder with {len(folders):,} partitions"
    return ""


def _listed(entry: os.DirEntry[str]) -> list[os.DirEntry[str]]:
    try:
        return _entries(Path(entry.path))
    except SourceError:
        return []


def _has_segments(entries: Iterable[os.DirEntry[str]]) -> bool:
    named = (entry for entry in entries if _base_of(entry.name) is not None and entry.is_file(follow_symlinks=False))
    return any(holds_segment(Path(entry.path), is_named=True) for entry in named)


def _base_of(name: str) -> int | None:
    """The offset that the name of a segment says; None for another name, and for an offset that no log can have."""
    match = _SEGMENT.match(name)
    return int(match["base"]) if match and int(match["base"]) <= MOST_POSITION else None


def _key_of(name: str) -> LogKey | None:
    """The partition that a folder is called after."""
    match = _FOLDER.match(name)
    return LogKey(match["topic"], int(match["partition"])) if match and int(match["partition"]) <= _MOST_PARTITION else None


def _also(notes: Iterable[str]) -> str:
    said = "; ".join(list(notes)[:3])
    return f" ({said})" if said else ""


def _shorten(notes: list[str]) -> None:
    if len(notes) > _MOST_NOTES:
        left = len(notes) - _MOST_NOTES
        notes[_MOST_NOTES:] = [f"… and {left} more such notes"]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise SourceError(f"{folder} cannot be listed: {error.strerror}", step="file") from error


def _one_file(found: Layout, path: Path) -> None:
    """One segment; the topic's name is taken from the folder it lies in, as nothing in the file says it."""
    base = _base_of(path.name)
    if path.suffix != ".log":
        raise SourceError(f"{path.name} is no segment: such a file is called 00000000000000000000.log", step="file")
    key = _key_of(path.parent.name) or LogKey(plain_name(path.stem))
    found.partitions.append(Partition(key, path.parent, [(-1 if base is None else base, path)], is_alone=True))


def _one_folder(found: Layout, folder: Path) -> None:
    key = _key_of(folder.name)
    if key is None:
        key = LogKey(plain_name(folder.name))
        found.notes.append(f"the folder {key.name} is not called topic-partition: its name is taken as the topic's, partition 0")
    found.partitions.append(_partition(found, folder, key))


def _data_folder(found: Layout, root: Path) -> None:
    for entry in _entries(root):
        aside = _SET_ASIDE.match(entry.name)
        key = _key_of(entry.name)
        if entry.is_symlink():
            found.notes.append(f"{plain_name(entry.name)} is a symbolic link and is not followed")
        elif aside:
            found.notes.append(f"the folder {plain_name(entry.name)} is left out: {_WHY[aside['why']]}")
        elif key and entry.is_dir(follow_symlinks=False):
            partition = _partition(found, root / entry.name, key)
            if partition.segments:
                found.partitions.append(partition)
        elif entry.is_dir(follow_symlinks=False) and _has_segments(_listed(entry)):
            name = plain_name(entry.name)
            found.notes.append(f"the folder {name} is left out: it is not called topic-partition; it can be read by itself")
    _root_files(found, root)


def _partition(found: Layout, folder: Path, key: LogKey) -> Partition:
    """A partition's folder: its segments, snapshots and small files."""
    partition = Partition(key, folder)
    for entry in _entries(folder):
        left_over = _LEFT_OVER.match(entry.name)
        base = _base_of(entry.name)
        place = plain_name(f"{folder.name}/{entry.name}")
        if entry.is_symlink():
            found.notes.append(f"{place} is a symbolic link and is not followed")
        elif left_over:
            found.notes.append(f"{place} is left out: {_WHY[left_over['why']]}")
        elif base is not None and not entry.is_file(follow_symlinks=False):
            found.notes.append(f"{place} is no ordinary file and is not opened")
        elif base is not None:
            partition.segments.append((base, folder / entry.name))
        elif entry.name.endswith(".log"):
            found.notes.append(f"{place} is left out: its name is no offset; it can be read by itself")
        elif _SNAPSHOT.match(entry.name):
            partition.snapshots[int(entry.name[:20])] = folder / entry.name
    topic_id = _said(found, folder / "partition.metadata", checkpoints.topic_id)
    partition.key = LogKey(key.name, key.partition, topic_id or "")
    partition.epochs = _said(found, folder / "leader-epoch-checkpoint", checkpoints.leader_epochs) or []
    return partition


def _root_files(found: Layout, root: Path) -> None:
    found.properties = _said(found, root / "meta.properties", checkpoints.properties) or {}
    found.cluster_id = found.properties.get("cluster.id", "")
    if found.properties:
        found.is_clean = (root / ".kafka_cleanshutdown").exists()
    starts = _said(found, root / "log-start-offset-checkpoint", checkpoints.offsets)
    marks = _said(found, root / "replication-offset-checkpoint", checkpoints.offsets)
    points = _said(found, root / "recovery-point-offset-checkpoint", checkpoints.offsets)
    for partition in found.partitions:
        place = partition.key.name, partition.key.partition
        # the checkpoint only names partitions whose log start lies inside a segment
        partition.log_start = None if starts is None else starts.get(place)
        partition.high_watermark = None if marks is None else marks.get(place)
        partition.recovery_point = None if points is None else points.get(place)


def _said(found: Layout, path: Path, read: Callable[[bytes], T]) -> T | None:
    """What a small file says; None where there is none, with a note where it is damaged."""
    if path.is_symlink() or not path.exists():
        return None
    try:
        return read(small_file(path, checkpoints.MOST_BYTES))
    except (ValueError, SourceError) as error:
        found.notes.append(f"{plain_name(str(path.relative_to(found.root.parent)))} cannot be used: {error}")
        return None
