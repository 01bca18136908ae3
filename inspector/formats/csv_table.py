"""CSV and its like: the dialect told by the first lines, each row an event whose value is a JSON object of its columns as text.

A row with more or fewer cells than the head, with a quote out of place, or that is no text is damaged: its bytes are its value, and
its line and byte are said. Read `library` for what is known of columns, `csv_dialect` for the guess, `text_encoding` for encodings.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

from inspector.event import RecordBatch
from inspector.formats import CHUNK_BYTES, Chunk, DamagedInput, Guess, Input, Sample, Settings, library
from inspector.formats.csv_dialect import Dialect, dialect_of
from inspector.formats.expansion import FREE_BYTES, MOST_EXPANSION
from inspector.formats.generic import GUESSED, WITHOUT_OFFSETS, fields_of
from inspector.formats.lines import Cut, Lines, lines, mark_cut
from inspector.formats.mapping import MAPPED, RowMapping
from inspector.formats.rows import TableRows, each_once
from inspector.formats.text_encoding import WIDE, AsUtf8, encoding_of

MOST_ROW_BYTES = 64 * 1024 * 1024
"""A quote that is not closed within so much is no quote."""
_NOT_CLOSED = "a quote that is opened here is not closed"
_MOST_LINES = 100
"""Behind a quote that is not closed, a row takes no more: to look for the end of each would take for ever."""
_NAMED = (".csv", ".tsv", ".tab", ".psv")
_LOOKED_AT = 100
csv.field_size_limit(2 * MOST_ROW_BYTES)


class CsvTable:
    """Delimited text with or without a head."""

    name = "csv"
    title = "CSV"
    loses = "CSV has no types: every column is text, and an empty cell may have been null. It has no offsets unless a column holds them."
    proves = WITHOUT_OFFSETS
    is_random_access = False
    takes = (*MAPPED, "delimiter", "quote", "header", "encoding")

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good where the first lines have the same number of cells, more than one."""
        encoding = encoding_of(sample.head, is_whole=sample.is_whole)
        text = sample.head.decode(encoding, errors="replace")
        dialect = dialect_of(text, is_whole=sample.is_whole)
        is_named = sample.name.lower().endswith(_NAMED)
        if dialect is None and not is_named:
            return []
        dialect = dialect or Dialect(",", '"', has_header=True, share=0.5, columns=1)
        rows = _first_rows(text, dialect)
        is_table = dialect.has_header and dialect.share == 1 and dialect.columns > 2 and len(rows) > 2
        base = 0.35 * dialect.share + (0.3 if is_named else 0.0) + (0.1 if dialect.columns > 2 else 0.0) + 0.08 * is_table
        base = max(base, 0.55) if is_named else base
        said: dict[str, object] = {**dialect.settings(), "encoding": encoding}
        why = f"{dialect.columns} columns between {dialect.words()}" + ("" if encoding.startswith("utf") else f", read as {encoding}")
        found = [_with(guess, said) for guess in library.guesses(sample, self.name, base, lambda place: None if place else rows, why)]
        fields, notes = fields_of(rows, rows.ordered())
        said = {**said, "fields": fields} if fields else said
        loses = f"{self.loses} {GUESSED}" if fields else ""
        return [*found, Guess(base, why, said, library.questions_of(rows, said), loses=loses, columns=rows.ordered(), notes=notes)]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        mapping = RowMapping(settings, source.name)
        encoding = str(settings.get("encoding") or "utf-8")
        stream = cast("IO[bytes]", io.BufferedReader(AsUtf8(source.stream, encoding), 1 << 20)) if encoding in WIDE else source.stream
        source = Input(source.name, stream, source.path, source.stop, source.size_bytes)
        reading = _Reading(mapping, Dialect.of(settings), "utf-8" if encoding in WIDE else encoding, is_exact=encoding not in WIDE)
        if encoding == "cp1252":
            mapping.notes.append("it is no UTF-8: its text is read as Windows-1252, which is a guess (--set encoding=NAME)")
        reading.guarded = str(settings.get("guarded") or "")
        for part in (part for block in lines(source) for part in reading.parts(block)):
            if records := reading.records(part):
                yield Chunk(records, mapping.places, notes=mapping.notes, tallies=mapping.tallies)
            if reading.made > max(FREE_BYTES, MOST_EXPANSION * part.start):
                raise DamagedInput(part.start, "it becomes far larger than it is, as bombs do: its head is repeated in each row")
        if records := reading.rest():
            yield Chunk(records, mapping.places, notes=mapping.notes, tallies=mapping.tallies)


