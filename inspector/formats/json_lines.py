"""JSON lines: one document a line, each an event of the file's own log at its line number. The bytes of the line are the value.

Knows no fields: what a document means is for identity rules, and which lines are records of a tool for `library`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings, library
from inspector.formats.generic import GUESSED, WITHOUT_OFFSETS, Found, fields_of
from inspector.formats.lines import Lines, lines, mark_cut
from inspector.formats.mapping import MAPPED, RowMapping
from inspector.formats.rows import JsonRows

_ENOUGH = 0.6
_NAMED = (".jsonl", ".ndjson", ".jsonlines")


class JsonLines:
    """One JSON document a line; a line that is none is an undecodable event at its number."""

    name = "json-lines"
    title = "JSON lines"
    loses = "JSON lines have no offsets: the position is the line's number. What stood between two lines, or was left out, cannot be told."
    proves = WITHOUT_OFFSETS
    is_random_access = False
    takes = MAPPED

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for a file whose first lines are objects or arrays."""
        found = sample.lines()
        good = [line for line in found if _is_document(line)]
        if not good:
            return []
        share = (len(good) + found.count(b"null")) / len(found)
        score = 0.55 * share + (0.2 if sample.name.lower().endswith(_NAMED) else 0.0) + (0.1 if len(found) > 1 else -0.1)
        why = f"{len(good)} of the first {len(found)} lines are JSON documents"
        if share < _ENOUGH and score <= _ENOUGH:
            return []
        rows = JsonRows(good)
        guesses = list(library.guesses(sample, self.name, score, lambda place: None if place else rows, why))
        guessed = fields_of(rows, sorted(rows.names())) if len(found) > 1 else Found({})
        columns, notes = rows.ordered(), guessed.as_documents
        if "position" in guessed.fields:
            said: dict[str, object] = {"fields": guessed.fields}
            asked = library.questions_of(rows, said)
            guesses.append(Guess(score + 0.05, f"{why}, with offsets", said, asked, loses=GUESSED, columns=columns, notes=notes))
        return [*guesses, Guess(score, why, {"decoder": "json"}, columns=columns, notes=notes)]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        mapping = RowMapping(settings, source.name)
        for block in lines(source):
            yield Chunk(_records(block, mapping), mapping.places, notes=mapping.notes, tallies=mapping.tallies)


def _is_document(line: bytes) -> bool:
    if line[:1] not in {b"{", b"["}:
        return False
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True


def _records(block: Lines, mapping: RowMapping) -> RecordBatch:
    """The lines of a block that are not empty."""
    texts = [text.removesuffix(b"\r") for text in block.texts] if any(text.endswith(b"\r") for text in block.texts) else block.texts
    rows: Sequence[int] = range(len(texts))
    if not all(texts):
        rows = [row for row, text in enumerate(texts) if text.strip()]
        texts = [texts[row] for row in rows]
    if not mapping.is_plain:
        rows_read = JsonRows(texts)
        for row, why in rows_read.whys.items():
            rows_read.whys[row] = f"line {block.first + rows[row]:,}, byte {block.start_of(rows[row]):,}: {why}"
        records = mapping.records(rows_read, block.first)
    else:
        records = mapping.plain(texts, block.first, {})
    if not isinstance(rows, range):  # the number of a line counts the empty ones
        for place, row in enumerate(rows):
            if not mapping.places[records.log[place]].is_claimed:
                records.position[place] = block.first + row
    for row, cut in block.cut.items():
        mark_cut(records, row, cut)
    return records
