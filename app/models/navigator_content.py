"""The rows of the navigator, made of what was read for it: sections, logs with partitions, categories with streams, types, notes.

Holds a page of streams at a time, and nothing of a capture. Pure; no Qt. Read `navigator` for the model that shows them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.models.navigator_range import events_of, range_words, ranged
from inspector.capture.coverage import NOT_FETCHED, REMOVED_BY_KEEP
from inspector.capture.notes import Note
from inspector.capture.overview import Found, Overview, Partition, StreamRow
from inspector.capture.sidecar import NOTE
from inspector.capture.within import Within
from inspector.masks import SIGN

_CHOSEN = frozenset({NOT_FETCHED, REMOVED_BY_KEEP})
"""Reasons that are a choice, no loss."""
_MOST_TYPES = 500
_LEAST_RATE = 0.5
_NO_STREAMS = (
    "A stream is one aggregate's events. It is taken from the record's key when that is text, or from where a rule says.\n"
    "Where an event names it, say so: This field is … the stream id, in the menu of its value or header.\n"
    "Or write a rule and run: eventscope decode FILE --map RULES (the guide's page on identity says how)."
)


PartitionKey = tuple[str, str, int]
"""Source, log, partition."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `key` says which, whatever the counts; `filter` what it stands for; `opens` whether there is something below."""

    key: tuple[str, ...]
    text: str
    count: str = ""
    level: int = 0
    opens: bool | None = None
    filter: str = ""
    words: str = ""
    role: str = "text"
    swatch: str = ""
    stream_id: int = 0
    seq: int = 0
    """The event that a note is about; 0 for none."""

    @property
    def kind(self) -> str:
        """`range`, `section`, `log`, `partition`, `category`, `stream`, `busiest`, `more`, `type`, `note` or `nothing`."""
        return self.key[0]


@dataclass(slots=True)
class Content:
    """What there is, and which of it is open. `streams` holds the pages read of each category (its id), or of the search (0)."""

    overview: Overview = field(default_factory=Overview)
    opened: set[tuple[str, ...]] = field(
        default_factory=lambda: {("section", "logs"), ("section", "streams"), ("section", "types"), ("section", "notes")}
    )
    streams: dict[int, Found] = field(default_factory=dict)
    search: str = ""
    rates: Mapping[PartitionKey, float] = field(default_factory=dict)
    """Events a second of each partition, now."""
    notes: list[Note] = field(default_factory=list)
    has_range: bool = False
    within: Within | None = None
    """What the range in force has; None when it has too much to be counted, and when there is none (`has_range`)."""

    def entries(self) -> list[Entry]:
        """All rows, in order; with a range, what it has, by its own counts."""
        return [*self._range(), *self._logs(), *self._streams(), *self._types(), *self._notes()]

    def _range(self) -> Iterator[Entry]:
        text, count, words = range_words(self.within, has_range=self.has_range)
        if text:
            yield Entry(("range",), text, count, role="accent" if self.within else "warn", words=words)

    # ---- sections

    def _section(self, name: str, count: str) -> Entry:
        key = ("section", name)
        return Entry(key, name, count, opens=key in self.opened or bool(self.search), role="dim")

    def _has(self, name: str) -> bool:
        return self.search.lower() in name.lower()

    def _logs(self) -> Iterator[Entry]:
        by_source: dict[str, list[Partition]] = {}
        for partition in self.overview.partitions:
            if self._has(partition.log):
                by_source.setdefault(partition.source, []).append(partition)
        names = {(partition.source, partition.log) for partition in self.overview.partitions}
        if not names:
            return
        section = self._section("logs", f"{len(names):,}")
        yield section
        if not section.opens:
            return
        for source, partitions in by_source.items():
            if len(by_source) > 1:
                yield Entry(("source", source), source, level=1, role="faint", words=source)
            yield from self._logs_of(source, partitions)

    def _logs_of(self, source: str, partitions: Sequence[Partition]) -> Iterator[Entry]:
        by_log: dict[str, list[Partition]] = {}
        for partition in partitions:
            by_log.setdefault(partition.log, []).append(partition)
        for log, parts in sorted(by_log.items(), key=lambda item: (item[0].startswith("__"), item[0])):
            key, numbers = ("log", source, log), {part.partition for part in parts}
            is_open = key in self.opened
            opens = is_open if len(numbers) > 1 else None
            yield self._counted(Entry(key, log, level=1, opens=opens, filter=f"log == {literal(log)}"), parts)
            if is_open:
                for number in sorted(numbers):
                    same = [part for part in parts if part.partition == number]
                    text = f"log == {literal(log)} && partition == {number}"
                    yield self._counted(Entry(("partition", source, log, str(number)), f"partition {number}", level=2, filter=text), same)

    def _counted(self, entry: Entry, parts: Sequence[Partition]) -> Entry:
        if self.within is None:
            return _counted(entry, parts, sum(self.rates.get(part.key, 0.0) for part in parts))
        events = events_of(self.within, parts)
        return replace(entry, count=short(events), words=f"{events:,} events in the time range")

    def _streams(self) -> Iterator[Entry]:
        if not self.overview.categories and not self.overview.streams:
            if any(part.captured for part in self.overview.partitions) and not self.search:
                yield self._section("streams", "0")
                yield Entry(("nothing", "streams"), "no rule found a stream", level=1, role="faint", words=_NO_STREAMS)
            return
        section = self._section("streams", f"{self.overview.streams if self.within is None else self.within.streams:,}")
        yield section
        if not section.opens:
            return
        if self.within is not None and not self.search:
            for stream in self.within.busiest:
                yield replace(_stream_entry(stream, 1), key=("busiest", str(stream.id)))
            if self.within.streams > len(self.within.busiest):
                yield Entry(("nothing", "busiest"), f"the busiest of {self.within.streams:,}", level=1, role="faint")
        if self.search:
            yield from self._rows_of(0, 1, f"no stream contains “{self.search}” among {self.overview.streams:,}")
            return
        within = self.within
        for category in self.overview.categories if within is None else ranged(self.overview.categories, within.categories):
            key = ("category", str(category.id))
            is_open = key in self.opened
            filter_text = _asked(f"category == {literal(category.name)}")
            yield Entry(key, category.name, f"{category.events:,}", 1, is_open, filter_text, f"{category.events:,} events")
            if is_open:
                yield from self._rows_of(category.id, 2, "it has no stream any more")

    def _rows_of(self, place: int, level: int, nothing: str) -> Iterator[Entry]:
        found = self.streams.get(place)
        if found is None:
            yield Entry(("nothing", str(place)), "looking …", level=level, role="faint")
            return
        if not found.streams:
            yield Entry(("nothing", str(place)), nothing, level=level, role="faint")
        for stream in found.streams:
            entry = _stream_entry(stream, level)
            yield entry if self.within is None else replace(entry, count="")  # its events of all times would be read as the range's
        if found.has_more:
            yield Entry(("more", str(place)), "more …", level=level, role="accent", words="The next streams")

    def _types(self) -> Iterator[Entry]:
        if not self.overview.types:
            return
        types = self.overview.types if self.within is None else ranged(self.overview.types, self.within.types)
        found = [named for named in types if self._has(named.name)]
        section = self._section("types", f"{len(self.overview.types):,}")
        yield section
        if not section.opens:
            return
        for named in found[:_MOST_TYPES]:
            text, events = f"type == {literal(named.name)}", f"{named.events:,}"
            yield Entry(("type", str(named.id)), named.name, events, 1, filter=text, words=f"{events} events", swatch=named.name)
        if len(found) > _MOST_TYPES:
            yield Entry(("nothing", "types"), f"{len(found) - _MOST_TYPES:,} rarer types: search for them", level=1, role="faint")

    def _notes(self) -> Iterator[Entry]:
        """Notes and marks, the newest first; those whose event is not here can only be read."""
        if not self.notes:
            return
        section = self._section("notes", f"{len(self.notes):,}")
        yield section
        if not section.opens:
            return
        for note in reversed([note for note in self.notes if self._has(note.text)]):
            text = note.text if note.kind == NOTE else "★ marked"
            where = f"#{note.seq:,}" if note.seq is not None else "not here"
            yield Entry(
                ("note", note.uid), text, where, 1, words=note.text or text, role="text" if note.seq else "faint", seq=note.seq or 0
            )