def _with(guess: Guess, said: Settings) -> Guess:
    """A descriptor's guess with what was found out of the dialect."""
    from dataclasses import replace

    return replace(guess, settings={**said, **guess.settings})


def _first_rows(text: str, dialect: Dialect) -> TableRows:
    """The rows of a sample that are whole and have as many cells as the first."""
    found: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), **dialect.options()):
            found.append(row)
            if len(found) > _LOOKED_AT:
                break
    except csv.Error:
        pass
    found = [row for row in found if row]
    names = named(found[0] if found else [], has_header=dialect.has_header)
    body = [row for row in found[1 if dialect.has_header else 0 :] if len(row) == len(names)]
    return TableRows({name: [row[at] for row in body] for at, name in enumerate(names)}, len(body))


def named(first: Sequence[str], *, has_header: bool) -> list[str]:
    """What columns are called: as the head says, each name once; else `column1` and so on."""
    if not has_header:
        return [f"column{number}" for number in range(1, len(first) + 1)]
    return each_once([name.strip() or f"column{number}" for number, name in enumerate(first, 1)])


@dataclass(slots=True)
class _Row:
    """Cells, and where they stand."""

    line: int
    start: int
    raw: bytes
    cells: list[str] = field(default_factory=list)
    why: str = ""
    cut: Cut | None = None


