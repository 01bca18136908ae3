"""Lines of Kafka's console consumer: time, partition, offset, delivery, epoch, headers, key and value, each only if it was asked for.

The order and the words are those of `DefaultMessageFormatter`. Knows no other tool. Read `console_shape` for which columns there
are, `joining` for values of several lines, `console_objects` for the consumer's JSON of offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from inspector.event import RecordBatch
from inspector.formats import Chunk, Damage, Guess, Input, Sample, Settings, Tally
from inspector.formats.console_shape import NO_HEADERS, SUMMARY, Shape, guessed, shaped
from inspector.formats.joining import Joined, joined
from inspector.formats.kafka_rows import (
    APPEND,
    CREATE,
    MOST_PARTITION,
    MOST_POSITION,
    NONE,
    Header,
    Places,
    add_line,
    add_row,
    damage,
    header_text,
)
from inspector.formats.lines import mark_cut

_TIME = re.compile(rb"(CreateTime|LogAppendTime):(-?\d{1,18})\Z|NO_TIMESTAMP\Z")
_KINDS = {b"CreateTime": CREATE, b"LogAppendTime": APPEND}
_NUMBER = re.compile(rb"(?:Partition:|Offset:)?(\d{1,19})\Z")
_SUMMARY = re.compile(SUMMARY)
_NULL_NOTE = (
    "keys and values that read {0} were taken for null; the consumer prints the text {0} the same way (--set null= takes it as text, "
    "and --property null.literal=… when exporting tells them apart)"
)
_AS_VALUE = "records read as what the consumer says at its end, and nothing tells them from it: they are kept as records"
_BACK = (
    "records have an offset that is not above the one before it in their partition, which the consumer gives upwards: "
    "a line of a value may have been taken for a record, or several exports are in one file"
)


class ConsoleConsumer:
    """What kafka-console-consumer prints with its default formatter."""

    name = "console-consumer"
    title = "kafka-console-consumer"
    loses = (
        "The console consumer prints null as a text, and separators inside headers, keys and values as they are: a tab in a key or a line "
        "end before the value splits a record in the wrong place, and a line of a value that begins as a record does is taken for one. "
        "Producers and transactions are not told, nor whatever else was not printed."
    )
    proves = (
        "It proves what stands in the file. Where partitions and offsets were printed missing ones show, but not why they are missing; "
        "without them it proves nothing about completeness but what the consumer says at its end of how many messages it gave."
    )
    is_random_access = False
    takes = ("print", "separator", "headers_separator", "null", "topic", "partition")

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good where lines begin with the consumer's own labels."""
        found = guessed(sample)
        if found is None:
            return []
        settings: dict[str, object] = {"print": ",".join(found.shape.columns)}
        if found.shape.separator != b"\t":
            settings["separator"] = found.shape.separator.decode(errors="replace")
        questions = () if found.is_sure else ("print",)
        return [Guess(found.score, found.why, settings, questions)]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`. Settings: `print` (the columns), `separator`, `headers_separator`, `null`, `topic`, `partition`."""
        rows = _Rows(shaped(settings))
        for block in joined(source, rows.shape.head):
            yield rows.chunk(block)
        if not source.stop.is_set():
            yield rows.end()


class _Rows:
    """Rows of lines of one shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._at = {name: place for place, name in enumerate(shape.columns)}
        self._places = Places()
        self._count = 0
        self._has_null = False
        self._summaries: list[tuple[int, int, bytes]] = []
        self._records = self._said = 0
        """How many records there are, and how many the consumer says it gave."""
        self._reached: dict[int, int] = {}
        self._tallies: dict[str, Tally] = {}

    def chunk(self, block: Joined) -> Chunk:
        """The rows of one block."""
        records, notes = RecordBatch(), []
        for index, text in enumerate(block.texts):
            parts = text.split(self.shape.separator, len(self.shape.columns) - 1)
            reason = self._wrong(parts) if index not in block.cut else "too long to be read"
            if not reason:
                self._take_summaries(records)
                row = self._add(records, parts)
                if self.shape.head is None and _SUMMARY.match(text):
                    self._tally(_AS_VALUE)
                if index in block.spread:
                    records.extra.setdefault(row, {})["joined_lines"] = block.spread[index]
            elif _SUMMARY.match(text) and index not in block.cut:
                self._summaries.append((block.numbers[index], block.starts[index], text))
                self._said += int(re.findall(rb"\d{1,18}", text)[0])
            elif text.strip() or index in block.cut:
                self._refuse(records, block, index, reason)
        if block.spread:
            notes.append(
                "values that go over several lines were put together; one that looks like the beginning of a record cannot be told from one"
            )
        if self._has_null:
            notes.append(_NULL_NOTE.format(self.shape.null.decode(errors="replace")))
        return Chunk(records, self._places.found, notes=notes, tallies=self._tallies)

    def end(self) -> Chunk:
        """What the consumer says at its end, against what there is."""
        chunk = Chunk(RecordBatch(), self._places.found, tallies=self._tallies)
        if self._summaries and self._said != self._records:
            _, start, text = self._summaries[-1]
            reason = f"the consumer says that it gave {self._said:,} messages, and the file holds {self._records:,}"
            chunk.damage.append(Damage(start, start + len(text), reason))
        return chunk

    def _tally(self, words: str) -> None:
        self._tallies.setdefault(words, Tally(self._records)).count += 1

    def _check_order(self, log: int, offset: int) -> None:
        """The consumer gives the offsets of a partition upwards."""
        if offset <= self._reached.get(log, -1):
            self._tally(_BACK)
        self._reached[log] = max(offset, self._reached.get(log, -1))

    def _take_summaries(self, records: RecordBatch) -> None:
        """What the consumer says at its end is no record; what stands before other records is none of what it says."""
        for number, start, text in self._summaries:
            self._count += 1
            add_line(records, number, start, text, "it reads as what the consumer says at its end, and records follow")
        self._summaries = []

    def _refuse(self, records: RecordBatch, block: Joined, index: int, reason: str) -> None:
        self._count += 1
        row = add_line(records, block.numbers[index], block.starts[index], block.texts[index], reason)
        if index in block.cut:
            mark_cut(records, row, block.cut[index])

    def _wrong(self, parts: Sequence[bytes]) -> str:
        """What does not fit; empty for nothing."""
        if len(parts) < len(self.shape.columns):
            return f"it has {len(parts)} of {len(self.shape.columns)} columns; a record may be split here"
        if "timestamp" in self._at and not _TIME.match(parts[self._at["timestamp"]]):
            return "it does not begin with a time"
        for name in ("partition", "offset"):
            if name in self._at and not _NUMBER.match(parts[self._at[name]]):
                return f"its {name} is no number"
        if "partition" in self._at and self._number(parts, "partition") > MOST_PARTITION:
            return "its partition is no number of one"
        if "offset" in self._at and self._number(parts, "offset") > MOST_POSITION:
            return "its offset is no number of one"
        return ""

    def _number(self, parts: Sequence[bytes], name: str) -> int:
        match = _NUMBER.match(parts[self._at[name]])
        assert match is not None
        return int(match[1])

    def _add(self, records: RecordBatch, parts: Sequence[bytes]) -> int:
        self._count += 1
        self._records += 1
        at, shape = self._at, self.shape
        partition = self._number(parts, "partition") if "partition" in at else shape.partition or 0
        offset = self._number(parts, "offset") if "offset" in at else None
        is_claimed = offset is not None and ("partition" in at or shape.partition is not None)
        stamp, kind = _time(parts[at["timestamp"]]) if "timestamp" in at else (None, NONE)
        log = self._places.number(shape.topic, partition, is_claimed=is_claimed)
        if is_claimed and offset is not None:
            self._check_order(log, offset)
        row = add_row(
            records,
            log=log,
            position=offset if is_claimed and offset is not None else self._count,
            key=self._bytes(parts, "key"),
            value=self._bytes(parts, "value"),
            time_ms=stamp,
            time_kind=kind,
        )
        if offset is not None and not is_claimed:
            records.extra.setdefault(row, {})["offset"] = offset
        if "headers" in at:
            records.headers[row] = header_text(records, row, self._headers(parts[at["headers"]]))
        if "value" not in at:
            damage(records, row, "its value was not printed")
        self._keep_rest(records, row, parts)
        return row

    def _keep_rest(self, records: RecordBatch, row: int, parts: Sequence[bytes]) -> None:
        for name, label in (("delivery", b"Delivery:"), ("epoch", b"Epoch:")):
            if name in self._at:
                told = parts[self._at[name]].removeprefix(label)
                if told not in {b"NOT_PRESENT", b""}:
                    known = "leader_epoch" if name == "epoch" else "delivery_count"
                    shown: object = int(told) if told.isdigit() and len(told) < 19 else told.decode(errors="backslashreplace")
                    records.extra.setdefault(row, {})[known] = shown

    def _bytes(self, parts: Sequence[bytes], name: str) -> bytes | None:
        if name not in self._at:
            return None
        found = parts[self._at[name]]
        if found == self.shape.null and self.shape.null:
            self._has_null = True
            return None
        return found

    def _headers(self, text: bytes) -> list[Header]:
        """`name:value,name:value`; a part without a colon goes on with the value before it."""
        pairs: list[Header] = []
        for part in text.split(self.shape.headers_separator) if text != NO_HEADERS else []:
            name, colon, value = part.partition(b":")
            if colon or not pairs:
                pairs.append((name, None if value == self.shape.null and self.shape.null else value))
            else:
                before, begun = pairs[-1]
                pairs[-1] = (before, (self.shape.null if begun is None else begun) + self.shape.headers_separator + part)
        return pairs


def _time(text: bytes) -> tuple[int | None, int]:
    match = _TIME.match(text)
    if match is None or not match[1]:
        return None, NONE
    return int(match[2]), _KINDS[match[1]]
