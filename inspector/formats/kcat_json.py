"""Lines of `kcat -J`: one JSON object a record, whose strings hold the record's bytes as they were, UTF-8 or not.

kcat writes bytes that are not UTF-8 raw into the string, so they come back exactly; headers are one flat list of names and values.
With `-s` keys and payloads are JSON values instead. Knows no other tool's JSON. Read `lines` for lines, `kafka_rows` for rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

import orjson

from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings
from inspector.formats.kafka_rows import (
    APPEND,
    CREATE,
    MOST_PARTITION,
    MOST_POSITION,
    NONE,
    Places,
    add_line,
    add_row,
    damage,
    header_text,
    times,
    whole,
)
from inspector.formats.lines import Lines, lines, mark_cut

_KINDS = {"create": CREATE, "logappend": APPEND, "unknown": NONE}
_FIELDS = ("topic", "partition", "offset", "key", "payload")
_COLUMNS = itemgetter(*_FIELDS)
_KNOWN = {*_FIELDS, "tstype", "ts", "broker", "headers"}
_TEXTS = {str, type(None)}
_END = re.compile(rb"% Reached end of topic (\S+) \[(\d+)\] at offset (\d+)(?:: exiting)?\Z")
"""What kcat says on standard error, which people send into the same file."""
_SAID = re.compile(rb"%[ \d]")
Document = dict[str, Any]


class KcatJson:
    """What `kcat -C -J` prints."""

    name = "kcat-json"
    title = "kcat -J"
    loses = (
        "kcat -J tells all of a record but leader epoch, producer and transaction; control records, and aborted ones that it was not "
        "given, are missing."
    )
    proves = (
        "Topic, partition and offset are as kcat wrote them: missing offsets show, but not whether they were left out, compacted away "
        "or never there."
    )
    is_random_access = False
    takes: tuple[str, ...] = ()

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good where first lines are objects with topic, partition, offset and a payload beside what only kcat writes."""
        found = [line for line in sample.lines() if not _SAID.match(line)]
        good = sum(map(_is_record, found))
        if not good:
            return []
        why = f"{good} of the first {len(found)} lines are records as kcat -J writes them"
        return [Guess(0.6 + 0.37 * good / len(found), why)]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        del settings
        places = Places()
        brokers: set[object] = set()
        for block in lines(source):
            yield _Block(block, places, brokers).chunk()


def _is_record(line: bytes) -> bool:
    found = _document(line)
    return isinstance(found, dict) and found.keys() >= {"topic", "partition", "offset"} and "payload" in found and "tstype" in found


def _document(line: bytes) -> object:
    """The document of a line, bytes that are not UTF-8 as surrogates; None when it is no JSON."""
    try:
        return orjson.loads(line)
    except ValueError:
        pass
    try:
        return json.loads(line.decode(errors="surrogateescape"))
    except (ValueError, RecursionError):
        return None


