"""What `kcat -f PATTERN` prints, read back by the same pattern: with the sizes `%K` and `%S` exactly, without them line by line.

Knows no JSON. Read `kcat_pattern` for patterns, `kcat_framed` for records with sizes, `joining` for values of several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from inspector.errors import UsageError
from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings
from inspector.formats.joining import Joined, joined
from inspector.formats.kafka_rows import (
    APPEND,
    CREATE,
    MOST_PARTITION,
    MOST_POSITION,
    Header,
    Places,
    add_line,
    add_row,
    damage,
    header_text,
)
from inspector.formats.kcat_framed import Framed, framed
from inspector.formats.kcat_pattern import Pattern, understood
from inspector.formats.lines import mark_cut

_SIGNS = (" ", "\\t", "|", ",", ";", ":")
_SHAPES = (
    "%t,%p,%o,%T,%K,%S,%h,%k,%s\\n",
    "%t,%p,%o,%T,%K,%S,%k,%s\\n",
    "%t,%p,%o,%K,%S,%k,%s\\n",
    "%t,%p,%o,%T,%K,%k,%S,%s\\n",
    "%p,%o,%T,%K,%S,%k,%s\\n",
    "%p,%o,%K,%S,%k,%s\\n",
    "%t,%p,%o,%T,%h,%k,%s\\n",
    "%t,%p,%o,%T,%k,%s\\n",
    "%t,%p,%o,%k,%s\\n",
    "%t,%p,%o,%s\\n",
)
_HELP = "Topic %t [%p] at offset %o: key %k: %s\\n"
"""The example in kcat's own help."""
_COMMON = (_HELP, *(shape.replace(",", sign) for shape in _SHAPES for sign in _SIGNS))
_RECORDISH = re.compile(rb"\S+[^\w\n]{1,3}\d+[^\w\n]{1,3}\d+\b")
_KINDS = {"create": CREATE, "append": APPEND}
_ENOUGH = 3
_SHARE = 0.6
_UNTOLD = -2
_TIME_DIGITS = 13
"""Of milliseconds, from 2001 to 2286."""


