"""Notes and marks on events: listed, added, changed, deleted, exported. They never change a capture that is not being written.

While a capture is being written they go into it, through a connection of the moment; those about any other capture go beside it
(`sidecar`). An event is known by its log and position, not only by its number, so that notes are found again after decoding and
in another copy. No Qt. Read `sidecar` for the file beside, `saving` for how both become one.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import apsw

from inspector.capture import sidecar
from inspector.capture.lock import writer_of
from inspector.capture.opening import is_read_only
from inspector.capture.reader import CaptureReader
from inspector.capture.sidecar import MARK, NOTE, Entry
from inspector.capture.sqlite import open_addition
from inspector.errors import CaptureError, StorageError, UsageError
from inspector.event import format_time, same_life

LONGEST_TEXT = 10_000
"""Characters of one note."""
_COLUMNS = {NOTE: "PRAGMA table_info(note)", MARK: "PRAGMA table_info(bookmark)"}
_ROWS = {NOTE: "SELECT * FROM note ORDER BY id", MARK: "SELECT * FROM bookmark ORDER BY id"}
_PUT = {
    NOTE: "INSERT INTO note (seq, made_us, text, uid, changed_us, address) VALUES (?, ?, ?, ?, ?, ?)",
    MARK: "INSERT INTO bookmark (seq, made_us, label, uid, changed_us, address) VALUES (?, ?, ?, ?, ?, ?)",
}
_REMOVE = {
    NOTE: "DELETE FROM note WHERE uid = ?1 OR (uid IS NULL AND ?1 = 'note-' || id)",
    MARK: "DELETE FROM bookmark WHERE uid = ?1 OR (uid IS NULL AND ?1 = 'mark-' || id)",
}
_ADD_COLUMN = {
    (NOTE, "uid"): "ALTER TABLE note ADD COLUMN uid TEXT",
    (NOTE, "changed_us"): "ALTER TABLE note ADD COLUMN changed_us BIGINT",
    (NOTE, "address"): "ALTER TABLE note ADD COLUMN address TEXT",
    (MARK, "uid"): "ALTER TABLE bookmark ADD COLUMN uid TEXT",
    (MARK, "changed_us"): "ALTER TABLE bookmark ADD COLUMN changed_us BIGINT",
    (MARK, "address"): "ALTER TABLE bookmark ADD COLUMN address TEXT",
}
"""Captures of format 1.0 have these columns not yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which event, whatever its number is: its source, its log in one life, its position, and which of the record's events."""

    kind: str
    uri: str
    cluster_id: str
    log: str
    partition: int
    incarnation: str
    position: int
    sub: int

    def text(self) -> str:
        """As it is stored."""
        values = (self.kind, self.uri, self.cluster_id, self.log, self.partition, self.incarnation, self.position, self.sub)
        return json.dumps(values, ensure_ascii=False)

    @staticmethod
    def parsed(text: str | None) -> Place | None:
        """The place that `text` says, or None for none and for what is not a place."""
        try:
            values = json.loads(text or "null")
        except (ValueError, RecursionError):
            return None
        kinds = (str, str, str, str, int, str, int, int)
        if not isinstance(values, list) or len(values) != len(kinds) or not all(map(isinstance, values, kinds)):
            return None
        fits = all(not isinstance(value, int) or -(2**63) <= value < 2**63 for value in values)
        return Place(*values) if fits else None


@dataclass(frozen=True, slots=True)
class Note:
    """A note or a mark (`kind`). `seq` is None when its event is not in this capture (any more); times are microseconds, UTC."""

    uid: str
    kind: str
    seq: int | None
    place: Place | None
    made_us: int
    changed_us: int
    text: str


def notes(reader: CaptureReader) -> list[Note]:
    """All notes and marks of a capture, those beside it too, oldest first. Raises StorageError, CaptureError."""
    merged, seqs = _merged(reader)
    finder = _Finder(reader)
    return [_note(entry, finder, seqs.get(entry.uid)) for entry in sorted(merged.values(), key=lambda e: (e.made_us, e.uid))]


def add_note(reader: CaptureReader, seq: int, text: str) -> Note:
    """Puts a note on the event `seq`. Raises UsageError for no text, too long a one or no such event; StorageError."""
    return _add(reader, NOTE, seq, _checked(text))


def add_mark(reader: CaptureReader, seq: int, label: str = "") -> Note:
    """Marks the event `seq`; an event that is marked stays as it is. Raises as `add_note`."""
    for there in notes(reader):
        if there.kind == MARK and there.seq == seq:
            return there
    return _add(reader, MARK, seq, label.strip()[:LONGEST_TEXT])


def remove_mark(reader: CaptureReader, seq: int) -> bool:
    """Takes the mark off the event `seq`; False when it had none. Raises StorageError."""
    there = [note for note in notes(reader) if note.kind == MARK and note.seq == seq]
    for mark in there:
        delete_note(reader, mark.uid)
    return bool(there)


