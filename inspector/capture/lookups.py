"""Events found through an index instead of looking at all: by stream, and by what fields were indexed. No Qt.

What is found may match; whether it does is still asked of the filter. Read `listing` for the use, `fields` for indexed fields.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import orjson

from inspector.capture.condition import Lookup
from inspector.capture.looking import Numbers
from inspector.capture.reader import CaptureReader, Watermark

MOST = 200_000
"""So many events are looked at one by one at most; a filter that leaves more is quicker asked of all in turn."""
STREAMS = (
    "SELECT id FROM stream WHERE source_id IN (SELECT id FROM source) AND category_id IN (SELECT id FROM category) "
    "AND name IN (SELECT value FROM json_each(?))"
)
"""By the unique index on source, category and name."""
STREAM_SEQS = "SELECT json_group_array(seq) FROM (SELECT seq FROM event_stream WHERE stream_id = ?1 AND seq BETWEEN ?2 AND ?3 LIMIT ?4)"


def candidates(reader: CaptureReader, lookups: Sequence[Lookup], mark: Watermark) -> Numbers | None:
    """The numbers, ascending, of all events up to `mark` that may fulfil `lookups`; None when no index says so, or too many do."""
    for lookup in lookups:
        if lookup.field == "stream":
            found = _of_streams(reader, lookup, mark)
            if found is not None:
                return found
    return None


def _of_streams(reader: CaptureReader, lookup: Lookup, mark: Watermark) -> Numbers | None:
    names = orjson.dumps([value for value in lookup.values if isinstance(value, str)]).decode()
    parts: list[Numbers] = []
    room = MOST
    for (stream_id,) in reader.select(STREAMS, (names,)):
        ((text,),) = reader.select(STREAM_SEQS, (stream_id, mark.first_seq, mark.last_seq, room + 1))
        parts.append(np.array(orjson.loads(text), dtype=np.int64))
        room -= len(parts[-1])
        if room < 0:
            return None
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)
