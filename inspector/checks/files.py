"""Files that were not read whole, and stretches of bytes that could not be read. Read-only.

Read `undecodable` for rows that could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from inspector.capture.inputs import inputs
from inspector.checks import Finding, Look, Severity

_MOST_SAID = 3


class Files:
    """Imported files of which a part is not here."""

    name = "files"
    title = "Files that were not read whole"
    assumes = "a file holds rows from its first byte to its last"
    legal = "the file may have been cut off when it was copied, and another copy of it may be whole"

    def run(self, look: Look) -> Iterator[Finding]:
        """One finding per file."""
        for noted in inputs(look.reader):
            look.step()
            file = noted.file
            if file.gaps:
                spans = [f"bytes {gap.start:,} to {'the end' if gap.end is None else f'{gap.end:,}'}: {gap.reason}" for gap in file.gaps]
                more = f"; and {len(spans) - _MOST_SAID:,} more" if len(spans) > _MOST_SAID else ""
                text = f"{file.name}: {'; '.join(spans[:_MOST_SAID])}{more}"
                yield Finding(self.name, Severity.warning, text, len(spans))
            elif not file.is_whole:
                text = f"{file.name} was not read to its end, or changed while it was read: {file.rows:,} rows of it are here"
                yield Finding(self.name, Severity.warning, text)