class _Block:
    """The lines of one block on their way to rows."""

    def __init__(self, block: Lines, places: Places, brokers: set[object]) -> None:
        self._block, self._places, self._brokers = block, places, brokers
        self._records = RecordBatch()
        self._chunk = Chunk(self._records, places.found)

    def chunk(self) -> Chunk:
        """All of them: in whole columns where every line is a plain record, else one by one."""
        documents = [_document(text) for text in self._block.texts]
        if not self._block.cut and set(map(type, documents)) == {dict} and self._take_columns(documents):  # type: ignore[arg-type]
            return self._chunk
        for index, (text, document) in enumerate(zip(self._block.texts, documents, strict=True)):
            self._take(index, text, document)
        return self._chunk

    def _take_columns(self, documents: list[Document]) -> bool:
        try:
            topics, partitions, offsets, keys, payloads = zip(*map(_COLUMNS, documents), strict=True)
        except KeyError:
            return False
        if not (set(map(type, keys)) <= _TEXTS and set(map(type, payloads)) <= _TEXTS and _are_places(topics, partitions, offsets)):
            return False
        if not set().union(*documents) <= _KNOWN:
            return False
        kinds = [_KINDS.get(str(document.get("tstype")), NONE) for document in documents]
        stamps = times([document.get("ts") for document in documents], kinds)
        headers = [document.get("headers") for document in documents]
        if stamps is None or NONE in stamps[1]:
            return False
        try:
            shown = [_plain_headers(pairs) if pairs else None for pairs in headers]
            bytes_of = [[None if text is None else text.encode() for text in column] for column in (keys, payloads)]
        except (UnicodeEncodeError, TypeError, ValueError):
            return False
        records = self._records
        numbers = {pair: self._places.number(*pair) for pair in dict.fromkeys(zip(topics, partitions, strict=True))}
        records.log = [numbers[pair] for pair in zip(topics, partitions, strict=True)]
        records.position, records.headers = list(offsets), shown
        records.key, records.value = bytes_of
        records.time_us, records.time_kind = stamps
        self._note_brokers({document.get("broker") for document in documents})
        return True

    def _note_brokers(self, seen: set[Any]) -> None:
        new = sorted(one for one in seen if isinstance(one, int) and one not in self._brokers)
        self._brokers.update(new)
        self._chunk.notes.extend(f"read from broker {broker}" for broker in new)

    def _take(self, index: int, text: bytes, document: object) -> None:
        text = text.removesuffix(b"\r")
        if index in self._block.cut:
            row = add_line(self._records, self._block.first + index, self._block.start_of(index), text, "too long to be read")
            mark_cut(self._records, row, self._block.cut[index])
        elif isinstance(document, dict):
            self._take_document(index, text, document)
        elif match := _END.match(text):
            place = self._places.number(match[1].decode(errors="replace"), min(int(match[2]), MOST_PARTITION))
            self._chunk.ends = {**self._chunk.ends, place: int(match[3])}
        elif _SAID.match(text):
            self._chunk.notes.append(f"kcat says: {text[:200].decode(errors='replace')}")
        elif text.strip():
            is_end = self._block.ends_open and index == len(self._block.texts) - 1
            self._refuse(index, text, "the line ends too early: the file was cut off" if is_end else "this is no JSON object")

    def _refuse(self, index: int, text: bytes, reason: str) -> None:
        add_line(self._records, self._block.first + index, self._block.start_of(index), text, reason)

    def _take_document(self, index: int, text: bytes, document: Document) -> None:
        topic, partition, offset = document.get("topic"), document.get("partition"), document.get("offset")
        stamp = document.get("ts")
        if not _are_places([topic], [partition], [offset]):
            self._refuse(index, text, "it names no topic, partition and offset")
            return
        assert isinstance(topic, str)
        try:
            key, value = _bytes(document, "key", text), _bytes(document, "payload", text)
            pairs = _pairs(document.get("headers"))
            topic.encode()
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            self._refuse(index, text, f"it holds what kcat does not write ({type(error).__name__})")
            return
        row = add_row(
            self._records,
            log=self._places.number(topic, partition),  # type: ignore[arg-type]
            position=offset,  # type: ignore[arg-type]
            key=key,
            value=value,
            time_ms=stamp if type(stamp) is int else None,
            time_kind=_KINDS.get(str(document.get("tstype")), NONE),
        )
        self._records.headers[row] = header_text(self._records, row, pairs)
        self._note_brokers({document.get("broker")})
        self._keep_rest(row, document)

    def _keep_rest(self, row: int, document: Document) -> None:
        """What the line says beside the record, and what it does not say."""
        rest = {name: value for name, value in document.items() if name not in _KNOWN}
        if rest:
            self._records.extra.setdefault(row, {}).update(_sound(rest))
        absent = [name for name in ("key", "payload") if name not in document]
        if "key" in absent:
            self._records.extra.setdefault(row, {})["absent"] = absent
        for name in ("key_error", "payload_error"):
            if name in document:
                damage(self._records, row, f"kcat could not read it: {document[name]!s:.200}")
        if "payload" in absent and "payload_error" not in document:
            damage(self._records, row, "its value is not told: the line has no payload")


def _are_places(topics: Sequence[Any], partitions: Sequence[Any], offsets: Sequence[Any]) -> bool:
    if set(map(type, topics)) != {str} or not set(map(type, partitions)) == set(map(type, offsets)) == {int} or "" in topics:
        return False
    return bool(0 <= min(partitions) <= max(partitions) <= MOST_PARTITION and 0 <= min(offsets) <= max(offsets) <= MOST_POSITION)


def _plain_headers(pairs: list[Any]) -> str:
    if len(pairs) % 2 or not set(map(type, pairs)) <= _TEXTS or None in pairs[::2]:
        raise ValueError(pairs)
    return orjson.dumps(list(zip(pairs[::2], pairs[1::2], strict=True))).decode()


def _pairs(flat: Any) -> list[tuple[bytes, bytes | None]]:
    if flat is None:
        return []
    if not isinstance(flat, list) or len(flat) % 2:
        raise ValueError("headers")
    values = [None if value is None else value.encode("utf-8", "surrogateescape") for value in flat[1::2]]
    return list(zip([name.encode("utf-8", "surrogateescape") for name in flat[::2]], values, strict=True))


def _bytes(document: Document, name: str, line: bytes) -> bytes | None:
    """The bytes of a string; of another value, which `-s` writes, the JSON text as it stands in the line."""
    value = document.get(name)
    if value is None:
        return None
    schema = "key_schema_id" if name == "key" else "value_schema_id"
    if isinstance(value, str) and schema not in document:
        return value.encode("utf-8", "surrogateescape")
    return _text_of(line, name)


def _text_of(line: bytes, name: str) -> bytes:
    """The JSON text of a member of the line's object, with every digit."""
    text = line.decode(errors="surrogateescape")
    decoder, at = json.JSONDecoder(), text.index("{") + 1
    found = ""
    while (quote := text.find('"', at)) >= 0:
        member, at = decoder.raw_decode(text, quote)
        begin = _after_blanks(text, text.index(":", at) + 1)
        _, at = decoder.raw_decode(text, begin)
        if member == name:
            found = text[begin:at]
    return found.encode("utf-8", "surrogateescape")


def _after_blanks(text: str, at: int) -> int:
    return at + len(text[at : at + 64]) - len(text[at : at + 64].lstrip(" \t\r\n"))


def _sound(rest: Document) -> dict[str, object]:
    """Values that can be written as UTF-8 again: bytes that are not are question marks."""
    found: dict[str, object] = json.loads(json.dumps(rest, ensure_ascii=False).encode("utf-8", "replace"), parse_int=_whole)
    return found


def _whole(text: str) -> int | str | None:
    return whole(int(text))
