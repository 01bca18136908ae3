"""What `kafka-dump-log --deep-iteration --print-data-log` prints: batches and records of segments, as text.

Rows say in `extra` what Kafka's own files say, by the same names. Read `dump_lines` for the lines, `joining` for values of several
lines, `dump_survey` for what became of transactions.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, cast

from inspector.event import Flag, RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings
from inspector.formats.archive import Slice
from inspector.formats.dump_lines import HEAD, Batch, Record, batch_of, place_of, record_of
from inspector.formats.dump_survey import Rejoined, Survey
from inspector.formats.joining import Joined, joined
from inspector.formats.kafka_rows import Places, add_line, add_row, damage
from inspector.formats.lines import lines, mark_cut
from inspector.formats.stretches import Stretches
from inspector.plain_files import open_plain

_ABORTED, _CONTROL = int(Flag.aborted), int(Flag.control)
_REPLACED = "�".encode()
_SEQUENCES = 1 << 31
_HEADERS_NOTE = "header values are not in a dump: headers are shown by name only, in `extra`"


class DumpLog:
    """What Kafka's DumpLogSegments prints of log segments."""

    name = "dump-log"
    title = "kafka-dump-log"
    loses = (
        "A dump never prints the values of headers, and shows bytes that are not UTF-8 as U+FFFD. What became of a transaction whose "
        "marker is not in the dump is unknown."
    )
    proves = (
        "It lists every record of the segments that were dumped, by the offsets of the log: one that is missing between two of a segment "
        "was not in it any more. Of segments that were not dumped it proves nothing. It says itself whether checksums hold."
    )
    is_random_access = True
    takes = ("topic", "partition")

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for a file with the tool's own lines."""
        lines = sample.lines()
        good = sum(HEAD.match(line) is not None for line in lines)
        if (
            not good
            or not lines
            or not any(line.startswith((b"Dumping ", b"baseOffset: ", b"| offset: ", b"offset: ")) for line in lines[:5])
        ):
            return []
        return [Guess(0.6 + 0.38 * good / len(lines), f"{good} of the first {len(lines)} lines are as kafka-dump-log prints them")]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`. Settings: `topic` and `partition`, where the dump does not name the segment's folder."""
        rows = _Rows(settings)
        assert source.path is not None
        with open_plain(source.path) as file:
            # one that grows all the while comes to an end
            so_far = io.BufferedReader(Slice(file, 0, os.fstat(file.fileno()).st_size))
            rows.survey.learn(lines(replace(source, stream=so_far)))
        first = source.stream.read(1 << 20)
        if first:
            yield from map(rows.chunk, joined(replace(source, stream=cast("IO[bytes]", Rejoined(first, source.stream))), HEAD))
            return
        with source.path.open("rb") as file:
            yield from map(rows.chunk, joined(replace(source, stream=file), HEAD))


class _Rows:
    """Rows of a dump, with what was said last of file and batch."""

    def __init__(self, settings: Settings) -> None:
        partition = str(settings.get("partition", "0"))
        self._places = Places()
        self.survey = Survey((str(settings.get("topic", "")), int(partition) if partition.isdecimal() else 0))
        self._place = self.survey.own
        self._batch: Batch | None = None
        self._held = Stretches()

    def chunk(self, block: Joined) -> Chunk:
        """The rows of one block."""
        chunk = Chunk(RecordBatch(), self._places.found)
        self._held.begin()
        for index, text in enumerate(block.texts):
            if index in block.cut:
                row = self._refuse(chunk.records, block, index, "too long to be read")
                mark_cut(chunk.records, row, block.cut[index])
            elif text.startswith(b"|"):
                self._take_record(chunk, block, index, text)
            else:
                self._take_line(chunk, block, index, text)
        chunk.whole = self._held.found()
        return chunk

    def _refuse(self, records: RecordBatch, block: Joined, index: int, reason: str) -> int:
        self._held.cut()
        return add_line(records, block.numbers[index], block.starts[index], block.texts[index], reason)

    def _take_line(self, chunk: Chunk, block: Joined, index: int, text: bytes) -> None:
        """A line about a file or a batch, or none at all."""
        line = text.rstrip(b"\r\n")
        if line.startswith(b"Dumping "):
            self._place, self._batch = self.survey.where(line), None
            self._held.cut()
            if place_of(line) is None and not self.survey.own[0]:
                chunk.notes.append("not all of the dump says of which topic it is: name it with --set topic=… --set partition=…")
        elif line.startswith(b"Log starting offset:"):
            return
        elif batch := batch_of(line):
            self._batch = batch
            if not batch.is_valid:
                chunk.notes.append(f"the dump says that the batch of offset {batch.last:,} has a wrong checksum")
        elif re.match(rb"Found \d|Mismatches|Missing|Non-consecutive|\d+ is followed by", line):
            chunk.notes.append(f"the dump says: {line[:200].decode(errors='replace')}")
        elif line.strip():
            self._refuse(chunk.records, block, index, "it is no line of a dump")

    def _take_record(self, chunk: Chunk, block: Joined, index: int, text: bytes) -> None:
        records = chunk.records
        found = record_of(text)
        if found is None:
            is_end = block.ends_open and index == len(block.texts) - 1
            self._refuse(
                records, block, index, "the line ends too early: the file was cut off" if is_end else "no record as a dump prints it"
            )
            return
        place = self._places.number(*self._place)
        self._held.add(place, found.offset)
        row = add_row(
            records,
            log=place,
            position=found.offset,
            key=found.key,
            value=found.value,
            time_ms=found.time_ms,
            time_kind=found.time_kind,
        )
        if found.error:
            self._held.cut()  # what it lacks or has too much may be of other records
            damage(records, row, found.error)
        self._describe(records, row, found)
        if records.extra.get(row, {}).get("header_names"):
            chunk.notes.append(_HEADERS_NOTE)

    def _describe(self, records: RecordBatch, row: int, found: Record) -> None:
        """What is known of the record besides: by the names that Kafka's own files are shown with."""
        batch = self._batch
        extra: dict[str, object] = batch.extra() if batch is not None and batch.holds(found.offset) else {}
        if found.sequence is not None and found.sequence >= 0:
            extra["sequence"] = found.sequence % _SEQUENCES
        if batch is not None and extra.get("transactional") and found.control is None:
            extra["transaction"] = state = self.survey.state(self._place, batch.producer_id, found.offset)
            if state == "aborted":
                records.flags[row] = records.flags.get(row, 0) | _ABORTED
        if found.control is not None:
            records.flags[row] = records.flags.get(row, 0) | _CONTROL
            extra["control"] = found.control
            if found.coordinator_epoch is not None:
                extra["coordinator_epoch"] = found.coordinator_epoch
        if found.header_names:
            extra["header_names"] = found.header_names
        if batch is not None and not batch.is_valid:
            damage(records, row, "not to be trusted: the dump says that the checksum of its batch is wrong")
        if _REPLACED in (found.key or b"") or _REPLACED in (found.value or b""):
            damage(records, row, "it holds U+FFFD, which the dump also shows for bytes that are not UTF-8")
        if extra:
            records.extra.setdefault(row, {}).update(extra)
