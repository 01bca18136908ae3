"""XML files: one event, whose value is the file as it stands; a decoder reads it without expanding any entity. Knows no element.

Read `decoders.xml_text` for what becomes of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from inspector.event import RecordBatch
from inspector.formats import Chunk, Guess, Input, Sample, Settings
from inspector.formats.lines import KEPT_BYTES, MOST_LINE_BYTES, Cut, mark_cut

_READ_BYTES = 1 << 20
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml\s|!DOCTYPE\s|[A-Za-z_][\w.:-]*[\s>/])")


class XmlFile:
    """A whole XML document."""

    name = "xml"
    title = "XML"
    loses = "An XML file is one event: which of its elements are events is not told."
    proves = "It proves what stands in the file, not that nothing was left out of it."
    is_random_access = False
    takes: tuple[str, ...] = ()

    def guesses(self, sample: Sample) -> Sequence[Guess]:
        """Good for what begins with a tag and is called so, or says that it is XML."""
        if _BEGINS.match(sample.head) is None:
            return []
        is_said = b"<?xml" in sample.head[:10] or sample.name.lower().endswith(".xml")
        return [Guess(0.8 if is_said else 0.3, "it begins with a tag", {"decoder": "xml"})]

    def read(self, source: Input, settings: Settings) -> Iterator[Chunk]:
        """See `formats.Format`."""
        del settings
        parts, size, digest = [], 0, hashlib.sha256()
        while not source.stop.is_set() and (block := source.stream.read(_READ_BYTES)):
            size += len(block)
            digest.update(block)
            if size <= MOST_LINE_BYTES:
                parts.append(block)
        is_cut = size > MOST_LINE_BYTES
        value = b"".join(parts[: KEPT_BYTES // _READ_BYTES] if is_cut else parts)
        records = RecordBatch([0], [1], [None], [0], [None], [value], [None])
        if is_cut:
            mark_cut(records, 0, Cut(size, digest.hexdigest()))
        yield Chunk(records)
