"""JSON objects with nothing between them, as the console consumer's formatters of offsets and transactions print them.

Each object is an event: its `key` and `value` are kept as the texts that stand there. Read `console_consumer` for its plain lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from inspector.event import RecordBatch
from inspector.formats import CHUNK_ROWS, Chunk, Damage, Guess, Input, Sample, Settings, lines
from inspector.formats.kafka_rows import Places, add_row, damage

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}]', re.DOTALL)
_OPENING = re.compile(rb"[^\s]")
_READ_BYTES = 1 << 20
_LOGS = {"group": "__consumer_offsets", "transactionalId": "__transaction_state"}


class ConsoleObjects:
    """What kafka-console-consumer prints with the formatters of `__consumer_offsets` and `__transaction_state`."""

    name = "console-objects"
    title = "kafka-console-consumer with a formatter of offsets or transactions"
    loses = "These formatters print neither partition, offset nor time, and leave out records of kinds that they do not know."
    proves = "It proves what stands in the file, in which order, not that anything is complete."
    is_random_access = False
    takes = ("topic",)

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for objects of exactly a key and a value with a version, one behind the other."""
        first = next(iter(_Scanner().feed(sample.head)), None)
        if first is None or not sample.head.lstrip().startswith(b"{"):
            return []
        document = _document(first[1])
        log = _log_of(document)
        if document is None or not log:
            return []
        return [Guess(0.9, f"objects with a key and a value as the formatter of {log} prints them", {"decoder": "json", "topic": log})]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`. Setting: `topic`."""
        places = Places()
        log = places.number(str(settings.get("topic", "")), 0, is_claimed=False)
        scanner, count = _Scanner(), 0
        while True:
            block = b"" if source.stop.is_set() else source.stream.read(max(_READ_BYTES, scanner.waiting))
            found = scanner.feed(block) if block else scanner.end()
            for begin in range(0, max(1, len(found)), CHUNK_ROWS):
                records = RecordBatch()
                for start, text in found[begin : begin + CHUNK_ROWS]:
                    count += 1
                    _add(records, log, count, start, text)
                taken, scanner.damage = scanner.damage, []
                yield Chunk(records, places.found, taken)
            if not block:
                return


def _document(text: bytes) -> dict[str, object] | None:
    try:
        found = orjson.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _log_of(document: dict[str, object] | None) -> str:
    if document is None or document.keys() != {"key", "value"} or not isinstance(document["key"], dict):
        return ""
    key = document["key"]
    data = key.get("data", key)
    if not isinstance(data, dict) or not key.keys() & {"type", "version"}:
        return ""
    return next((log for name, log in _LOGS.items() if name in data), "")


def _add(records: RecordBatch, log: int, position: int, start: int, text: bytes) -> None:
    document = _document(text)
    if document is None or document.keys() != {"key", "value"}:
        row = add_row(records, log=log, position=position, value=text)
        damage(records, row, f"byte {start:,}: no object of a key and a value" if document is not None else f"byte {start:,}: no JSON")
        return
    key, value = (_member(text, name) for name in ("key", "value"))
    add_row(records, log=log, position=position, key=key, value=value)


def _member(text: bytes, name: str) -> bytes | None:
    """The text of a member of an object, which is known to be one; None for null."""
    shown = text.decode()
    decoder, at = json.JSONDecoder(), shown.index("{") + 1
    while (quote := shown.find('"', at)) >= 0:
        member, at = decoder.raw_decode(shown, quote)
        begin = shown.index(":", at) + 1
        begin += len(shown[begin:]) - len(shown[begin:].lstrip())
        _, at = decoder.raw_decode(shown, begin)
        if member == name:
            found = shown[begin:at]
            return None if found == "null" else found.encode()
    return None


@dataclass(slots=True)
class _Scanner:
    """Finds where objects begin and end, however the bytes come; `damage` is what stands between them."""

    damage: list[Damage] = field(default_factory=list)
    _data: bytes = b""
    _base: int = 0
    _at: int = 0
    _depth: int = 0

    @property
    def waiting(self) -> int:
        """Bytes of an object without its end so far. As many again are worth a look: it begins anew in a text of any length."""
        return len(self._data)

    def feed(self, block: bytes) -> list[tuple[int, bytes]]:
        """The objects that end within `block`, each with the byte where it begins."""
        self._data += block
        found: list[tuple[int, bytes]] = []
        while self._begin():
            end = self._end()
            if end < 0:
                break
            found.append((self._base, self._data[:end]))
            self._drop(end)
        if len(self._data) > lines.MOST_LINE_BYTES:
            self._lose(len(self._data), f"an object of more than {lines.MOST_LINE_BYTES:,} bytes")
        return found

    def end(self) -> list[tuple[int, bytes]]:
        """What is left at the end of the file: an object that was cut off."""
        rest = self._data
        if not rest.strip():
            return []
        start = self._base
        self._drop(len(rest))
        return [(start, rest)]

    def _begin(self) -> bool:
        """Whether an object stands at the beginning, after what is none was put aside."""
        if self._at:
            return True
        first = _OPENING.search(self._data)
        self._drop(first.start() if first else len(self._data))
        if self._data and not self._data.startswith(b"{"):
            place = self._data.find(b"{")
            self._lose(place if place >= 0 else len(self._data), "no JSON object")
        return bool(self._data)

    def _end(self) -> int:
        """Where the object at the beginning ends; -1 when it goes on."""
        for match in _TOKEN.finditer(self._data, self._at):
            sign = match[0]
            if sign == b'"':
                self._at = match.start()
                return -1
            self._depth += (sign == b"{") - (sign == b"}")
            if not self._depth:
                return match.end()
            self._at = match.end()
        self._at = max(self._at, 1)
        return -1

    def _lose(self, count: int, reason: str) -> None:
        self.damage.append(Damage(self._base, self._base + count, reason))
        self._drop(count)

    def _drop(self, count: int) -> None:
        self._base += count
        self._data = self._data[count:]
        self._at = self._depth = 0