def edit_note(reader: CaptureReader, uid: str, text: str) -> Note:
    """Gives a note another text. Raises UsageError when it is gone or the text is none, StorageError."""
    merged, seqs = _merged(reader)
    entry = _known(merged, uid)
    changed = replace(entry, text=_checked(text), changed_us=max(_now_us(), entry.changed_us + 1))
    _put(reader, changed, seqs.get(uid))
    return _note(changed, _Finder(reader), seqs.get(uid))


def delete_note(reader: CaptureReader, uid: str) -> None:
    """Takes a note or mark away. Raises UsageError when it is gone already, StorageError."""
    merged, seqs = _merged(reader)
    entry = _known(merged, uid)
    _put(reader, replace(entry, text="", deleted=True, changed_us=max(_now_us(), entry.changed_us + 1)), seqs.get(uid))


def json_lines(found: Iterable[Note]) -> Iterator[str]:
    """One JSON object a note, with every field always there."""
    for note in found:
        place = note.place
        fields = {
            "id": note.uid,
            "kind": note.kind,
            "seq": note.seq,
            "log": place.log if place else None,
            "partition": place.partition if place else None,
            "position": place.position if place else None,
            "sub": place.sub if place else None,
            "source": place.uri if place else None,
            "made": format_time(note.made_us),
            "changed": format_time(note.changed_us),
            "text": note.text,
        }
        yield json.dumps(fields, ensure_ascii=False)


def capture_id(reader: CaptureReader) -> str:
    """The capture's own id. Raises CaptureError when it has none."""
    rows = reader.select("SELECT id FROM capture LIMIT 1")
    if not rows or not isinstance(rows[0][0], str):
        raise CaptureError(f"{reader.path} has no identity row: it is damaged; choose another file")
    return rows[0][0]


def place_of(reader: CaptureReader, seq: int) -> Place:
    """Where the event `seq` is. Raises UsageError when there is none."""
    rows = reader.select(
        "SELECT source.kind, source.uri, source.cluster_id, log.name, log.partition, log.incarnation, event.position, event.sub "
        "FROM event JOIN log ON log.id = event.log_id JOIN source ON source.id = log.source_id WHERE event.seq = ?",
        (seq,),
    )
    if not rows:
        raise UsageError(f"there is no event {seq} in {reader.path}")
    place = Place.parsed(json.dumps(rows[0])) if all(isinstance(value, str | int) for value in rows[0]) else None
    if place is None:
        raise CaptureError(f"{reader.path} is damaged: the log of event {seq} is none; use another copy")
    return place


# ---- writing


def write_entry(connection: apsw.Connection, entry: Entry, seq: int | None) -> None:
    """Puts an entry into a capture's own tables, in place of one with its uid, in the caller's transaction. Raises apsw.Error."""
    there = {row[1] for row in connection.execute(_COLUMNS[entry.kind])}
    for (kind, column), statement in _ADD_COLUMN.items():
        if kind == entry.kind and column not in there:
            connection.execute(statement)
    connection.execute(_REMOVE[entry.kind], (entry.uid,))
    if not entry.deleted:
        number = 0 if seq is None and entry.kind == MARK else seq
        row = (number, entry.made_us, entry.text, entry.uid, entry.changed_us, entry.address)
        connection.execute(_PUT[entry.kind], row)


def _add(reader: CaptureReader, kind: str, seq: int, text: str) -> Note:
    place, now = place_of(reader, seq), _now_us()
    entry = Entry(str(uuid.uuid4()), kind, now, now, text, place.text())
    _put(reader, entry, seq)
    return Note(entry.uid, kind, seq, place, now, now, text)


def _put(reader: CaptureReader, entry: Entry, seq: int | None) -> None:
    identity = capture_id(reader)
    is_nowhere_else = entry.deleted and entry.uid not in {own.uid for own, _ in _own(reader)}
    if _put_into(reader.path, entry, seq) or is_nowhere_else:
        sidecar.forget(identity, entry.uid)
    else:
        sidecar.put(identity, entry)