def _asked(text: str) -> str:
    """A filter, unless it would ask for the sign of what is hidden."""
    return "" if SIGN in text else text


def _stream_entry(stream: StreamRow, level: int) -> Entry:
    return Entry(
        ("stream", str(stream.id)),
        stream.name,
        f"{stream.events:,}",
        level,
        filter=_asked(f"stream == {literal(stream.name)} && category == {literal(stream.category)}"),
        words=f"{stream.category}/{stream.name}, {stream.events:,} events, from {stream.source}",
        stream_id=stream.id,
    )


def _counted(entry: Entry, parts: Sequence[Partition], rate: float) -> Entry:
    """The entry with what is here of what there is, how fast it comes, and a sign where something is lost."""
    captured, available = sum(part.captured for part in parts), sum(part.available for part in parts)
    absent: dict[str, int] = {}
    for part in parts:
        for reason, positions in part.absent:
            absent[reason] = absent.get(reason, 0) + positions
    lost = sum(positions for reason, positions in absent.items() if reason not in _CHOSEN)
    count = short(captured) if captured >= available else f"{short(captured)} of {short(available)}"
    count = f"{short(round(rate))} /s · {count}" if rate >= _LEAST_RATE else count
    words = [f"{captured:,} captured of at most {available:,}", f"{sum(part.bytes for part in parts):,} bytes"]
    words += [f"{rate:,.1f} events a second now"] if rate else []
    words += [f"{positions:,} {reason}" for reason, positions in absent.items()]
    return replace(entry, count=f"▲ {count}" if lost else count, words="\n".join(words), role="warn" if lost else "text")


def short(count: int) -> str:
    """A count in few characters: exact below 10,000, then in thousands and millions."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1_000:,.0f} k" if count < 9_999_500 else f"{count / 1_000_000:,.1f} M"


def literal(text: str) -> str:
    """A text as the filter language writes it."""
    return json.dumps(text, ensure_ascii=False)