class _Reading:
    """The rows of one file: `records` takes its lines block by block, `rest` gives what waits for a quote that never comes."""

    def __init__(self, mapping: RowMapping, dialect: Dialect, encoding: str, *, is_exact: bool) -> None:
        self._mapping, self._dialect, self._encoding, self._is_exact = mapping, dialect, encoding, is_exact
        self._names: list[str] | None = None
        self._number = 1
        self.guarded = ""
        """The column that names the row's columns whose cell begins with an apostrophe which is not its own."""
        self.made = 0
        """So many characters of names were repeated."""
        self._waiting: list[bytes] = []
        self._line, self._start = 1, 0
        """Of the first line that waits."""

    def parts(self, block: Lines) -> Iterator[Lines]:
        """A block in parts so small that the head, which each row repeats, does not take too much."""
        at = 0
        while at < len(block.texts):
            each = sum(map(len, self._names or ()))
            count = len(block.texts) if block.cut else max(1, CHUNK_BYTES // max(1, each)) if self._names else 1
            texts = block.texts[at : at + count]
            yield block if len(texts) == len(block.texts) else Lines(block.first + at, block.start_of(at), texts)
            self.made += each * len(texts)
            at += count

    def records(self, block: Lines) -> RecordBatch | None:
        """The rows that are whole with this block's lines."""
        if not self._waiting:
            self._line, self._start = block.first, block.start
        texts = [*self._waiting, *block.texts]
        if block.cut:
            return self._taken(self._of_long(texts, block.cut.get(0)))
        rows, used = self._rows(texts, is_end=False)
        self._waiting = texts[used:]
        self._advance(texts[:used])
        if sum(map(len, self._waiting)) > MOST_ROW_BYTES:
            more = self._given_up()
            return self._taken([*rows, *more])
        return self._taken(rows)

    def rest(self) -> RecordBatch | None:
        """The rows of the lines that wait."""
        return self._taken(self._given_up()) if self._waiting else None

    def _advance(self, used: Sequence[bytes]) -> None:
        self._line += len(used)
        self._start += sum(map(len, used)) + len(used)

    def _of_long(self, texts: list[bytes], cut: Cut | None) -> list[_Row]:
        """Lines of which the last one was too long to keep."""
        rows, used = self._rows(texts[:-1], is_end=True)
        self._advance(texts[:used])
        rows.append(_Row(self._line, self._start, texts[-1], why="too long", cut=cut))
        self._line, self._start = self._line + 1, self._start + (cut.size_bytes if cut else len(texts[-1])) + 1
        self._waiting = []
        return rows

    def _given_up(self) -> list[_Row]:
        """A quote is not closed: the line it opens on is damaged, and those behind it are read for themselves."""
        rows: list[_Row] = []
        while self._waiting:
            found, used = self._rows(self._waiting, is_end=True)
            self._advance(self._waiting[:used])
            self._waiting = self._waiting[used:]
            rows += found
        return rows

    def _rows(self, texts: Sequence[bytes], *, is_end: bool) -> tuple[list[_Row], int]:
        """The rows that are whole in these lines, and how many lines they take."""
        try:
            letters = [text.decode(self._encoding) for text in texts]
            cells = list(csv.reader(letters, **self._dialect.options()))
            if len(cells) == len(texts):
                return self._plain(texts, cells), len(texts)
        except (UnicodeDecodeError, csv.Error):
            pass
        return self._one_by_one(texts, is_end=is_end)

    def _plain(self, texts: Sequence[bytes], cells: Sequence[list[str]]) -> list[_Row]:
        """A row a line."""
        rows = []
        at = self._start
        for number, (text, row) in enumerate(zip(texts, cells, strict=True), self._line):
            if row:
                rows.append(_Row(number, at, text, row))
            at += len(text) + 1
        return rows

    def _one_by_one(self, texts: Sequence[bytes], *, is_end: bool) -> tuple[list[_Row], int]:
        rows: list[_Row] = []
        first, start, most = 0, self._start, len(texts)
        while first < len(texts):
            row, used = self._row(texts[: first + most] if most < len(texts) else texts, first, start, is_end=is_end)
            if row is None:
                return rows, first
            if row.why == _NOT_CLOSED:
                most = _MOST_LINES
            if row.cells or row.why:
                rows.append(row)
            first, start = first + used, start + sum(map(len, texts[first : first + used])) + used
        return rows, first

    def _row(self, texts: Sequence[bytes], first: int, start: int, *, is_end: bool) -> tuple[_Row | None, int]:
        """The row that begins on a line, and its number of lines; None where it goes on behind the last one."""
        line = self._line + first
        one = _Row(line, start, texts[first])
        fed = _Fed(texts, first, self._encoding)
        try:
            one.cells = next(csv.reader(fed, **self._dialect.options()), [])
            one.raw = b"\n".join(texts[first : fed.at])
            return one, max(1, fed.at - first)
        except UnicodeDecodeError as error:
            one.why = f"not {self._encoding.upper()} at byte {error.start} of the line"
        except csv.Error as error:
            if "unexpected end" not in str(error):
                one.why = f"a quote or a delimiter is out of place ({error})"
            elif not is_end:
                return None, 0
            else:
                one.why = _NOT_CLOSED
        return one, 1

    def _taken(self, rows: Sequence[_Row]) -> RecordBatch | None:
        """Rows as records; the first one of all may be the head."""
        rows = list(rows)
        if self._names is None and rows:
            first = rows[0].cells or ["value"]
            if first and first[0].startswith("\ufeff"):
                first[0] = first[0].removeprefix("\ufeff")
            self._names = named(first, has_header=self._dialect.has_header)
            rows = rows[1:] if self._dialect.has_header and rows[0].cells else rows
        if not rows or self._names is None:
            return None
        width, whys = len(self._names), dict[int, str]()
        for number, row in enumerate(rows):
            if row.why or len(row.cells) != width:
                whys[number] = self._place(row) + (row.why or f"{len(row.cells):,} cells, not {width:,} as in the head")
                row.cells = [""] * width
        if self.guarded in self._names:
            _bare(rows, self._names, self._names.index(self.guarded))
        columns = dict(zip(self._names, map(list, zip(*(row.cells for row in rows), strict=True)), strict=True))
        table = _Table(columns, len(rows), whys)
        table.raw = {number: rows[number].raw for number in whys}
        records = self._mapping.records(table, self._number)
        for number, row in enumerate(rows):
            if row.cut is not None:
                mark_cut(records, number, row.cut)
        self._number += len(rows)
        return records

    def _place(self, row: _Row) -> str:
        return f"line {row.line:,}, byte {row.start:,}: " if self._is_exact else f"line {row.line:,}: "


def _bare(rows: Sequence[_Row], names: Sequence[str], guarded: int) -> None:
    """Takes off the apostrophes that an export put before cells which a spreadsheet would take for formulas."""
    places = {name: place for place, name in enumerate(names)}
    for row in rows:
        for name in row.cells[guarded].split():
            if (place := places.get(name)) is not None:
                row.cells[place] = row.cells[place].removeprefix("'")


class _Table(TableRows):
    """Rows of which some are damaged: these have their own bytes."""

    raw: dict[int, bytes]

    def texts(self) -> Sequence[bytes]:
        """See `Rows`."""
        if not self.raw:
            return super().texts()
        texts = list(super().texts())
        for row, text in self.raw.items():
            texts[row] = text
        return texts


class _Fed:
    """Lines given to the parser one by one, so that how many a row takes is known."""

    def __init__(self, texts: Sequence[bytes], at: int, encoding: str) -> None:
        self._texts, self.at, self._encoding = texts, at, encoding

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= len(self._texts):
            raise StopIteration
        self.at += 1
        return self._texts[self.at - 1].decode(self._encoding) + "\n"
