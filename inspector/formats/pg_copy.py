"""Plain dumps of PostgreSQL (`pg_dump`): the rows of each table between `COPY … FROM stdin;` and `\\.`. Executes nothing.

A table is a log; tables of known event stores give their events by the store's descriptor, others their rows as JSON objects.
Read `pg_text` for rows, `pg_store` for descriptors, `pg_custom` for the dumps that are no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inspector.event import RecordBatch
from inspector.formats import Chunk, Damage, Guess, Input, Sample, Settings
from inspector.formats.kafka_rows import Places, add_row, damage
from inspector.formats.lines import Lines, lines, mark_cut
from inspector.formats.pg_store import Store, store_of
from inspector.formats.pg_text import Cell, Table, cells, codec, declared_column, declared_table, table_of, written

_COPY = re.compile(rb"^COPY \S.* FROM stdin;\r?$", re.MULTILINE)
_TITLE = b"-- PostgreSQL database dump"
_ENCODING = re.compile(r"SET client_encoding = '(\w+)';")
_BODY = re.compile(r"\$[A-Za-z_]*\$")
_END = b"\\."


class PgCopy:
    """What `pg_dump` writes in its plain format."""

    name = "pg-copy"
    title = "PostgreSQL dump"
    loses = (
        "A dump has no order of its own: rows lie as they lay in the table, and a row that was updated or deleted left no trace. Where no "
        "column is known to be the position of an event, the position is the row's number in the dump. In rows shown as objects a JSON "
        "null looks as no value does."
    )
    proves = "It proves what the tables held when they were dumped, not what they held before."
    is_random_access = False
    takes = ("stores",)

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for a file with the title of a dump, or with rows to be copied."""
        if sample.head.startswith(_TITLE) or b"\n" + _TITLE in sample.head[:4096]:
            return [Guess(0.97, "it begins with the title of a PostgreSQL dump")]
        match = _COPY.search(sample.head)
        if match is None:
            return []
        return [Guess(0.8, f"it holds rows of a table: {match[0][:80].decode(errors='replace').strip()}")]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`. Setting: `stores=no` reads tables of event stores as any others."""
        dump = _Dump(has_stores=str(settings.get("stores", "")) not in {"no", "false"})
        for block in lines(source):
            yield from dump.chunks(block)
        if not source.stop.is_set():
            yield from dump.end()


@dataclass(slots=True)
class _Rows:
    """The table whose rows are being read."""

    table: Table
    number: int
    """Of the first row that comes next."""
    store: Store | None
    has_returns: bool


@dataclass(slots=True)
class _Dump:
    """How far the reading of a dump is."""

    has_stores: bool
    places: Places = field(default_factory=Places)
    declared: dict[str, dict[str, str]] = field(default_factory=dict)
    encoding: str = "utf-8"
    _rows: _Rows | None = None
    _counts: dict[str, int] = field(default_factory=dict)
    _declaring: str = ""
    _body: str = ""
    _position: int = 0
    _notes: list[str] = field(default_factory=list)
    _damage: list[Damage] = field(default_factory=list)

    def chunks(self, block: Lines) -> Iterator[Chunk]:
        """What the lines of one block hold: a chunk for each stretch of rows of one table."""
        index, self._position = 0, block.start
        while index < len(block.texts):
            if self._rows is None:
                self._statement(block, index)
                self._position += self._length(block, index)
                index += 1
                continue
            end = self._end_of_rows(block, index)
            if end > index:
                yield self._chunk(block, index, end)
            index = end
            if end < len(block.texts):
                self._position += len(block.texts[end]) + 1
                self._rows = None
                index += 1
        if self._notes or self._damage:
            yield self._said(RecordBatch())

    def end(self) -> Iterator[Chunk]:
        """What is to be said at the end of the file."""
        if self._rows is not None:
            name = self._rows.table.name
            self._damage.append(Damage(self._position, None, f"the dump ends within the rows of {name}: it was cut off"))
            yield self._said(RecordBatch())

    @staticmethod
    def _length(block: Lines, index: int) -> int:
        return (block.cut[index].size_bytes if index in block.cut else len(block.texts[index])) + 1

    @staticmethod
    def _end_of_rows(block: Lines, index: int) -> int:
        for at in range(index, len(block.texts)):
            if block.texts[at][:2] == _END and block.texts[at].rstrip(b"\r") == _END:
                return at
        return len(block.texts)

    def _said(self, records: RecordBatch) -> Chunk:
        notes, self._notes = self._notes, []
        gone, self._damage = self._damage, []
        return Chunk(records, self.places.found, gone, notes)

    # ---- between rows

    def _statement(self, block: Lines, index: int) -> None:
        """A line outside of rows: declarations are learnt, rows begin; nothing else is looked at."""
        raw = block.texts[index]
        if raw.startswith(b"INSERT INTO ") and not self._body:
            self._lose_insert(self._position, self._length(block, index))
            return
        line = raw[:100_000].decode(self.encoding, "replace")
        if self._body:
            self._body = "" if self._body in line else self._body
        elif self._declaring:
            self._declare(line)
        elif table := table_of(line, self.declared):
            self._begin(table, has_returns=raw.endswith(b"\r"))
        elif name := declared_table(line):
            self._declaring = name
            self.declared[name] = {}
        elif match := _ENCODING.match(line):
            self.encoding = codec(match[1]) or "utf-8"
            if not codec(match[1]):
                self._notes.append(f"the encoding {match[1]} is not known here: rows that are not UTF-8 are damaged")
        else:
            tags = _BODY.findall(line)
            self._body = tags[-1] if len(tags) % 2 else ""

    def _declare(self, line: str) -> None:
        if line.startswith(")"):
            self._declaring = ""
        elif column := declared_column(line):
            self.declared[self._declaring][column[0]] = column[1]

    def _lose_insert(self, start: int, size: int) -> None:
        reason = "rows as INSERT statements are not read: dump without --inserts and --column-inserts"
        if self._damage and self._damage[-1].end == start:
            self._damage[-1] = Damage(self._damage[-1].start, start + size, reason)
        else:
            self._damage.append(Damage(start, start + size, reason))

    def _begin(self, table: Table, *, has_returns: bool) -> None:
        store = store_of(table) if self.has_stores else None
        self._rows = _Rows(table, self._counts.get(table.name, 0) + 1, store, has_returns)
        self._notes.append(f"{table.name}: {table.described}")
        if store is not None:
            self._notes.append(f"{table.name}: events of {store.title}{store.unmapped}")

    # ---- rows

    def _chunk(self, block: Lines, begin: int, end: int) -> Chunk:
        """Rows of the table that is being read."""
        rows = self._rows
        assert rows is not None
        records, taken = RecordBatch(), list[Sequence[Cell] | None]()
        log = self.places.number(rows.table.name, 0, is_claimed=rows.store is not None and rows.store.has_position)
        own = self.places.number(rows.table.name, 0, is_claimed=False)
        make = written(rows.table)
        for index in range(begin, end):
            text = block.texts[index].removesuffix(b"\r") if rows.has_returns else block.texts[index]
            is_cut = index in block.cut or (block.ends_open and index == len(block.texts) - 1)
            row, reason = ([], "the line ends too early, or is too long to be read") if is_cut else self._cells(text, rows.table)
            if not reason and rows.store is not None:
                reason = rows.store.wrong(row)
            if reason:
                place = add_row(records, log=own, position=rows.number, value=text)
                damage(records, place, f"line {block.first + index:,} (byte {self._position:,}): {reason}")
                if index in block.cut:
                    mark_cut(records, place, block.cut[index])
            elif rows.store is None:
                add_row(records, log=own, position=rows.number, value=make(row))
            else:
                rows.store.add(records, log, rows.number, row)
            taken.append(None if reason else row)
            rows.number += 1
            self._position += self._length(block, index)
        self._counts[rows.table.name] = rows.number - 1
        if rows.store is not None:
            records.envelope = rows.store.envelope(taken)
        return self._said(records)

    def _cells(self, text: bytes, table: Table) -> tuple[list[Cell], str]:
        """The values of a line, and what is wrong with it."""
        try:
            row = cells(text.decode(self.encoding))
        except UnicodeDecodeError as error:
            return [], f"it is not {self.encoding} at its byte {error.start:,}"
        if len(row) != len(table.columns):
            return [], f"it has {len(row)} columns, not {len(table.columns)}"
        return row, ""