class KcatFormat:
    """What `kcat -C -f PATTERN` prints."""

    name = "kcat-format"
    title = "kcat -f"
    loses = (
        "kcat -f does not say whose clock a time is, nor what its pattern leaves out; without %K and %S null and empty look alike, and "
        "separators inside keys and values cannot be told from those around them. Header values end at a zero byte."
    )
    proves = (
        "It proves what the pattern printed. Where offsets are in it missing ones show, but not why they are missing; without them it "
        "proves nothing about completeness."
    )
    is_random_access = False
    takes = ("pattern", "topic", "partition", "time")

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """The common patterns that read the whole beginning; without one the pattern is asked for where lines look like records."""
        found = [guess for pattern in _COMMON if (guess := _tried(pattern, sample)) is not None][:3]
        if found:
            return sorted(found, key=lambda guess: -guess.score)
        lines = sample.lines(20)
        if len(lines) >= _ENOUGH and all(map(_RECORDISH.match, lines)):
            return [Guess(0.2, "its lines have numbers as records printed by kcat -f may", questions=("pattern",))]
        return []

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`. Settings: `pattern`, as it was given to kcat; `topic`, `partition`; `time`: create or append."""
        rows = _Rows(_pattern(settings), settings)
        if rows.pattern.is_framed:
            for block in framed(source, rows.pattern):
                yield rows.of_framed(block)
            return
        for lines in joined(source, rows.pattern.head):
            yield rows.of_lines(lines)


def _pattern(settings: Settings) -> Pattern:
    written = settings.get("pattern")
    if not isinstance(written, str) or not written:
        raise UsageError("say which pattern kcat -f was given, such as --set pattern='%t %p %o %T %K %S %k %s\\n'")
    return understood(written)


def _tried(written: str, sample: Sample) -> Guess | None:
    """How well a common pattern reads the beginning."""
    pattern = understood(written)
    head = sample.head[: 64 * 1024]
    match = pattern.head.match(head) if pattern.head else None
    if match is None:
        return None
    if not pattern.is_framed:
        return _tried_lines(written, pattern, sample.lines(20))
    count = _framed_records(pattern, head)
    is_whole = sample.is_whole and len(sample.head) <= len(head)
    if count < (1 if is_whole else 2):
        return None
    return Guess(0.9 if count > 1 else 0.7, f"{count} records with sizes as the pattern {written} prints them", {"pattern": written})


def _tried_lines(written: str, pattern: Pattern, lines: Sequence[bytes]) -> Guess | None:
    found = [match for line in lines if (match := pattern.record.match(line))]
    if not found or len(found) < _SHARE * len(lines):
        return None
    is_sure = written == _HELP or ("T" in pattern.letters and all(len(match["time"]) == _TIME_DIGITS for match in found))
    why = f"{len(found)} of its first {len(lines)} lines are as the pattern {written} prints them"
    return Guess((0.6 if is_sure and len(found) > 1 else 0.35), why, {"pattern": written}, () if is_sure else ("pattern",))


def _framed_records(pattern: Pattern, head: bytes) -> int:
    """How many records stand at the beginning one behind the other; 0 when something else stands between them."""
    import io
    import threading

    count = 0
    for block in framed(Input("", io.BytesIO(head), None, threading.Event()), pattern):
        sound = [one for one in block.records if not one.error]
        if block.damage and block.damage[0].start < len(head) // 2:
            return 0
        count += len(sound)
    return count


class _Rows:
    """Rows of a pattern's records."""

    def __init__(self, pattern: Pattern, settings: Settings) -> None:
        self.pattern = pattern
        self._topic = str(settings.get("topic", ""))
        self._partition = _number(settings, "partition")
        self._kind = _KINDS.get(str(settings.get("time", "create")), CREATE)
        self._places = Places()
        self._count = 0
        has_partition = "p" in pattern.letters or self._partition is not None
        self._is_claimed = "o" in pattern.letters and has_partition

    def of_framed(self, block: Framed) -> Chunk:
        """Records with sizes."""
        records = RecordBatch()
        for found in block.records:
            row = self._add(records, found.fields, found.key, found.value)
            if found.cut is not None:
                mark_cut(records, row, found.cut)
            if found.error:
                damage(records, row, f"byte {found.start:,}: {found.error}")
        return Chunk(records, self._places.found, block.damage)

    def of_lines(self, block: Joined) -> Chunk:
        """Records that are lines, or several where a value goes on."""
        records = RecordBatch()
        for index, text in enumerate(block.texts):
            match = self.pattern.record.match(text)
            if match is None or index in block.cut:
                if text.strip() or index in block.cut:
                    self._count += 1
                    row = add_line(records, block.numbers[index], block.starts[index], text, "it is not as the pattern prints records")
                    if index in block.cut:
                        mark_cut(records, row, block.cut[index])
                continue
            found = match.groupdict()
            row = self._add(records, found, found.get("key"), found.get("value"))
            _compare_sizes(records, row, found)
            if index in block.spread:
                records.extra.setdefault(row, {})["joined_lines"] = block.spread[index]
        notes = ["values that go over several lines were put together"] if block.spread else []
        return Chunk(records, self._places.found, notes=notes)

    def _add(self, records: RecordBatch, found: Mapping[str, bytes], key: bytes | None, value: bytes | None) -> int:
        self._count += 1
        topic = found["topic"].decode("ascii") if "topic" in found else self._topic
        partition = int(found.get("partition", self._partition or 0))
        offset = int(found["offset"]) if "offset" in found else None
        is_sound = partition <= MOST_PARTITION and (offset or 0) <= MOST_POSITION
        is_claimed = self._is_claimed and is_sound
        row = add_row(
            records,
            log=self._places.number(topic, partition if is_sound else 0, is_claimed=is_claimed),
            position=offset if is_claimed and offset is not None else self._count,
            key=key,
            value=value,
            time_ms=int(found["time"]) if "time" in found else None,
            time_kind=self._kind,
        )
        if offset is not None and not is_claimed:
            records.extra.setdefault(row, {})["offset"] = offset
        if "headers" in found:
            records.headers[row] = header_text(records, row, _pairs(found["headers"]))
        if "s" not in self.pattern.letters:
            damage(records, row, "its value is not told: the pattern has no %s")
        return row


def _compare_sizes(records: RecordBatch, row: int, found: Mapping[str, bytes]) -> None:
    """Where only one of key and value has its size told, or behind it: what is null, and what cannot be right."""
    for name, size_name in (("key", "key_size"), ("value", "size")):
        column: list[bytes | None] = getattr(records, name)
        size = int(found.get(size_name, _UNTOLD))
        if size == -1 and column[row] in {b"", b"NULL"}:
            column[row] = None
        elif size != _UNTOLD and len(column[row] or b"") != size:
            damage(records, row, f"its {name} has {len(column[row] or b''):,} bytes, not {size:,}: a separator occurs in it")


def _number(settings: Settings, name: str) -> int | None:
    written = settings.get(name)
    if written is None:
        return None
    if not str(written).isdecimal() or int(str(written)) > MOST_PARTITION:
        raise UsageError(f"{name}={written}: a number is wanted")
    return int(str(written))


def _pairs(text: bytes) -> list[Header]:
    """`name=value,name=value`; a comma that no `name=` follows is part of the value. NULL is null, as kcat prints it."""
    pairs: list[Header] = []
    for part in text.split(b",") if text else []:
        name, equals, value = part.partition(b"=")
        if equals or not pairs:
            pairs.append((name, None if value == b"NULL" or not equals else value))
        else:
            before, begun = pairs[-1]
            pairs[-1] = (before, (begun if begun is not None else b"NULL") + b"," + part)
    return pairs
