"""The text of a schema or of a shape as it is shown, and what differs between two of them. No Qt; runs on a worker thread.

Read `version_rows` for the rows these are of.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass

from app.models.version_rows import VersionRow
from inspector.capture.reader import CaptureReader
from inspector.capture.versions import schema_text
from inspector.text import visible_lines

MOST_CHARACTERS = 256 * 1024
"""A longer text is cut on the screen, and not compared."""
_MOST_LINES = 6_000
_CONTEXT_LINES = 3


@dataclass(frozen=True, slots=True)
class Text:
    """What stands in the text pane: `title` above it; `written` is the text as it is copied."""

    title: str
    lines: str = ""
    written: str = ""
    note: str = ""
    is_diff: bool = False


def text_of(reader: CaptureReader, row: VersionRow) -> Text:
    """The text of one row; words where it has none."""
    if row.shape is not None:
        listed = "\n".join(row.shape.places)
        parts = [*(f"+ {line}" for line in row.shape.added), *(f"- {line}" for line in row.shape.missing)]
        differs = ("against the most used shape:\n" + "\n".join(parts) + "\n\nall of it:\n") if parts else ""
        return Text(row.cells[0], visible_lines(differs + listed), listed, row.cells[1], is_diff=bool(parts))
    known = row.schema
    if known is None:
        return Text(row.cells[0], note=_no_text(row))
    if known.is_missing:
        return Text(known.label, note=f"missing: {known.error}" if known.error else "missing")
    written = schema_text(reader, known.id, MOST_CHARACTERS) or ""
    is_cut = (known.characters or 0) > len(written)
    note = f"its first {len(written):,} of {known.characters:,} characters" if is_cut else f"{known.characters:,} characters"
    return Text(known.label, visible_lines(written if is_cut else laid_out(written)), written, note)


def _no_text(row: VersionRow) -> str:
    if row.kind == "version":
        return "its events say this version and name no schema"
    return "choose a version for its text, two of them for what differs" if row.kind == "type" else ""


def difference(reader: CaptureReader, older: VersionRow, newer: VersionRow) -> Text:
    """What changed from one row's text to the other's, as a unified diff."""
    title = f"{older.cells[0]} → {newer.cells[0]}"
    one, two = text_of(reader, older), text_of(reader, newer)
    before, after = _lines(one, older), _lines(two, newer)
    is_large = max(len(one.written), len(two.written)) >= MOST_CHARACTERS or max(len(before), len(after)) > _MOST_LINES
    if is_large:
        return Text(title, note="too long to be compared here: copy both texts")
    # a name in the heading would be a line of the log's; the title has both
    found = list(difflib.unified_diff(before, after, "before", "after", lineterm="", n=_CONTEXT_LINES))
    added, removed = (sum(line.startswith(sign) and not line.startswith(sign * 3) for line in found) for sign in "+-")
    note = f"{added:,} line{'' if added == 1 else 's'} added, {removed:,} removed" if found else "the same text"
    lines = "\n".join(found[2:])
    return Text(title, lines, lines, note, is_diff=True)


def _lines(text: Text, row: VersionRow) -> list[str]:
    return visible_lines(text.written if row.shape is not None else laid_out(text.written)).split("\n")


def laid_out(text: str) -> str:
    """JSON with a line for every field, a Protobuf descriptor as .proto text, so that it can be read and compared; any other as it is."""
    if not text.lstrip().startswith(("{", "[")):
        from inspector.schemas.protobuf_text import readable  # noqa: PLC0415 - the window starts without Protobuf

        return readable(text)
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
