"""JSON lines: one document a line, each an event of the file's own log at its line number. The bytes of the line are the value.

Knows no fields: what a document means is for identity rules, and lines that are records of a Kafka tool for `descriptor`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings
from inspector.formats.lines import Lines, lines, mark_cut

_ENOUGH = 0.6
_NAMED = (".jsonl", ".ndjson", ".jsonlines")


class JsonLines:
    """One JSON document a line; a line that is none is an undecodable event at its number."""

    name = "json-lines"
    title = "JSON lines"
    loses = "JSON lines have no offsets: the position is the line's number. What stood between two lines, or was left out, cannot be told."
    proves = "It proves what stands in the file, not that the file is complete."
    is_random_access = False

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for a file whose first lines are objects or arrays."""
        found = sample.lines()
        good = sum(map(_is_document, found))
        if not found or not good:
            return []
        share = good / len(found)
        score = 0.55 * share + (0.25 if sample.name.lower().endswith(_NAMED) else 0.0) + (0.1 if len(found) > 1 else -0.1)
        why = f"{good} of the first {len(found)} lines are JSON documents"
        return [Guess(score, why, {"decoder": "json"})] if share >= _ENOUGH or score > _ENOUGH else []

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        del settings
        for block in lines(source):
            yield Chunk(_records(block))


def _is_document(line: bytes) -> bool:
    if line[:1] not in {b"{", b"["}:
        return False
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True


def _records(block: Lines) -> RecordBatch:
    texts = [text.removesuffix(b"\r") for text in block.texts]
    numbers = range(block.first, block.first + len(texts))
    if not all(texts):
        kept = [(number, text) for number, text in zip(numbers, texts, strict=True) if text.strip()]
        numbers, texts = [number for number, _ in kept], [text for _, text in kept]  # type: ignore[assignment]
    count = len(texts)
    records = RecordBatch(
        log=[0] * count,
        position=list(numbers),
        time_us=[None] * count,
        time_kind=[0] * count,
        key=[None] * count,
        value=list(texts),
        headers=[None] * count,
    )
    for row, cut in block.cut.items():
        mark_cut(records, row, cut)
    return records
