"""What sources say of themselves, as it is noted: a new row for each change, and how far consumers are as samples too. SQL only.

Read `schema.claim` for the table, `sources.claims` for what is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import apsw

from inspector.capture import samples
from inspector.capture.reader import CaptureReader
from inspector.sources.claims import Claim, ClaimKind
from inspector.sources.samples import COMMITTED, LAG_POSITIONS, LOG_END, Sample, label_of

_LATEST = """
SELECT id, value, "row" FROM claim
WHERE source_id = ? AND kind = ? AND store_table = ? AND log = ? AND category = ? AND name = ? ORDER BY id DESC LIMIT 1
"""
_SEEN = "UPDATE claim SET last_us = ?, log_end = ?, run_id = ? WHERE id = ?"
_NEW = """
INSERT INTO claim (source_id, kind, store_table, log, category, name, run_id, log_end, value, time_us, first_us, last_us, "row")
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def note(
    connection: apsw.Connection, source_id: int, run_id: int, said: Sequence[Claim], now_us: int, measured: Iterable[Sample] = ()
) -> None:
    """Notes each claim at `now_us`, or that it is still the same, and what was measured besides."""
    for claim in said:
        place = (source_id, str(claim.kind), claim.table, claim.log, claim.category, claim.name)
        latest = connection.execute(_LATEST, place).fetchone()
        if latest is not None and latest[1:] == (claim.value, claim.row):
            connection.execute(_SEEN, (now_us, claim.log_end, run_id, latest[0]))
        else:
            connection.execute(_NEW, (*place, run_id, claim.log_end, claim.value, claim.time_us, now_us, now_us, claim.row))
    samples.note(connection, source_id, [*measured, *(sample for claim in said for sample in _samples(claim, now_us))])


_HAS_CLAIMS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'claim'"
_PARTIAL = (
    "SELECT source_id, store_table, name, log, category FROM claim WHERE kind = 'checkpoint' AND category <> '' "
    "GROUP BY 1, 2, 3, 4, 5 ORDER BY min(id)"
)


def partial_consumers(reader: CaptureReader) -> list[tuple[int, Claim]]:
    """The consumers that read one category of a log, with the number of their source, and without how far they are: samples say that.

    Raises CaptureError when the file is damaged.
    """
    rows = reader.select(_PARTIAL) if reader.select(_HAS_CLAIMS) else []
    return [(number, Claim(ClaimKind.checkpoint, table, name, None, log, category=category)) for number, table, name, log, category in rows]


def _samples(claim: Claim, now_us: int) -> Iterator[Sample]:
    """A checkpoint as what is kept of a consumer of any kind: the next position that it reads."""
    if claim.kind is not ClaimKind.checkpoint or claim.value is None:
        return
    label, following = label_of(claim.name, claim.log, 0), (claim.value if claim.reached is None else claim.reached) + 1
    yield Sample(COMMITTED, label, now_us, following)
    if claim.log_end is not None:
        yield Sample(LOG_END, label_of(claim.log, 0), now_us, claim.log_end)
        yield Sample(LAG_POSITIONS, label, now_us, max(0, claim.log_end - following))
