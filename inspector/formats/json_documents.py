"""JSON files: arrays and documents whose rows are below a path, of any size, each row with its own bytes. One document is one event.

Read `json_splitting` for how rows are found, `library` for what is known of their fields, `json_lines` for a document a line.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

import orjson

from inspector.event import RecordBatch
from inspector.formats import CHUNK_BYTES, Chunk, Damage, Guess, Input, Sample, Settings, library
from inspector.formats.descriptor import steps_of
from inspector.formats.generic import GUESSED, WITHOUT_OFFSETS, Found, fields_of
from inspector.formats.json_splitting import Splitter
from inspector.formats.json_window import Hole, Piece
from inspector.formats.lines import mark_cut
from inspector.formats.mapping import MAPPED, RowMapping
from inspector.formats.rows import JsonRows

_CHUNK_ROWS = 5_000
_LOOKED_AT = 20
_SEVERAL = "several documents stand one behind the other in it"
_LIKELY, _ABOVE_LINES = 0.5, 0.8
_BELOW_BYTES = 64 * 1024
"""Rows below a path are looked for in so much of a file's beginning."""
_ENDINGS = (".json", ".geojson", ".har", ".avsc")


class JsonDocuments:
    """JSON that is not a document a line."""

    name = "json"
    title = "JSON"
    loses = "JSON documents have no offsets: the position is the row's number. What was left out between two rows cannot be told."
    proves = WITHOUT_OFFSETS
    is_random_access = False
    takes = (*MAPPED, "records")

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for what begins like an array or an object, and is not one document a line; something for a file called `.json`."""
        base, why = _looks(sample)
        if not base:
            return []
        if base < _LIKELY:  # a document a line: only those that hold rows are more than lines
            head = b"\n".join(sample.lines(2))
            below = cache(lambda place: _first_rows(head, place) if place else None)
            return [*library.guesses(sample, self.name, _ABOVE_LINES, below, why), Guess(base, why, {"decoder": "json"})]
        rows_at = cache(lambda place: _first_rows(sample.head[:_BELOW_BYTES] if place else sample.head, place))
        found = list(library.guesses(sample, self.name, base, rows_at, why))
        rows = rows_at("")
        guessed = fields_of(rows, sorted(rows.names())) if rows is not None else Found({})
        fields, notes = guessed.fields, guessed.as_documents
        if rows is not None and "position" in fields:
            said: dict[str, object] = {"fields": fields}
            asked = library.questions_of(rows, said)
            found.append(
                Guess(
                    base + 0.05,
                    f"{why}; rows with offsets",
                    said,
                    asked,
                    title="JSON records",
                    loses=GUESSED,
                    columns=rows.ordered(),
                    notes=notes,
                )
            )
        found.append(Guess(base, why, {"decoder": "json"}, columns=rows.ordered() if rows is not None else (), notes=notes))
        return found

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        mapping = RowMapping(settings, source.name)
        splitter = Splitter(source.stream, steps_of_list(settings.get("records")))
        pieces = splitter.pieces()
        number = 1
        while not source.stop.is_set():
            chunk, holes = _chunk(pieces)
            if not chunk and not holes:
                return
            if splitter.documents > 1 and _SEVERAL not in mapping.notes:
                mapping.notes.append(_SEVERAL)
            damage = [Damage(one.start, one.end, one.why) for one in holes]
            yield Chunk(records_of(chunk, number, mapping), mapping.places, damage, mapping.notes, mapping.tallies)
            number += len(chunk)


def steps_of_list(place: object) -> tuple[str, ...]:
    """A path to a list of rows."""
    return tuple(map(str, steps_of(str(place)))) if place else ()


def _chunk(pieces: Iterator[Piece | Hole]) -> tuple[list[Piece], list[Hole]]:
    rows: list[Piece] = []
    holes: list[Hole] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, Hole):
            holes.append(piece)
        else:
            rows.append(piece)
            size += len(piece.text)
        if len(rows) + len(holes) >= _CHUNK_ROWS or size >= CHUNK_BYTES:
            break
    return rows, holes


def records_of(pieces: Sequence[Piece], number: int, mapping: RowMapping) -> RecordBatch:
    """Rows as records; the first one has that number."""
    texts = [piece.text for piece in pieces]
    whys = {row: piece.why for row, piece in enumerate(pieces) if piece.why}
    if not _is_text(b" ".join(texts)):
        for row, text in enumerate(texts):
            if row not in whys and not _is_text(text):
                whys[row] = f"it is not UTF-8 (it begins at byte {pieces[row].start:,})"
    records = mapping.plain(texts, number, whys) if mapping.is_plain else mapping.records(JsonRows(texts, whys), number)
    for row, piece in enumerate(pieces):
        if piece.cut is not None:
            mark_cut(records, row, piece.cut)
    if any(piece.around for piece in pieces) and "metadata" not in mapping.fields:
        records.envelope["metadata"] = [_around(piece) for piece in pieces]
    return records


def _around(piece: Piece) -> str | None:
    """What stood around a row, before it, as JSON text."""
    members = b",".join(orjson.dumps(name) + b":" + text for name, text in (piece.around or {}).items())
    return (b"{" + members + b"}").decode(errors="replace") if members else None


def _is_text(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _looks(sample: Sample) -> tuple[float, str]:
    """How much a file looks like JSON documents, and why."""
    head = sample.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_named = sample.name.lower().endswith(_ENDINGS)
    if head[:1] not in {b"{", b"["}:
        return (0.52, "its name says JSON") if is_named and not _is_odd(head) else (0.0, "")
    lines = head.split(b"\n", 2)
    first = [line.strip() for line in lines[:2]]
    if len(first) > 1 and first[1] and _is_document(first[0]) and (_is_document(first[1]) or (len(lines) == 2 and not sample.is_whole)):
        return 0.3, "it begins with a document a line"
    pieces = [piece for piece in islice(Splitter(io.BytesIO(sample.head)).pieces(), 3) if isinstance(piece, Piece)]
    good = any(not piece.why for piece in pieces) or head.startswith(b"[") or head[1:].lstrip()[:1] in {b'"', b"}"}
    if not good and not is_named:
        return 0.0, ""
    what = "an array" if head.startswith(b"[") else "an object"
    return (0.6 if good else 0.52) + (0.1 if is_named else 0.0), f"it begins with {what}"


def _is_odd(head: bytes) -> bool:
    """Whether bytes are those of a binary file, whatever its name."""
    return head.startswith((b"PAR1", b"Obj\x01", b"PK\x03\x04", b"SQLite format"))


def _is_document(line: bytes) -> bool:
    if line[:1] not in {b"{", b"["}:
        return False
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True


def _first_rows(head: bytes, place: str) -> JsonRows | None:
    """The first rows below a place that are whole in the sample."""
    pieces = Splitter(io.BytesIO(head), steps_of_list(place)).pieces()
    texts = [piece.text for piece in islice(pieces, _LOOKED_AT) if isinstance(piece, Piece) and not piece.why]
    return JsonRows(texts) if texts else None