def _put_into(path: Path, entry: Entry, seq: int | None) -> bool:
    """Writes into the capture itself if a process of ours is writing it; False when nobody is, and nothing was done."""
    if is_read_only(path) or writer_of(path) is None:
        return False
    try:
        with closing(open_addition(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            # with the write lock held the writer cannot finish the file any more; it may have done so just before
            if writer_of(path) is None:
                connection.execute("ROLLBACK")
                return False
            write_entry(connection, entry, seq)
            connection.execute("COMMIT")
    except apsw.Error as error:
        raise StorageError(f"the note cannot be written into {path}: {error}; try again") from error
    return True


def _checked(text: str) -> str:
    kept = text.strip().encode("utf-8", "replace").decode()
    if not kept:
        raise UsageError("a note needs some text")
    if len(kept) > LONGEST_TEXT:
        raise UsageError(f"a note has at most {LONGEST_TEXT:,} characters; this one has {len(kept):,}")
    return kept


def _known(merged: dict[str, Entry], uid: str) -> Entry:
    if uid not in merged:
        raise UsageError("this note is gone already")
    return merged[uid]


def _now_us() -> int:
    return time.time_ns() // 1000


# ---- reading


def _merged(reader: CaptureReader) -> tuple[dict[str, Entry], dict[str, int]]:
    """What holds, by uid, and the numbers that the capture's own entries name: of two versions the later, the one beside on a tie."""
    merged: dict[str, Entry] = {}
    seqs: dict[str, int] = {}
    for entry, seq in _own(reader):
        merged[entry.uid] = entry
        if seq is not None:
            seqs[entry.uid] = seq
    for entry in sidecar.entries(capture_id(reader)):
        if entry.uid not in merged or entry.changed_us >= merged[entry.uid].changed_us:
            merged[entry.uid] = entry
    return {uid: entry for uid, entry in merged.items() if not entry.deleted}, seqs


def merged_entries(reader: CaptureReader) -> tuple[list[Entry], dict[str, int | None]]:
    """Every version that differs from what the capture itself holds, deleted ones too, with the event number each has here."""
    own = {entry.uid: entry for entry, _ in _own(reader)}
    finder = _Finder(reader)
    beside = [
        entry
        for entry in sidecar.entries(capture_id(reader))
        if (entry.uid in own and entry.changed_us >= own[entry.uid].changed_us) or (entry.uid not in own and not entry.deleted)
    ]
    return beside, {entry.uid: finder.seq(Place.parsed(entry.address)) for entry in beside}


def _own(reader: CaptureReader) -> Iterator[tuple[Entry, int | None]]:
    """What the capture itself holds. Rows that no version of ours can have written are passed over."""
    for kind, table in ((NOTE, "note"), (MARK, "bookmark")):
        if not reader.select("SELECT 1 FROM sqlite_schema WHERE name = ? AND type = 'table'", (table,)):
            continue
        names = [str(row[1]) for row in reader.select(_COLUMNS[kind])]
        if "id" in names:
            for row in reader.select(_ROWS[kind]):
                if (found := _row(kind, dict(zip(names, row, strict=False)))) is not None:
                    yield found


def _row(kind: str, row: dict[str, Any]) -> tuple[Entry, int | None] | None:
    number, seq, made_us, text = row.get("id"), row.get("seq"), row.get("made_us"), row.get("text" if kind == NOTE else "label")
    uid, changed_us, address = row.get("uid"), row.get("changed_us"), row.get("address")
    kinds = ((number, int), (seq, int | None), (made_us, int), (text, str), (uid, str | None), (changed_us, int | None))
    if not all(isinstance(value, wanted) for value, wanted in (*kinds, (address, str | None))):
        return None
    assert isinstance(made_us, int)
    assert isinstance(text, str)
    return Entry(uid or f"{kind}-{number}", kind, made_us, made_us if changed_us is None else changed_us, text, address), seq


def _note(entry: Entry, finder: _Finder, seq: int | None) -> Note:
    place = Place.parsed(entry.address)
    found = finder.seq(place) if place is not None else finder.there(seq)
    return Note(entry.uid, entry.kind, found, place, entry.made_us, entry.changed_us, entry.text)


class _Finder:
    """Finds the events of places in one capture."""

    def __init__(self, reader: CaptureReader) -> None:
        self._reader = reader
        self._logs: dict[tuple[Any, ...], list[tuple[int, str]]] | None = None

    def seq(self, place: Place | None) -> int | None:
        """The number of the event at a place, or of the first of its record when decoding made others of it; None: not here."""
        if place is None:
            return None
        for log_id, incarnation in self._of_log(place):
            if same_life(incarnation, place.incarnation) or same_life(place.incarnation, incarnation):
                rows = self._reader.select(
                    "SELECT seq FROM event WHERE log_id = ? AND position = ? ORDER BY sub != ?, sub LIMIT 1",
                    (log_id, place.position, place.sub),
                )
                if rows:
                    return int(rows[0][0])
        return None

    def there(self, seq: int | None) -> int | None:
        """`seq` if there is such an event."""
        return seq if seq is not None and self._reader.select("SELECT 1 FROM event WHERE seq = ?", (seq,)) else None

    def _of_log(self, place: Place) -> list[tuple[int, str]]:
        if self._logs is None:
            self._logs = {}
            for log_id, kind, uri, cluster_id, name, partition, incarnation in self._reader.select(
                "SELECT log.id, source.kind, source.uri, source.cluster_id, log.name, log.partition, log.incarnation "
                "FROM log JOIN source ON source.id = log.source_id ORDER BY log.id"
            ):
                self._logs.setdefault((kind, cluster_id or uri, name, partition), []).append((log_id, str(incarnation)))
        return self._logs.get((place.kind, place.cluster_id or place.uri, place.log, place.partition), [])
